import errno
import json
import os
import time

import numpy as np
import pytest
from filelock import FileLock

from core.files import read_json, write_json
from core.jobs import request as requests
from core.jobs import runs as asking
from core.jobs.folder import runs_in, unfinished_in
from core.jobs.progress import State, read_progress
from core.jobs.request import LARGEST_KEPT_BYTES, Request, read_request
from core.jobs.runs import (
    continue_training,
    delete_training,
    pause_training,
    rename_training,
    start_training,
    stop_training,
    sweep,
)
from core.maps.inverse_map import load_inverse_map
from tests.core.jobs.conftest import LONG, SHORT, asked
from tests.dashboard.conftest import write_map


def trained(runs, name="mine"):
    """Leave an ended training with a map, and return its folder."""
    folder = asked(runs, name)
    write_map(folder, name)
    write_json(folder / "outcome.json", {"state": "finished", "message": ""})
    (folder / "log.txt").write_text("a line\n")
    return folder


def test_a_new_training_waits_with_its_request(runs):
    folder = asked(runs, "my map", expected=30.0)
    assert read_json(folder / "request.json") == {
        "name": "my map", "epochs": 3, "recipe": json.loads(json.dumps(SHORT)), "owner": "me", "expected_seconds": 30.0,
    }  # fmt: skip
    assert read_progress(folder).state is State.WAITING
    assert list(runs.iterdir()) == [folder]


def test_a_request_is_read_once_until_its_file_changes(runs, monkeypatch):
    """A large one, as a stranger's archive may bring, is not kept."""
    read = []
    monkeypatch.setattr(requests, "read_json", lambda path: read.append(path) or read_json(path))
    folder = asked(runs)
    assert [read_request(folder).owner for _ in range(3)] == ["me"] * 3
    assert len(read) == 1
    Request("mine", 3, SHORT, "somebody else").save(folder)
    assert [read_request(folder).owner for _ in range(3)] == ["somebody else"] * 3
    assert len(read) == 2
    Request("mine", 3, {"long": "x" * LARGEST_KEPT_BYTES}).save(folder)
    assert [read_request(folder).owner for _ in range(3)] == [""] * 3
    assert len(read) == 5


def test_two_clicks_make_one_training(runs):
    """Asked for again after it has ended, by somebody else, or by another recipe, its name is taken."""
    folder = asked(runs)
    assert asked(runs) == folder
    for change in ({"owner": "somebody else"}, {"recipe": LONG}):
        with pytest.raises(ValueError, match=r"already a training called 'mine'"):
            asked(runs, **change)
    write_json(folder / "outcome.json", {"state": "failed", "message": ""})
    with pytest.raises(ValueError, match=r"already a training called 'mine'"):
        asked(runs)


def test_a_later_training_comes_later_though_the_clock_was_set_back(runs, monkeypatch):
    asked(runs, "first")
    monkeypatch.setattr(time, "time_ns", lambda: 1_000_000_000)
    for name in ("second", "third"):
        asked(runs, name)
    assert [folder.name for folder in unfinished_in(runs)] == ["first", "second", "third"]


def test_a_taken_name_is_refused(runs):
    (runs / "taken").mkdir()
    with pytest.raises(ValueError, match="already a training called 'taken'"):
        asked(runs, "taken")


@pytest.mark.parametrize("name", ["", ".", "..", "../out", "a/b", "a\\b", "a\nb", "a" * 41, " a", "-a", "a:b"])
def test_an_unfit_name_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match="at most 40 letters"):
        asked(tmp_path / "runs", name)
    assert not (tmp_path / "runs").exists()
    folder = trained(tmp_path / "other")
    with pytest.raises(ValueError, match="at most 40 letters"):
        rename_training(folder, name)


@pytest.mark.parametrize(
    "name",
    ["request", "Progress", "outcome", "weights", "epochs", "predictions", "log", "lock", "stop", "Checkpoint 2"],
)
def test_the_name_of_a_file_beside_the_map_is_refused(runs, name):
    with pytest.raises(ValueError, match="the name of a file beside it"):
        asked(runs, name)


@pytest.mark.parametrize(
    "recipe", [{}, None, {**SHORT, "seed": np.nan}, {**SHORT, "optimiser": {**SHORT["optimiser"], "epochs": 1.5}}]
)
def test_an_unfit_recipe_is_refused_and_leaves_no_folder(tmp_path, recipe):
    with pytest.raises(ValueError, match=r"recipe|seed|epochs|asked for"):
        start_training(tmp_path / "runs", Request("mine", 3, recipe))
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("name", ["replace", "fsync"])
def test_a_disk_that_refuses_at_the_start_leaves_no_folder(runs, monkeypatch, name):
    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, name, refuse)
    with pytest.raises(ValueError, match=r"^The disk that holds the folder runs is full: free some space\.$"):
        asked(runs)
    assert list(runs.iterdir()) == []


def test_stopping_ends_at_once_what_has_not_begun(runs):
    folder = asked(runs)
    stop_training(folder)
    progress = read_progress(folder)
    assert (progress.state, progress.message) == (
        State.STOPPED, "It had not ended its first epoch, so that there is no map.",
    )  # fmt: skip


