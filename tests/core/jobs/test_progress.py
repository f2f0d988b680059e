import errno
import os
import signal
import subprocess
import sys

import pytest
from filelock import FileLock

from core.files import write_json
from core.jobs import progress as reading
from core.jobs.epochs import Epoch, append_epoch
from core.jobs.progress import Progress, State, duration, read_progress
from core.maps.stages import Stage

EPOCH = Epoch(0.2, 0.1, 1, 2.0, 1e-3, 0.5, 100.0)


def write_run(folder, **progress):
    folder.mkdir(exist_ok=True)
    write_json(folder / "request.json", {"name": "old", "epochs": 5, "recipe": {}})
    write_json(folder / "progress.json", {"state": "running", "begun": 1, **progress})
    append_epoch(folder, EPOCH)


def in_state(state, stage=None, **more):
    return Progress("mine", state, 12, (EPOCH, EPOCH, Epoch(0.2, 0.1, 2, 6.0, 1e-3, 0.5, 100.0)), stage=stage, **more)


@pytest.mark.parametrize("state", State)
def test_every_state_says_how_a_training_stands(state):
    assert in_state(state).sentence.endswith(".")
    assert state.at_work == (state in ("starting", "running", "finishing"))
    assert state.ended == (state in ("finished", "stopped", "failed"))


@pytest.mark.parametrize(
    ("state", "stage", "left", "sentence"),
    [
        ("waiting", None, None, "The training waits for its turn."),
        ("starting", "simulate", None, "Simulating the training data."),
        ("running", "learn", 2789.0, "Learning, 3 of 12 epochs done, 46 min left."),
        ("finishing", "step", 12.4, "Learning the Gauss–Newton step, 12 s left."),
        ("finishing", "test", 0.4, "Testing the map, 0 s left."),
        ("finishing", "examine", 9.0, "Examining what the map states of its error, 9 s left."),
        ("finishing", None, None, "Finishing and testing the map."),
        ("paused", "learn", 9.0, "The training pauses after 3 epochs."),
        ("finished", "test", 0.0, "The training is done after 3 epochs and 6 s."),
    ],
)
def test_a_training_says_its_stage_and_the_time_left(state, stage, left, sentence):
    stage = None if stage is None else Stage(stage)
    assert in_state(State(state), stage, seconds_left=left).sentence == sentence


def test_times_have_the_unit_that_suits_them():
    assert [duration(seconds) for seconds in (0, 89, 90, 2789, 5399, 5400, 90_000)] == [
        "0 s", "89 s", "2 min", "46 min", "90 min", "2 h", "25 h",
    ]  # fmt: skip


def test_the_state_is_what_the_files_and_the_lock_say(tmp_path):
    folder = tmp_path / "mine"
    write_run(folder)
    assert read_progress(folder).state is State.WAITING
    assert read_progress(folder).sentence.startswith("Its process ended before its time")
    (folder / "pause").touch()
    assert read_progress(folder).state is State.PAUSED
    with FileLock(folder / "lock"):
        assert read_progress(folder).state is State.RUNNING
        write_json(folder / "progress.json", {"state": "finishing", "begun": 1, "stage": "step", "share": 0.7})
        found = read_progress(folder)
        assert (found.state, found.stage, found.share_done) == (State.FINISHING, Stage.STEP, 0.7)
        write_json(folder / "outcome.json", {"state": "failed", "message": "The prior diverges."})
        found = read_progress(folder)
    assert (found.state, found.message, found.training_loss, found.share_done) == (
        State.FAILED, "The prior diverges.", (0.2,), 1.0,
    )  # fmt: skip


@pytest.mark.parametrize(("epochs", "state"), [(1, "stopped"), (5, "finished")])
def test_a_map_without_an_outcome_counts_as_trained(tmp_path, epochs, state):
    folder = tmp_path / "mine"
    write_run(folder, state="finishing")
    for _ in range(epochs - 1):
        append_epoch(folder, EPOCH)
    (folder / "mine.safetensors").write_bytes(b"")
    assert read_progress(folder).state == state
    assert read_progress(folder).kept_epoch == 1


HOLD = """
import subprocess, sys
from filelock import FileLock
with FileLock(sys.argv[1]):
    child = subprocess.Popen(["sleep", "60"])
    print(child.pid, flush=True)
    sys.stdin.read()
"""


