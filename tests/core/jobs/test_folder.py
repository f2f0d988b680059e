import os

import pytest

from core.files import write_json
from core.jobs import folder
from core.jobs.folder import Progress, State, duration
from core.maps.stages import Stage


def write_run(folder):
    write_json(folder / "request.json", {"name": "old", "epochs": 5, "recipe": {}})


def progress(state, stage=None, **more):
    losses = (0.2, 0.1, 0.1)
    return Progress("mine", state, 12, losses, losses, 2, 6.0, stage=stage, **more)


@pytest.mark.parametrize("state", State)
def test_every_state_says_how_a_training_stands(state):
    assert progress(state).sentence.endswith(".")
    assert state.active == (state in ("starting", "running", "finishing"))


@pytest.mark.parametrize(
    ("state", "stage", "left", "sentence"),
    [
        ("starting", "simulate", None, "Simulating the training data."),
        ("running", "learn", 2789.0, "Learning, 3 of 12 epochs done, 46 min left."),
        ("finishing", "step", 12.4, "Learning the Gauss–Newton step, 12 s left."),
        ("finishing", "test", 0.4, "Testing the map, 0 s left."),
        ("finishing", None, None, "Finishing and testing the map."),
        ("finished", "test", 0.0, "The training is done after 3 epochs and 6 s."),
    ],
)
def test_a_training_at_work_says_its_stage_and_the_time_left(state, stage, left, sentence):
    stage = None if stage is None else Stage(stage)
    assert progress(State(state), stage, seconds_left=left).sentence == sentence


def test_times_have_the_unit_that_suits_them():
    assert [duration(seconds) for seconds in (0, 89, 90, 2789, 5399, 5400, 90_000)] == [
        "0 s", "89 s", "2 min", "46 min", "90 min", "2 h", "25 h",
    ]  # fmt: skip


def test_a_file_of_an_earlier_version_has_the_share_of_its_epochs(tmp_path):
    write_run(tmp_path)
    old = {"state": "running", "training_loss": [0.2], "validation_loss": [0.1], "best_epoch": 1, "seconds": 2.0}
    write_json(tmp_path / "progress.json", old)
    assert folder.recorded(tmp_path).share_done == 0.2
    write_json(tmp_path / "progress.json", {**old, "stage": "learn", "share": 0.07, "seconds_left": 9.5})
    found = folder.recorded(tmp_path)
    assert (found.stage, found.share_done, found.seconds_left) == (Stage.LEARN, 0.07, 9.5)
    for wrong in ({"stage": "rest"}, {"share": 1.5}, {"share": "much"}, {"seconds_left": -1.0}):
        write_json(tmp_path / "progress.json", {**old, **wrong})
        with pytest.raises(ValueError, match=r"No training writes such progress|is not a valid"):
            folder.recorded(tmp_path)


def test_runs_are_listed_by_age_whatever_else_lies_there(tmp_path):
    for i, name in enumerate(("old", "new", "a(b)", os.fsdecode(b"m\xff"))):
        (tmp_path / name).mkdir()
        write_run(tmp_path / name)
        os.utime(tmp_path / name / "request.json", (1_700_000_000 + i,) * 2)
    (tmp_path / "a file").write_text("")
    (tmp_path / "empty").mkdir()
    (tmp_path / "a link").symlink_to("nowhere")
    (tmp_path / "deep" / "request.json").mkdir(parents=True)
    assert [path.name for path in folder.runs_in(tmp_path)] == ["new", "old"]
    assert [path.name for path in folder.misnamed_in(tmp_path)] == [os.fsdecode(b"m\xff"), "a(b)"]
    assert folder.runs_in(tmp_path / "nowhere") == ()


def test_a_run_that_vanishes_while_it_is_listed_is_none(tmp_path, monkeypatch):
    (tmp_path / "there").mkdir()
    write_run(tmp_path / "there")
    monkeypatch.setattr("os.listdir", lambda _: ["there", "gone"])
    assert folder.runs_in(tmp_path) == (tmp_path / "there",)
