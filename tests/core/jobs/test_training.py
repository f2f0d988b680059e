import dataclasses
import math
import resource
from contextlib import contextmanager
from itertools import islice

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from core.files import read_json, write_json
from core.jobs import training as process
from core.jobs.epochs import read_epochs
from core.jobs.folder import CHECKPOINT, EXAMINATION, PREDICTIONS, WEIGHTS, has_map
from core.jobs.progress import State, read_progress
from core.jobs.record import Record
from core.jobs.request import Request
from core.jobs.runs import continue_training, pause_training, rename_training, stop_training
from core.learning.checkpoint import load_checkpoint
from core.learning.training_settings import Adam, Cnn
from core.maps.examination.examination_file import examination_from_json
from core.maps.inverse_map import inverse_map, load_inverse_map
from core.maps.recipe_file import recipe_as_json, recipe_from_json
from core.maps.recipes import fitzhugh_nagumo_task, point_recipe, published_task
from core.maps.test_sets import published_test_set
from core.maps.train import train
from core.published import published_noise_prior, published_prior
from tests.core.jobs.conftest import (
    LONG,
    SHORT,
    STEPPED,
    asked,
    begun,
    ended,
    same,
    validation_error,
    wait_for,
    weights_of,
)
from tests.processes import kill_processes_of
from tests.reference import reference_solution


