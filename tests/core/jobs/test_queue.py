import dataclasses
import errno
import math
import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from itertools import islice

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from core.files import read_json, write_json
from core.jobs import __main__ as training_process
from core.jobs import queue as jobs
from core.jobs.folder import CHECKPOINT, PREDICTIONS, WEIGHTS, State, has_map, runs_in
from core.learning.checkpoint import load_checkpoint
from core.learning.training_settings import Adam, Cnn, Dense
from core.maps.dataset import VALIDATION_STREAM, dataset
from core.maps.inverse_map import inverse_map, load_inverse_map
from core.maps.recipe import NewSimulations
from core.maps.recipe_file import recipe_as_json, recipe_from_json
from core.maps.recipes import fitzhugh_nagumo_task, gaussian_recipe, point_recipe, published_task
from core.maps.test_sets import published_test_set
from core.maps.train import train
from core.maps.untrained_network import N_VALIDATION
from core.published import published_noise_prior, published_prior
from tests.reference import reference_solution

SHORT = recipe_as_json(point_recipe(published_task(), Cnn(), 200, Adam(3)))
LONG = recipe_as_json(point_recipe(published_task(), Cnn(), 200, Adam(1000)))


@pytest.fixture(autouse=True)
def _end_all_trainings():
    yield
    jobs.stop_all()


def wait_for(folder, condition):
    """Return the first progress that meets the condition; five minutes are many times what any of them takes."""
    for _ in range(3000):
        progress = jobs.read_progress(folder)
        if condition(progress):
            return progress
        time.sleep(0.1)
    log = (folder / "log.txt").read_text()
    raise AssertionError(f"Still {progress} after five minutes; log: {log}")


def ended(progress):
    return not progress.active