def test_stopping_what_has_ended_leaves_it_as_it_is(runs):
    folder = trained(runs)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    stop_training(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert read_progress(folder).state is State.FINISHED


def test_stopping_asks_who_is_at_work(runs):
    folder = asked(runs)
    with FileLock(folder / "lock"):
        stop_training(folder)
        assert not (folder / "outcome.json").exists()
        assert (folder / "stop").exists()


def test_a_pause_lasts_until_the_training_is_to_go_on(runs):
    folder = asked(runs)
    write_json(folder / "progress.json", {"state": "running", "begun": 2})
    pause_training(folder)
    assert read_progress(folder).state is State.PAUSED
    continue_training(folder)
    assert (read_progress(folder).state, read_progress(folder).begun) == (State.WAITING, 0)


def test_a_failed_training_goes_on_and_one_with_a_map_does_not(runs):
    failed = asked(runs, "failed")
    write_json(failed / "progress.json", {"state": "running", "begun": 2})
    write_json(failed / "outcome.json", {"state": "failed", "message": "The disk is full."})
    continue_training(failed)
    assert read_progress(failed).state is State.WAITING
    with pytest.raises(ValueError, match="has its map: train another one"):
        continue_training(trained(runs))


def test_a_full_disk_at_a_wish_ends_in_a_sentence(runs, monkeypatch):
    folder = asked(runs)

    def touch(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pathlib.Path.touch", touch)
    for ask in (stop_training, pause_training):
        with pytest.raises(ValueError, match=r"^The training goes on. The disk that holds the folder mine is full"):
            ask(folder)


def test_a_renamed_training_is_the_same_under_another_name(runs):
    folder, later = trained(runs), asked(runs, "later")
    before = load_inverse_map(folder / "mine.safetensors").predict(np.zeros((1, 1000))).mean
    renamed = rename_training(folder, "yours")
    assert [each.name for each in runs_in(runs)] == [later.name, "yours"]
    assert sorted(path.name for path in renamed.iterdir()) == [
        "log.txt", "outcome.json", "request.json", "yours.json", "yours.safetensors",
    ]  # fmt: skip
    assert np.array_equal(load_inverse_map(renamed / "yours.safetensors").predict(np.zeros((1, 1000))).mean, before)
    assert read_json(renamed / "yours.json")["name"] == read_json(renamed / "request.json")["name"] == "yours"
    assert read_progress(renamed).state is State.FINISHED


def test_a_renamed_map_is_on_the_disk_before_the_old_one_goes(runs, monkeypatch):
    folder, synced = trained(runs), set()
    content, real = (folder / "mine.safetensors").read_bytes(), os.fsync

    def noted(handle):
        synced.add(os.fstat(handle).st_size)
        real(handle)

    monkeypatch.setattr(os, "fsync", noted)
    rename_training(folder, "yours")
    assert len(content) in synced


def test_a_disk_that_refuses_after_the_last_step_leaves_no_folder(runs, monkeypatch):
    def refuse(_folder):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(asking, "write_through", refuse)
    with pytest.raises(ValueError, match="disk"):
        asked(runs)
    assert list(runs.iterdir()) == []


def test_a_rename_that_is_cut_off_loses_nothing(runs, monkeypatch):
    """The training stands under its old name, its new one, or both."""
    calls = []
    for name in ("rename", "utime", "replace", "fsync"):
        real = getattr(os, name)

        def counted(*arguments, real=real, **named):
            calls.append(real)
            if len(calls) == cut:
                raise KeyboardInterrupt
            return real(*arguments, **named)

        monkeypatch.setattr(os, name, counted)
    for attempt in range(1, 60):
        cut = 0
        folder = trained(runs, f"run-{attempt}")
        calls.clear()
        cut = attempt
        try:
            rename_training(folder, f"named-{attempt}")
        except KeyboardInterrupt:
            cut = 0
        else:
            break
        maps = [runs / name / f"{name}.safetensors" for name in (f"run-{attempt}", f"named-{attempt}")]
        whole = [path for path in maps if path.exists()]
        assert whole, attempt
        for path in whole:
            load_inverse_map(path)
    assert attempt > 5


@pytest.mark.parametrize("act", [delete_training, lambda folder: rename_training(folder, "other")])
def test_what_has_not_ended_is_neither_deleted_nor_renamed(runs, act, monkeypatch):
    monkeypatch.setattr(asking, "CLEARING_SECONDS", 0.01)
    folder = asked(runs)
    with pytest.raises(ValueError, match=r"^The training 'mine' has not ended: stop it first\.$"):
        act(folder)
    write_json(folder / "outcome.json", {"state": "failed", "message": ""})
    with FileLock(folder / "lock"), pytest.raises(ValueError, match="has not ended: stop it first"):
        act(folder)
    assert [each.name for each in runs.iterdir()] == ["mine"]


def test_a_deleted_training_is_gone(runs):
    delete_training(trained(runs))
    assert list(runs.iterdir()) == []


def test_what_is_renamed_to_a_name_that_is_taken_stays(runs):
    folder = trained(runs)
    asked(runs, "taken")
    with pytest.raises(ValueError, match="already a training called 'taken'"):
        rename_training(folder, "taken")
    assert sorted(each.name for each in runs.iterdir()) == ["mine", "taken"]


def test_what_was_left_of_a_cut_is_swept_after_an_hour(runs):
    for name in (".new-1", ".old-1", ".new-2", "mine"):
        (runs / name).mkdir()
    for name in (".new-1", ".old-1", "mine"):
        os.utime(runs / name, (time.time() - 3700,) * 2)
    sweep(runs)
    assert sorted(each.name for each in runs.iterdir()) == [".new-2", "mine"]
