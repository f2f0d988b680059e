import os

from filelock import FileLock

from core.files import write_json
from core.jobs import folder


def write_run(folder):
    write_json(folder / "request.json", {"name": "old", "epochs": 5, "recipe": {}})


def test_runs_are_listed_by_age_whatever_else_lies_there(tmp_path):
    for i, name in enumerate(("old", "new", "a(b)", os.fsdecode(b"m\xff"), ".new-1")):
        (tmp_path / name).mkdir()
        write_run(tmp_path / name)
        os.utime(tmp_path / name / "request.json", (1_700_000_000 + i,) * 2)
    (tmp_path / "a file").write_text("")
    (tmp_path / "empty").mkdir()
    (tmp_path / "a link").symlink_to("nowhere")
    (tmp_path / "deep" / "request.json").mkdir(parents=True)
    assert [path.name for path in folder.runs_in(tmp_path)] == ["new", "old"]
    assert folder.runs_in(tmp_path / "nowhere") == ()


def test_those_that_have_not_ended_come_in_the_order_in_which_they_were_asked_for(tmp_path):
    for i, name in enumerate(("first", "with outcome", "with map", "last")):
        (tmp_path / name).mkdir()
        write_run(tmp_path / name)
        os.utime(tmp_path / name / "request.json", (1_700_000_000 + i,) * 2)
    (tmp_path / "with outcome" / "outcome.json").write_text("{}")
    (tmp_path / "with map" / "with map.safetensors").write_bytes(b"")
    assert [path.name for path in folder.unfinished_in(tmp_path)] == ["first", "last"]


def test_a_run_that_vanishes_while_it_is_listed_is_none(tmp_path, monkeypatch):
    (tmp_path / "there").mkdir()
    write_run(tmp_path / "there")
    monkeypatch.setattr("os.listdir", lambda _: ["there", "gone"])
    assert folder.runs_in(tmp_path) == (tmp_path / "there",)


def test_a_training_is_at_work_as_long_as_its_lock_is_held(tmp_path):
    assert not folder.is_at_work(tmp_path)
    with FileLock(tmp_path / "lock"):
        assert folder.is_at_work(tmp_path)
    assert not folder.is_at_work(tmp_path)


def test_who_is_asked_to_end_is_not_asked_to_pause(tmp_path):
    (tmp_path / "pause").touch()
    assert (folder.is_pausing(tmp_path), folder.is_stopping(tmp_path)) == (True, False)
    (tmp_path / "stop").touch()
    assert (folder.is_pausing(tmp_path), folder.is_stopping(tmp_path)) == (False, True)