@contextmanager
def largest_file(size):
    """Let no file grow beyond so many bytes, here and in the processes that are started meanwhile."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def asking(ask, method, is_due):
    """Ask something of a training at work where a call of a method of its record is due."""
    original = getattr(Record, method)

    def called(record, *arguments):
        if is_due(*arguments):
            ask(record.folder)
        original(record, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Record, method, called)
        yield


def test_a_training_runs_to_its_end(runs):
    folder = begun(runs, "my map")
    progress = wait_for(folder, ended)
    assert (progress.state, progress.message) == ("finished", "")
    assert len(progress.training_loss) == len(progress.validation_loss) == 3
    assert progress.best_epoch == 1 + np.argmin(progress.validation_loss)
    model = load_inverse_map(folder / "my map.safetensors")
    assert recipe_as_json(model.recipe) == SHORT
    assert abs(validation_error(model) - min(progress.validation_loss)) <= 1e-7
    trace = reference_solution((0.5, 0.3, -0.4, 3.0), model.times)[:, 0]
    estimate = model.predict(trace[None]).mean[0]
    assert np.all((estimate >= [-0.2, -0.4]) & (estimate <= [1.0, 1.2]))
    assert model.card["metrics"]["published"]["n_samples"] == 2000
    assert np.array_equal(np.load(folder / PREDICTIONS), model.predict(published_test_set().noisy).mean)
    last = progress.done[-1]
    assert last.learning_rate == 0  # the schedule has fallen to zero at the end
    assert last.gradient_norm > 0
    assert last.samples_per_second * (last.seconds - progress.done[-2].seconds) == pytest.approx(200)


def test_stopping_keeps_the_best_weights(runs, work):
    folder = asked(runs, recipe=LONG)
    with asking(stop_training, "take", lambda report: report.epoch == 5):
        work(folder)
    progress = read_progress(folder)
    assert (progress.state, len(progress.validation_loss)) == ("stopped", 5)
    model = load_inverse_map(folder / "mine.safetensors")
    assert abs(validation_error(model) - min(progress.validation_loss)) <= 1e-7
    assert model.card["training"]["epochs_done"] == 5
    assert not any((folder / left).exists() for left in (WEIGHTS, CHECKPOINT, "spare", "stop"))


def test_stopping_works_at_every_stage_and_says_what_is_left_out(runs, work):
    """The stop is asked for as the stage is first told of, and nothing of that stage is done after it."""
    for stage, (epochs, steps, metrics, message) in {
        "simulate": (0, None, None, "It had not ended its first epoch, so that there is no map."),
        "step": (2, 0, {"own", "published"}, "Its Gauss–Newton step was left out."),
        "test": (2, None, set(), "Its test was left out."),
        "examine": (2, None, {"own", "published"}, "Its examination was left out."),
    }.items():
        folder = asked(runs, stage, STEPPED)
        with asking(stop_training, "tell", lambda at, _, stage=stage: at == stage):
            work(folder)
        progress = read_progress(folder)
        assert (progress.state, progress.message, len(progress.validation_loss)) == (State.STOPPED, message, epochs)
        assert has_map(folder) == (epochs > 0)
        if epochs:
            card = load_inverse_map(folder / f"{stage}.safetensors").card
            assert steps is None or card["training"]["learned_steps"] == steps
            assert card["metrics"].keys() == metrics
            assert (folder / PREDICTIONS).exists() == bool(metrics)
            assert "novelty" not in card


def test_a_map_is_examined_at_the_end_of_its_training(runs, work):
    """On the traces of its own task; the examination lies beside the map, and grows while it is at work."""
    folder, seen = asked(runs, recipe=STEPPED), []

    def look(_):
        found = read_json(folder / EXAMINATION) if (folder / EXAMINATION).exists() else {"z": [], "exact": []}
        seen.append((len(found["z"]), len(found["exact"])))

    with asking(look, "tell", lambda at, _: at == "examine"):
        work(folder)
    assert read_progress(folder).message == ""
    assert seen == [(0, 0), (100, 0), (100, 1), (100, 1)]
    trained = load_inverse_map(folder / "mine.safetensors")
    assert examination_from_json(read_json(folder / EXAMINATION), trained.parameter_names).n == 100
    assert trained.card["novelty"]["threshold"] > 0


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ValueError("No trajectory of this prior is finite."), "No trajectory of this prior is finite."),
        (
            np.linalg.LinAlgError("Matrix is not positive definite"),
            "The covariance of an estimate or of a fit was not positive definite.",
        ),
    ],
)
def test_a_map_that_cannot_be_examined_is_kept(runs, work, monkeypatch, error, sentence):
    def fails(*_):
        raise error

    monkeypatch.setattr("core.jobs.examining.examined", fails)
    folder = asked(runs, recipe=STEPPED)
    work(folder)
    progress = read_progress(folder)
    assert (progress.state, progress.message) == (
        State.FINISHED,
        f"Its examination could not be finished. {sentence}",
    )
    assert has_map(folder)


@pytest.mark.parametrize(
    "stage",
    [pytest.param("simulate", marks=pytest.mark.long), "learn", "step", pytest.param("test", marks=pytest.mark.long)],
)
def test_a_training_that_pauses_at_any_stage_gives_the_same_map(runs, work, stage):
    """Bit for bit as one that does not, and with the same losses."""
    whole = asked(runs, "whole", STEPPED)
    work(whole)
    folder = asked(runs, "paused", STEPPED)
    with asking(pause_training, "tell", lambda at, _: at == stage):
        work(folder)
    progress = read_progress(folder)
    assert (progress.state, progress.begun) == (State.PAUSED, 0)
    assert len(progress.done) == {"simulate": 0, "learn": 1}.get(stage, 2)
    continue_training(folder)
    work(folder)
    assert read_progress(folder).state is State.FINISHED
    assert same(weights_of(folder), weights_of(whole))
    assert read_progress(folder).validation_loss == read_progress(whole).validation_loss


def test_stopping_a_training_that_pauses_makes_a_map_of_its_best_weights(runs, work):
    folder = asked(runs, recipe=LONG)
    with asking(pause_training, "take", lambda report: report.epoch == 5):
        work(folder)
    stop_training(folder)
    assert read_progress(folder).state is State.WAITING
    work(folder)
    progress = read_progress(folder)
    assert (progress.state, len(progress.done)) == (State.STOPPED, 5)
    assert abs(validation_error(load_inverse_map(folder / "mine.safetensors")) - min(progress.validation_loss)) <= 1e-7


def validation_error_of_kept_weights(folder):
    """Return the mean absolute error of the scaled parameters, on the validation set, of the weights in the folder."""
    recipe = recipe_from_json(read_json(folder / "request.json")["recipe"])
    return validation_error(inverse_map("kept", recipe, load_file(folder / WEIGHTS), {}))


def test_the_weights_of_the_epoch_that_is_said_to_be_kept_survive_a_kill(runs):
    """Their error is the one in the curve: in single precision the mean is off by some 1e-7."""
    folder = begun(runs, recipe=LONG)
    wait_for(folder, lambda progress: len(progress.done) >= 20)
    kill_processes_of(runs)
    progress = read_progress(folder)
    assert len(progress.validation_loss) >= 20
    assert progress.kept_epoch >= 1
    kept = (*progress.validation_loss, None)[progress.kept_epoch - 1]
    assert kept is None or abs(validation_error_of_kept_weights(folder) - kept) <= 1e-7
    assert not has_map(folder)


def test_a_full_disk_ends_a_training_in_a_sentence_and_leaves_its_curve(runs, work):
    """No file may exceed 100 kB, while the weights of the network take 136 kB."""
    folder = asked(runs, "full", LONG)
    with largest_file(100_000):
        work(folder)
    progress = read_progress(folder)
    assert progress.state == "failed"
    assert progress.message == "The disk that holds the folder full is full: free some space."
    assert (len(progress.validation_loss), progress.kept_epoch) == (1, 0)
    assert sorted(path.name for path in folder.iterdir()) == [
        "epochs.jsonl", "lock", "outcome.json", "progress.json", "request.json", "spare",
    ]  # fmt: skip


def test_a_hopeless_prior_fails_with_a_sentence(runs, work):
    wide = dataclasses.replace(published_prior(), mean=(0.4, -5.0), lower=(-0.2, -6.0), upper=(1.0, -4.0))
    recipe = point_recipe(fitzhugh_nagumo_task(wide, published_noise_prior()), Cnn(), 100, Adam(1))
    folder = asked(runs, recipe=recipe_as_json(recipe))
    work(folder)
    progress = read_progress(folder)
    assert progress.state == "failed"
    assert "diverge" in progress.message


def test_an_error_of_the_program_ends_a_training_in_a_sentence_and_is_printed(runs, work, monkeypatch):
    def err(*_, **__):
        raise RuntimeError("something unforeseen")

    monkeypatch.setattr(process, "train", err)
    folder = asked(runs)
    with pytest.raises(RuntimeError):
        work(folder)
    progress = read_progress(folder)
    assert progress.message == "The program ended with an error: RuntimeError: something unforeseen"


def test_full_memory_is_said(runs, work, monkeypatch):
    monkeypatch.setattr(process, "train", lambda *_, **__: torch.empty(10**15))
    folder = asked(runs)
    work(folder)
    message = read_progress(folder).message
    assert message == "The memory was full: choose a smaller network or fewer samples."


# ------------------------------------------------------------------------------------------------- from a checkpoint


def checkpointed(folder, recipe, epochs):
    """Leave in a folder the checkpoint that a training leaves which was killed after some epochs."""
    list(islice(train(recipe, folder / CHECKPOINT), epochs))


@pytest.mark.parametrize("lines", [pytest.param(2, marks=pytest.mark.long), 4, pytest.param(5, marks=pytest.mark.long)])
def test_a_training_that_was_killed_goes_on_from_its_checkpoint(runs, work, monkeypatch, lines):
    """As if it had not been killed: the same losses in every epoch, whatever lines were written, and the same map."""
    monkeypatch.setattr("core.learning.loop.SAVING_INTERVAL_SECONDS", 0.0)
    recipe = point_recipe(published_task(), Cnn(), 200, Adam(6))
    whole, folder = (asked(runs, name, recipe_as_json(recipe)) for name in ("whole", "mine"))
    work(whole)
    checkpointed(folder, recipe, 4)
    written = (whole / "epochs.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "epochs.jsonl").write_bytes(b"".join(written[:lines]) + b'{"torn')
    work(folder)
    first, second = read_progress(whole), read_progress(folder)
    assert second.state is State.FINISHED
    assert (first.validation_loss, first.training_loss) == (second.validation_loss, second.training_loss)
    assert same(weights_of(folder), weights_of(whole))
    # Four epochs were done before: their seconds are in the checkpoint, and nothing but the map is left of it.
    assert not (folder / CHECKPOINT).exists()
    assert load_inverse_map(folder / "mine.safetensors").card["training"]["epochs_done"] == 6


def spoil_epochs(monkeypatch):
    """Let every epoch from now on leave weights that are not finite."""

    def spoilt(step, *_):
        with torch.no_grad():
            for weights in step.network.parameters():
                weights.fill_(math.nan)
        return math.nan, math.nan

    monkeypatch.setattr("core.learning.loop._train_epoch", spoilt)


def test_the_weights_of_a_checkpoint_survive_an_epoch_that_is_not_finite(runs, work, monkeypatch):
    monkeypatch.setattr("core.learning.loop.SAVING_INTERVAL_SECONDS", 0.0)
    recipe = point_recipe(published_task(), Cnn(), 200, Adam(6))
    folder = asked(runs, recipe=recipe_as_json(recipe))
    checkpointed(folder, recipe, 2)
    before = load_checkpoint(folder / CHECKPOINT, recipe_as_json(recipe))
    spoil_epochs(monkeypatch)
    work(folder)
    progress = read_progress(folder)
    assert (progress.state, progress.message) == (State.STOPPED, "In epoch 3 the error was not finite.")
    assert progress.validation_loss == before.validation_losses
    model = load_inverse_map(folder / "mine.safetensors")
    assert model.card["training"]["epochs_done"] == 2
    assert abs(validation_error(model) - min(before.validation_losses)) <= 1e-7


def test_nothing_that_is_not_finite_is_kept_in_a_checkpoint(tmp_path, monkeypatch):
    monkeypatch.setattr("core.learning.loop.SAVING_INTERVAL_SECONDS", 0.0)
    recipe, path = point_recipe(published_task(), Cnn(), 200, Adam(6)), tmp_path / CHECKPOINT
    training = train(recipe, path)
    assert [next(training).finite, next(training).finite] == [True, True]
    before = path.read_bytes()
    spoil_epochs(monkeypatch)
    assert not next(training).finite
    training.close()
    assert path.read_bytes() == before


def test_who_closes_a_training_leaves_a_checkpoint_of_its_last_epoch(tmp_path, monkeypatch):
    monkeypatch.setattr("core.learning.loop.SAVING_INTERVAL_SECONDS", math.inf)
    recipe, path = point_recipe(published_task(), Cnn(), 200, Adam(6)), tmp_path / CHECKPOINT
    training = train(recipe, path)
    reports = list(islice(training, 2))
    assert not path.exists()
    training.close()
    assert load_checkpoint(path, recipe_as_json(recipe)).validation_losses == reports[-1].validation_losses


def test_a_training_without_a_finite_epoch_fails_in_a_sentence(runs, work, monkeypatch):
    folder = asked(runs)
    spoil_epochs(monkeypatch)
    work(folder)
    progress = read_progress(folder)
    assert progress.state is State.FAILED
    assert "not finite from the start" in progress.message


def test_a_checkpoint_of_another_recipe_is_not_used(runs, work, monkeypatch):
    monkeypatch.setattr("core.learning.loop.SAVING_INTERVAL_SECONDS", 0.0)
    folder = asked(runs)
    checkpointed(folder, point_recipe(published_task(), Cnn(), 200, Adam(6)), 2)
    work(folder)
    assert read_progress(folder).state is State.FINISHED
    assert len(read_epochs(folder)) == 3


def test_what_killed_writes_have_left_goes_with_the_next_process(runs, work):
    folder = asked(runs)
    for name in (".checkpoint.k3x", ".progress.json.a1b"):
        (folder / name).write_bytes(b"half")
    work(folder)
    assert not list(folder.glob(".*"))
    assert read_progress(folder).state is State.FINISHED


@pytest.mark.parametrize("name", ["checkpoint-2", "request"])
def test_a_name_from_before_it_was_refused_fails_and_can_be_changed(runs, work, name):
    """Where the training has ended, what is left of its checkpoint is removed: a map of this name would go with it."""
    folder = asked(runs).rename(runs / name)
    Request(name, 3, SHORT, "me").save(folder)
    work(folder)
    progress = read_progress(folder)
    assert (progress.state, progress.message) == (
        State.FAILED,
        f"A map cannot be called {name!r}, which is the name of a file beside it: choose another name.",
    )
    renamed = rename_training(folder, "mine")
    continue_training(renamed)
    work(renamed)
    assert read_progress(renamed).state is State.FINISHED
    assert has_map(renamed)


def test_what_is_asked_for_is_checked_again_where_it_is_done(runs, work):
    folder = asked(runs)
    write_json(folder / "request.json", {**read_json(folder / "request.json"), "recipe": {"seed": 1}})
    work(folder)
    assert read_progress(folder).message.startswith("The recipe is not complete")