@contextmanager
def largest_file(size):
    """Let no file grow beyond so many bytes, here and in the processes that are started meanwhile."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def has_losses(progress):
    return len(progress.validation_loss) > 0


def validation_error(model):
    """Return the mean absolute error of the scaled parameters on the validation set."""
    data = dataset(model.recipe.task, N_VALIDATION, VALIDATION_STREAM)
    return np.mean(np.abs((model.predict(data.noisy).mean - data.theta) / [1.2, 1.6]))


def test_a_training_runs_to_its_end(tmp_path):
    folder = jobs.start_training(tmp_path, "my map", SHORT)
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
    assert runs_in(tmp_path) == (folder,)


def test_stopping_keeps_the_best_weights(tmp_path):
    folder = jobs.start_training(tmp_path, "stopped", LONG)
    progress = wait_for(folder, has_losses)
    assert progress.state == "running"
    done = len(progress.validation_loss)
    jobs.stop_training(folder)
    progress = wait_for(folder, ended)
    assert progress.state == "stopped"
    assert done <= len(progress.validation_loss) < 1000
    model = load_inverse_map(folder / "stopped.safetensors")
    assert abs(validation_error(model) - min(progress.validation_loss)) <= 1e-7
    assert model.card["training"]["epochs_done"] == len(progress.validation_loss)


STEPPED = recipe_as_json(
    gaussian_recipe(published_task(), Dense((16,)), NewSimulations(200, epochs_each=1), 2, batch_size=64)
)


def test_stopping_works_at_every_stage_and_says_what_is_left_out(tmp_path, monkeypatch):
    """The stop is asked for as the stage is first told of, and nothing of that stage is done after it."""
    for stage, (epochs, steps, metrics, message) in {
        "simulate": (0, None, None, "It had not ended its first epoch, so that there is no map."),
        "step": (2, 0, {"own", "published"}, "Its Gauss–Newton step was left out."),
        "test": (2, None, set(), "Its test was left out."),
    }.items():
        folder = tmp_path / stage
        folder.mkdir()
        write_json(folder / "request.json", {"name": stage, "epochs": 2, "recipe": STEPPED})
        tell = training_process._Record.tell

        def stopping(record, at, share, stage=stage, tell=tell):
            if at == stage:
                jobs.stop_training(record.folder)
            tell(record, at, share)

        monkeypatch.setattr(training_process._Record, "tell", stopping)
        training_process._train(training_process._Record(folder))
        monkeypatch.setattr(training_process._Record, "tell", tell)
        progress = jobs.read_progress(folder)
        assert (progress.state, progress.message, len(progress.validation_loss)) == (State.STOPPED, message, epochs)
        assert has_map(folder) == (epochs > 0)
        if epochs:
            card = load_inverse_map(folder / f"{stage}.safetensors").card
            assert steps is None or card["training"]["learned_steps"] == steps
            assert card["metrics"].keys() == metrics
            assert (folder / PREDICTIONS).exists() == bool(metrics)


def test_the_estimates_of_the_published_test_set_are_kept(tmp_path):
    folder = jobs.start_training(tmp_path, "mine", SHORT)
    assert wait_for(folder, ended).share_done == 1.0
    trained, data = load_inverse_map(folder / "mine.safetensors"), published_test_set()
    assert np.array_equal(np.load(folder / PREDICTIONS), trained.predict(data.noisy).mean)


def validation_error_of_kept_weights(folder):
    """Return the mean absolute error of the scaled parameters, on the validation set, of the weights in the folder."""
    recipe = recipe_from_json(read_json(folder / "request.json")["recipe"])
    return validation_error(inverse_map("kept", recipe, load_file(folder / WEIGHTS), {}))


def process_of(folder):
    return jobs._processes[folder.resolve()]


def test_the_weights_of_the_epoch_that_is_said_to_be_kept_survive_a_kill(tmp_path):
    """Their error is the one in the curve: in single precision the mean is off by some 1e-7."""
    folder = jobs.start_training(tmp_path, "killed", LONG)
    wait_for(folder, lambda progress: len(progress.validation_loss) >= 20)
    process = process_of(folder)
    process.send_signal(signal.SIGSTOP)
    while jobs.read_progress(folder).kept_epoch > len(jobs.read_progress(folder).validation_loss):
        process.send_signal(signal.SIGCONT)  # it stood between its two files
        process.send_signal(signal.SIGSTOP)
    process.kill()
    progress = wait_for(folder, ended)
    assert progress.state == "failed"
    assert progress.message == "Its process was killed, as a system does that runs out of memory."
    assert len(progress.validation_loss) >= 20
    assert progress.kept_epoch >= 1
    kept = progress.validation_loss[progress.kept_epoch - 1]
    assert abs(validation_error_of_kept_weights(folder) - kept) <= 1e-7
    assert not (folder / "killed.safetensors").exists()


def test_the_best_weights_are_on_disk_when_the_server_ends(tmp_path):
    folder = jobs.start_training(tmp_path, "ended", LONG)
    wait_for(folder, lambda progress: len(progress.validation_loss) >= 20)
    jobs.stop_all()
    progress = jobs.read_progress(folder)
    assert progress.state == "failed"
    assert progress.message == "It was ended by the signal SIGTERM, as happens when the server ends."
    assert progress.kept_epoch == progress.best_epoch == 1 + np.argmin(progress.validation_loss)
    assert abs(validation_error_of_kept_weights(folder) - min(progress.validation_loss)) <= 1e-7


def test_a_training_that_is_ended_while_it_imports_says_so_and_does_not_crash(tmp_path):
    folder = jobs.start_training(tmp_path, "ended", LONG)
    wait_for(folder, lambda _: (folder / "lock").exists())
    process = process_of(folder)
    process.terminate()
    assert process.wait() == 0
    progress = jobs.read_progress(folder)
    assert (progress.state, progress.kept_epoch) == ("failed", 0)
    assert progress.message == "It was ended by the signal SIGTERM, as happens when the server ends."


def test_a_training_that_another_server_has_just_started_is_starting(tmp_path):
    folder = tmp_path / "other"
    folder.mkdir()
    request = folder / "request.json"
    write_json(request, {"name": "other", "epochs": 3, "recipe": {}})
    assert jobs.read_progress(folder).state == "starting"
    os.utime(request, (time.time() - 61,) * 2)
    assert jobs.read_progress(folder).state == "failed"


def test_a_full_disk_ends_a_training_in_a_sentence_and_leaves_its_curve(tmp_path):
    """No file may exceed 100 kB, while the weights of the network take 136 kB."""
    with largest_file(100_000):
        folder = jobs.start_training(tmp_path, "full", LONG)
    progress = wait_for(folder, ended)
    assert progress.state == "failed"
    assert progress.message == "The disk that holds the folder full is full: free some space."
    assert (len(progress.validation_loss), progress.kept_epoch) == (1, 0)
    assert sorted(path.name for path in folder.iterdir()) == ["lock", "log.txt", "progress.json", "request.json"]


def test_a_disk_that_is_full_at_the_start_leaves_no_folder(tmp_path):
    with largest_file(0), pytest.raises(ValueError, match=r"^The disk that holds the folder .* is full: free some"):
        jobs.start_training(tmp_path, "mine", SHORT)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_at_stop_ends_in_a_sentence(tmp_path, monkeypatch):
    def touch(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pathlib.Path.touch", touch)
    with pytest.raises(ValueError, match=r"^The training goes on. The disk that holds the folder .* is full"):
        jobs.stop_training(tmp_path)


def test_a_map_whose_last_state_could_not_be_written_counts_as_trained(tmp_path):
    write_run(tmp_path, state="finishing")
    (tmp_path / f"{tmp_path.name}.safetensors").write_bytes(b"")
    assert jobs.read_progress(tmp_path).state == "stopped"


def test_a_training_leaves_the_processor_to_the_pages(tmp_path):
    folder = jobs.start_training(tmp_path, "nice", LONG)
    wait_for(folder, lambda _: (folder / "lock").exists())
    assert os.getpriority(os.PRIO_PROCESS, process_of(folder).pid) == 19


def test_two_at_once_and_no_third(tmp_path):
    for name in ("first", "second"):
        jobs.start_training(tmp_path, name, LONG)
    with pytest.raises(ValueError, match="2 trainings are running already"):
        jobs.start_training(tmp_path, "third", SHORT)
    assert not (tmp_path / "third").exists()
    jobs.stop_all()
    assert jobs.read_progress(tmp_path / "first").state == "failed"


def test_a_hopeless_prior_fails_with_a_sentence(tmp_path):
    wide = dataclasses.replace(published_prior(), mean=(0.4, -5.0), lower=(-0.2, -6.0), upper=(1.0, -4.0))
    recipe = point_recipe(fitzhugh_nagumo_task(wide, published_noise_prior()), Cnn(), 100, Adam(1))
    folder = jobs.start_training(tmp_path, "hopeless", recipe_as_json(recipe))
    progress = wait_for(folder, ended)
    assert progress.state == "failed"
    assert "diverge" in progress.message


def test_a_taken_name_is_refused(tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(ValueError, match="already a training called 'taken'"):
        jobs.start_training(tmp_path, "taken", SHORT)


@pytest.mark.parametrize("name", [None, 5, "", ".", "..", "../out", "a/b", "a\\b", "a\nb", "a" * 41, " a", "-a", "a:b"])
def test_an_unfit_name_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match="at most 40 letters"):
        jobs.start_training(tmp_path / "runs", name, SHORT)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    "recipe", [{}, None, {**SHORT, "seed": np.nan}, {**SHORT, "optimiser": {**SHORT["optimiser"], "epochs": 1.5}}]
)
def test_an_unfit_recipe_is_refused_and_leaves_no_folder(tmp_path, recipe):
    with pytest.raises(ValueError, match=r"recipe|seed|epochs"):
        jobs.start_training(tmp_path / "runs", "mine", recipe)
    assert not (tmp_path / "runs").exists()


def test_any_failure_at_the_start_leaves_no_folder(tmp_path, monkeypatch):
    def fail(_):
        raise RuntimeError("no thread can be started")

    monkeypatch.setattr(jobs, "_process", fail)
    with pytest.raises(RuntimeError, match="no thread"):
        jobs.start_training(str(tmp_path), "mine", SHORT)
    assert list(tmp_path.iterdir()) == []


def write_run(folder, **progress):
    write_json(folder / "request.json", {"name": "old", "epochs": 5, "recipe": {}})
    content = {"training_loss": [1.0], "validation_loss": [2.0], "best_epoch": 1, "seconds": 1.0, "state": "running"}
    write_json(folder / "progress.json", {**content, **progress})


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
    state = jobs.read_progress(tmp_path).state
    record_property("measured", state.value)
    assert state == "failed"
    command = [sys.executable, "-c", HOLD, str(tmp_path / "lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        child = int(worker.stdout.readline())
        assert jobs.read_progress(tmp_path).state == "running"
        worker.kill()
        worker.wait()
        os.kill(child, 0)
        progress = jobs.read_progress(tmp_path)
        os.kill(child, signal.SIGKILL)
    assert progress.state == "failed"
    assert (
        progress.message
        == "Its process could not write why: it was killed, the machine went down, or the disk was full."
    )
    assert progress.validation_loss == (2.0,)


def test_a_training_that_is_just_starting_lives(tmp_path):
    """It takes a moment until its process holds its lock."""
    folder = jobs.start_training(tmp_path, "new", SHORT)
    assert jobs.read_progress(folder).state == "starting"


def test_a_process_that_ends_while_its_progress_is_read_has_not_failed(tmp_path, monkeypatch):
    """Its last state is on disk before it ends, so whoever sees it dead must see that state."""
    write_json(tmp_path / "request.json", {"name": "quick", "epochs": 1, "recipe": {}})
    losses = {"training_loss": [1.0], "validation_loss": [2.0]}
    write_json(tmp_path / "progress.json", {**losses, "state": "running"})

    def finish_and_die(_):
        write_json(tmp_path / "progress.json", {**losses, "state": "finished"})
        return False

    monkeypatch.setattr(jobs, "_at_work", finish_and_die)
    assert jobs.read_progress(tmp_path).state == "finished"


def test_a_folder_without_a_training_ends_in_a_sentence(tmp_path):
    with pytest.raises(ValueError, match="no training in"):
        jobs.read_progress(tmp_path)


REFUSED = "The files of the training mine cannot be read: delete its folder."


@pytest.mark.parametrize("file", ["request.json", "progress.json"])
@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"[" * 100_000, b'{"a": NaN}', b'{"a": 1e999}', b"9" * 5000])
def test_what_is_no_json_object_ends_in_a_sentence(tmp_path, file, content):
    folder = tmp_path / "mine"
    folder.mkdir()
    write_run(folder)
    (folder / file).write_bytes(content)
    with pytest.raises(ValueError, match=f"^{REFUSED}$"):
        jobs.read_progress(folder)


@pytest.mark.parametrize(
    "content",
    [
        {"state": "asleep"}, {"state": []}, {"training_loss": 3}, {"training_loss": [1, 2]}, {"validation_loss": ["a"]},
        {"training_loss": [10**400]}, {"training_loss": [1e300]}, {"validation_loss": [-1.0]}, {"best_epoch": 2},
        {"best_epoch": True}, {"seconds": -1}, {"seconds": 1e300}, {"message": 5}, {"message": "a" * 1000}, {"pid": 1},
        {"training_loss": [1.0] * 6, "validation_loss": [1.0] * 6},
    ],
)  # fmt: skip
def test_progress_that_no_training_writes_ends_in_a_sentence(tmp_path, content):
    folder = tmp_path / "mine"
    folder.mkdir()
    write_run(folder, **content)
    with pytest.raises(ValueError, match=f"^{REFUSED}$"):
        jobs.read_progress(folder)


@pytest.mark.parametrize("content", [{"name": 3}, {"epochs": 0}, {"epochs": "5"}, {"epochs": 10**30}, {"epochs": True}])
def test_requests_that_nobody_writes_end_in_a_sentence(tmp_path, content):
    folder = tmp_path / "mine"
    folder.mkdir()
    write_json(folder / "request.json", {"name": "mine", "epochs": 5, "recipe": {}, **content})
    with pytest.raises(ValueError, match=f"^{REFUSED}$"):
        jobs.read_progress(folder)


def checkpointed(folder, recipe, epochs):
    """Leave in a folder what a training that was killed after some epochs leaves."""
    folder.mkdir()
    write_json(folder / "request.json", {"name": folder.name, "epochs": recipe.optimiser.epochs,
                                         "recipe": recipe_as_json(recipe)})  # fmt: skip
    state = list(islice(train(recipe, folder / CHECKPOINT), epochs))[-1]
    losses = {"training_loss": state.training_losses, "validation_loss": state.validation_losses}
    write_json(folder / "progress.json", {**losses, "best_epoch": state.best_epoch, "seconds": 1.0, "state": "failed"})


def test_a_training_that_was_ended_goes_on_from_its_checkpoint(tmp_path, monkeypatch):
    """As if it had not been ended: the same losses in every epoch, those before included."""
    monkeypatch.setattr("core.learning.loop.SAVING_INTERVAL_SECONDS", 0.0)
    recipe = point_recipe(published_task(), Cnn(), 200, Adam(6))
    checkpointed(tmp_path / "mine", recipe, 4)
    folder = jobs.start_training(tmp_path, "mine", recipe_as_json(recipe))
    progress = wait_for(folder, ended)
    assert progress.state is State.FINISHED
    whole = list(train(recipe))[-1]
    np.testing.assert_allclose(progress.validation_loss, whole.validation_losses, rtol=0, atol=1e-6)
    np.testing.assert_allclose(progress.training_loss, whole.training_losses, rtol=0, atol=1e-6)
    # Four epochs were done before: their seconds are in the checkpoint, and nothing but the map is left of it.
    assert not (folder / CHECKPOINT).exists()
    assert load_inverse_map(folder / "mine.safetensors").card["training"]["epochs_done"] == 6


def spoil_epochs(monkeypatch):
    """Let every epoch from now on leave weights that are not finite."""

    def spoilt(step, *_):
        with torch.no_grad():
            for weights in step.network.parameters():
                weights.fill_(math.nan)
        return math.nan

    monkeypatch.setattr("core.learning.loop._train_epoch", spoilt)


def test_the_weights_of_a_checkpoint_survive_an_epoch_that_is_not_finite(tmp_path, monkeypatch):
    monkeypatch.setattr("core.learning.loop.SAVING_INTERVAL_SECONDS", 0.0)
    recipe = point_recipe(published_task(), Cnn(), 200, Adam(6))
    folder = tmp_path / "mine"
    checkpointed(folder, recipe, 2)
    before = load_checkpoint(folder / CHECKPOINT, recipe_as_json(recipe))
    spoil_epochs(monkeypatch)
    training_process._train(training_process._Record(folder))
    progress = jobs.read_progress(folder)
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
    assert path.read_bytes() == before


def test_a_training_without_a_finite_epoch_fails_in_a_sentence(tmp_path, monkeypatch):
    folder = tmp_path / "mine"
    folder.mkdir()
    write_json(folder / "request.json", {"name": "mine", "epochs": 3, "recipe": SHORT})
    spoil_epochs(monkeypatch)
    with pytest.raises(ValueError, match="not finite from the start"):
        training_process._train(training_process._Record(folder))


def test_a_name_is_taken_for_any_other_recipe(tmp_path, monkeypatch):
    monkeypatch.setattr("core.learning.loop.SAVING_INTERVAL_SECONDS", 0.0)
    checkpointed(tmp_path / "mine", point_recipe(published_task(), Cnn(), 200, Adam(6)), 2)
    with pytest.raises(ValueError, match="already a training called 'mine'"):
        jobs.start_training(tmp_path, "mine", SHORT)
    assert (tmp_path / "mine" / CHECKPOINT).exists()
