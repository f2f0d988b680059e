"""The command that trains one map, and the lines of Python that the page shows: the weights of a queued training."""

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from filelock import FileLock
from safetensors.torch import load_file

from core.jobs import queue
from core.jobs.progress import State, read_progress
from core.jobs.request import Request
from core.jobs.runs import pause_training, start_training, stop_training
from core.learning.training_settings import Adam, Dense
from core.maps.inverse_map import PRETRAINED
from core.maps.recipe_file import recipe_as_json, recipe_from_json
from core.maps.recipes import best_recipe, point_recipe, published_task
from core.train import main, read_recipe, train_to
from dashboard.wording.take_home import command, recipe_text, snippet
from tests.core.jobs.conftest import LONG, ended, wait_for

ROOT = Path(__file__).resolve().parents[3]
RECIPE = point_recipe(published_task(), Dense((8,)), 100, Adam(2))


def run(arguments, folder):
    """Run Python with these arguments in a folder, from which the project's packages are found."""
    settings = {"PYTHONPATH": str(ROOT), "NUMBA_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env={**os.environ, **settings}, capture_output=True, text=True
    )


def test_command_and_lines_give_the_weights_of_the_queue(runs):
    folder = start_training(runs, Request("queued", 2, recipe_as_json(RECIPE)))
    queue.tend(runs, 1)
    (runs / "my map-recipe.json").write_text(recipe_text(RECIPE))
    python, *arguments = shlex.split(command("my map"))
    assert python == "python"
    by_command = run(arguments, runs)
    assert (by_command.returncode, by_command.stderr) == (0, "")
    by_lines = run(["-c", snippet("by lines", RECIPE)], runs)
    assert (by_lines.returncode, by_lines.stderr) == (0, "")
    assert by_lines.stdout.startswith("[[")
    wait_for(folder, ended)
    expected = load_file(folder / "queued.safetensors")
    for name in ("my map", "by lines"):
        found = load_file(runs / "runs" / name / f"{name}.safetensors")
        assert found.keys() == expected.keys()
        assert all(torch.equal(found[key], expected[key]) for key in expected)


def test_what_is_there_is_not_trained_again_and_never_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr("core.train._work", lambda _: pytest.fail("trained"))
    start_training(tmp_path, Request("mine", 2, recipe_as_json(RECIPE)))
    other = point_recipe(published_task(), Dense((8,)), 100, Adam(3))
    with pytest.raises(ValueError, match="There is already a training called 'mine', of another recipe"):
        train_to(tmp_path, "mine", other)
    with pytest.raises(ValueError, match="Name a map with at most 40 letters"):
        train_to(tmp_path, "../mine", RECIPE)
    best = (PRETRAINED / "best.safetensors").read_bytes()
    (tmp_path / "mine" / "mine.safetensors").write_bytes(best)
    (tmp_path / "mine" / "mine.json").write_bytes((PRETRAINED / "best.json").read_bytes())
    request = Request("mine", best_recipe().optimiser.epochs, recipe_as_json(best_recipe()))
    request.save(tmp_path / "mine")
    assert train_to(tmp_path, "mine", best_recipe()).name == "mine"


def test_a_training_that_was_stopped_without_a_map_or_is_at_work_elsewhere(tmp_path):
    folder = start_training(tmp_path, Request("mine", 2, recipe_as_json(RECIPE)))
    stop_training(folder)
    assert read_progress(folder).state.ended
    with (
        FileLock(folder / "lock"),
        pytest.raises(ValueError, match="Another process is at work on the training 'mine'"),
    ):
        train_to(tmp_path, "mine", RECIPE)


def test_a_folder_that_cannot_be_locked_ends_in_a_sentence(tmp_path):
    folder = start_training(tmp_path, Request("mine", 2, recipe_as_json(RECIPE)))
    (folder / "lock").mkdir()
    with pytest.raises(ValueError, match="The folder mine cannot be written to"):
        train_to(tmp_path, "mine", RECIPE)


def test_a_pause_that_was_asked_for_elsewhere_is_a_sentence(tmp_path, monkeypatch):
    start_training(tmp_path, Request("mine", 2, recipe_as_json(RECIPE)))
    monkeypatch.setattr("core.train._work", pause_training)
    with pytest.raises(ValueError, match="The training pauses after 0 epochs"):
        train_to(tmp_path, "mine", RECIPE)


def test_an_interrupted_command_keeps_its_weights_and_ends_as_commands_do(runs):
    """With 128 + 2, the number of SIGINT."""
    (runs / "recipe.json").write_text(recipe_text(recipe_from_json(LONG)))
    program = [sys.executable, "-m", "core.train", str(runs / "recipe.json"), "--name", "mine", "--runs", str(runs)]
    with subprocess.Popen(program, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        wait_for(runs / "mine", lambda progress: len(progress.done) >= 5)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert told == "Ended by SIGINT; its best weights so far are kept. Started again, the training goes on from its " \
        "last checkpoint.\n"  # fmt: skip
    progress = read_progress(runs / "mine")
    assert (progress.state, progress.begun) == (State.WAITING, 0)
    assert progress.kept_epoch == progress.best_epoch > 0


def test_a_command_that_is_interrupted_before_it_learns_ends_in_a_sentence(tmp_path, monkeypatch, capsys):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("core.train.train_to", interrupt)
    monkeypatch.setattr(sys, "argv", ["core.train", str(PRETRAINED / "best.json"), "--runs", str(tmp_path)])
    assert main() == 130
    assert capsys.readouterr().err == "Ended by SIGINT. Started again, the training goes on from its last checkpoint.\n"


@pytest.mark.parametrize("path", [PRETRAINED / "best.json"], ids=["card"])
def test_a_recipe_is_read_from_a_card_and_from_its_own_file(path, tmp_path):
    assert read_recipe(path) == best_recipe()
    (tmp_path / "recipe.json").write_text(recipe_text(RECIPE))
    assert read_recipe(tmp_path / "recipe.json") == RECIPE


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "cannot be read"), ("{", "is not valid JSON"), ("[]", "does not hold a JSON object"), ("{}", "lacks")],
)
def test_what_is_no_recipe_ends_in_a_sentence(content, sentence, tmp_path, monkeypatch, capsys):
    path = tmp_path / "recipe.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ValueError, match=sentence):
        read_recipe(path)
    monkeypatch.setattr(sys, "argv", ["core.train", str(path), "--runs", str(tmp_path)])
    assert main() == 2
    out, err = capsys.readouterr()
    assert sentence in err
    assert (out, err.count("\n")) == ("", 1)


def test_lines_for_a_map_that_is_told_parameters_name_them():
    card = json.loads((PRETRAINED / "conditional.json").read_text())
    text = snippet("mine", recipe_from_json(card["recipe"]))
    compile(text, "snippet", "exec")
    assert "# zeta, gamma of each trace" in text
    assert "trained.predict(data, known)" in text
