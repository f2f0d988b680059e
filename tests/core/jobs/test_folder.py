import os

import pytest

from core.files import write_json
from core.jobs import folder
from core.jobs.folder import State


def write_run(folder):
    write_json(folder / "request.json", {"name": "old", "epochs": 5, "recipe": {}})


@pytest.mark.parametrize("state", State)
def test_every_state_says_how_a_training_stands(state):
    sentence = state.sentence(done=3, epochs=12, seconds=6.0)
    assert sentence.endswith((".", "…"))
    assert state.active == (state in ("starting", "running", "finishing"))


def test_the_time_left_is_that_of_the_epochs_left_at_the_mean_speed():
    assert State.RUNNING.sentence(3, 12, 6.0) == "Epoch 3 of 12, about 18 s of them left."
    assert State.RUNNING.sentence(0, 12, 0.0) == "Epoch 0 of 12."


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