@pytest.mark.case("26")
def test_a_training_of_an_earlier_server_lives_as_long_as_its_process_alone(tmp_path, record_property):
    """Neither another process that has its number nor a child that it leaves counts."""
    write_run(tmp_path)
    write_json(tmp_path / "process.json", {"pid": os.getpid()})
    state = read_progress(tmp_path).state
    record_property("measured", state.value)
    assert state == "waiting"
    command = [sys.executable, "-c", HOLD, str(tmp_path / "lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        child = int(worker.stdout.readline())
        assert read_progress(tmp_path).state == "running"
        worker.kill()
        worker.wait()
        os.kill(child, 0)
        progress = read_progress(tmp_path)
        os.kill(child, signal.SIGKILL)
    assert progress.state == "waiting"
    assert progress.validation_loss == (0.1,)


def test_a_process_that_ends_while_its_progress_is_read_has_not_failed(tmp_path, monkeypatch):
    """Its outcome is on disk before it ends, so whoever sees it dead must see that outcome."""
    write_run(tmp_path)

    def finish_and_die(_):
        write_json(tmp_path / "outcome.json", {"state": "finished", "message": ""})
        return False

    monkeypatch.setattr(reading, "is_at_work", finish_and_die)
    assert read_progress(tmp_path).state == "finished"


def test_a_folder_without_a_training_ends_in_a_sentence(tmp_path):
    with pytest.raises(ValueError, match="no training in"):
        read_progress(tmp_path)


def test_a_folder_whose_lock_cannot_be_opened_says_so(tmp_path, monkeypatch):
    folder = tmp_path / "mine"
    write_run(folder)

    def refuse(_):
        raise PermissionError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(reading, "is_at_work", refuse)
    found = read_progress(folder)
    assert (found.state, found.message) == (State.FAILED, "The folder mine cannot be written to.")


REFUSED = "A file of the training mine is damaged: keep the map in its folder on the server, if any; delete the rest."


@pytest.mark.parametrize("file", ["request.json", "progress.json", "outcome.json"])
@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"[" * 100_000, b'{"a": NaN}', b'{"a": 1e999}', b"9" * 5000])
def test_what_is_no_json_object_ends_in_a_sentence(tmp_path, file, content):
    folder = tmp_path / "mine"
    write_run(folder)
    (folder / file).write_bytes(content)
    with pytest.raises(ValueError, match=f"^{REFUSED}$"):
        read_progress(folder)


@pytest.mark.parametrize(
    "content",
    [{"begun": -1}, {"begun": "1"}, {"stage": "rest"}, {"stage": []}, {"share": 1.5}, {"share": "much"},
     {"seconds_left": -1.0}, {"seconds_left": "long"}],
)  # fmt: skip
def test_progress_that_no_training_writes_ends_in_a_sentence(tmp_path, content):
    folder = tmp_path / "mine"
    write_run(folder)
    write_json(folder / "progress.json", {"state": "running", "begun": 1, **content})
    with pytest.raises(ValueError, match=f"^{REFUSED}$"):
        read_progress(folder)


@pytest.mark.parametrize("content", [{"state": "asleep"}, {"state": []}, {"message": 5}, {"message": "a" * 1000}, {}])
def test_an_outcome_that_no_training_writes_ends_in_a_sentence(tmp_path, content):
    folder = tmp_path / "mine"
    write_run(folder)
    valid = {"state": "failed", "message": ""} if content else {}
    write_json(folder / "outcome.json", {**valid, **content})
    with pytest.raises(ValueError, match=f"^{REFUSED}$"):
        read_progress(folder)


@pytest.mark.parametrize(
    "content",
    [{"name": 3}, {"epochs": 0}, {"epochs": "5"}, {"epochs": 10**30}, {"epochs": True}, {"owner": 5}, {"recipe": []},
     {"expected_seconds": -1}, {"expected_seconds": "long"}, {"more": 1}],
)  # fmt: skip
def test_requests_that_nobody_writes_end_in_a_sentence(tmp_path, content):
    folder = tmp_path / "mine"
    folder.mkdir()
    write_json(folder / "request.json", {"name": "mine", "epochs": 5, "recipe": {}, **content})
    with pytest.raises(ValueError, match=f"^{REFUSED}$"):
        read_progress(folder)
