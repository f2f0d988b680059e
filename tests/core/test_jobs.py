import dataclasses
import os
import signal
import time

import numpy as np
import pytest

from core import jobs
from core.files import read_json, write_json
from core.inverse_map import load_inverse_map
from core.training import N_VALIDATION, VALIDATION_STREAM, TrainingSettings
from tests.reference import reference_solution

SHORT = TrainingSettings(n_samples=200, epochs=3).as_json()
LONG = TrainingSettings(n_samples=200, epochs=1000).as_json()


@pytest.fixture(autouse=True)
def _end_all_trainings():
    yield
    jobs.stop_all()


def wait_for(folder, condition):
    """Return the first progress that meets the condition; a minute and a half is many times what any of them takes."""
    for _ in range(900):
        progress = jobs.read_progress(folder)
        if condition(progress):
            return progress
        time.sleep(0.1)
    log = (folder / "log.txt").read_text()
    raise AssertionError(f"Still {progress} after 90 seconds; log: {log}")


def ended(progress):
    return not progress.active


def has_losses(progress):
    return len(progress.validation_loss) > 0


def validation_error(model):
    """Return the mean absolute error of the scaled parameters on the validation set."""
    data = model.settings.dataset(N_VALIDATION, VALIDATION_STREAM)
    return np.mean(np.abs((model.predict(data.noisy).mean - data.theta) / [1.2, 1.6]))


def test_a_training_runs_to_its_end(tmp_path):
    folder = jobs.start_training(tmp_path, "my map", SHORT)
    progress = wait_for(folder, ended)
    assert (progress.state, progress.message) == ("finished", "")
    assert len(progress.training_loss) == len(progress.validation_loss) == 3
    assert progress.best_epoch == 1 + np.argmin(progress.validation_loss)
    assert progress.seconds_left == 0
    model = load_inverse_map(folder / "my map.safetensors")
    assert model.settings == TrainingSettings.from_json(SHORT)
    assert abs(validation_error(model) - min(progress.validation_loss)) <= 1e-7
    trace = reference_solution((0.5, 0.3, -0.4, 3.0), model.times)[:, 0]
    estimate = model.predict(trace[None]).mean[0]
    assert np.all((estimate >= [-0.2, -0.4]) & (estimate <= [1.0, 1.2]))
    assert model.card["metrics"]["published"]["n_samples"] == 2000
    assert jobs.runs_in(tmp_path) == (folder,)


def test_stopping_keeps_the_best_weights(tmp_path):
    folder = jobs.start_training(tmp_path, "stopped", LONG)
    progress = wait_for(folder, has_losses)
    assert progress.state == "running"
    done = len(progress.validation_loss)
    assert np.isclose(progress.seconds_left, progress.seconds / done * (1000 - done))
    jobs.stop_training(folder)
    progress = wait_for(folder, ended)
    assert progress.state == "stopped"
    assert done <= len(progress.validation_loss) < 1000
    model = load_inverse_map(folder / "stopped.safetensors")
    assert abs(validation_error(model) - min(progress.validation_loss)) <= 1e-7
    assert model.card["training"]["epochs_done"] == len(progress.validation_loss)


def test_a_killed_process_has_failed(tmp_path):
    folder = jobs.start_training(tmp_path, "killed", LONG)
    wait_for(folder, has_losses)
    os.kill(read_json(folder / "process.json")["pid"], signal.SIGKILL)
    progress = wait_for(folder, ended)
    assert progress.state == "failed"
    assert "ended before it was done" in progress.message
    assert not list(folder.glob("*.safetensors"))


def test_two_at_once_and_no_third(tmp_path):
    for name in ("first", "second"):
        jobs.start_training(tmp_path, name, LONG)
    with pytest.raises(ValueError, match="2 trainings are running already"):
        jobs.start_training(tmp_path, "third", SHORT)
    assert not (tmp_path / "third").exists()
    jobs.stop_all()
    assert jobs.read_progress(tmp_path / "first").state == "failed"


def test_a_hopeless_prior_fails_with_a_sentence(tmp_path):
    settings = TrainingSettings(n_samples=100, epochs=1)
    wide = dataclasses.replace(settings.prior, mean=(0.4, -5.0), lower=(-0.2, -6.0), upper=(1.0, -4.0))
    folder = jobs.start_training(tmp_path, "hopeless", dataclasses.replace(settings, prior=wide).as_json())
    progress = wait_for(folder, ended)
    assert progress.state == "failed"
    assert "diverge" in progress.message


def test_a_taken_name_is_refused(tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(ValueError, match="already a map called 'taken'"):
        jobs.start_training(tmp_path, "taken", SHORT)


@pytest.mark.parametrize("name", ["", ".", "..", "../out", "a/b", "a\\b", "a\nb", "a" * 41, " a", "-a", "a:b"])
def test_an_unfit_name_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match="at most 40 letters"):
        jobs.start_training(tmp_path / "runs", name, SHORT)
    assert not (tmp_path / "runs").exists()


def test_a_training_of_an_earlier_server_is_known_by_its_process(tmp_path):
    """The test's own process is alive; a process number beyond the system's largest, 2^22, is not."""
    write_json(tmp_path / "request.json", {"name": "old", "epochs": 5, "settings": {}})
    write_json(tmp_path / "progress.json", {"training_loss": [1.0], "validation_loss": [2.0], "state": "running"})
    write_json(tmp_path / "process.json", {"pid": os.getpid()})
    assert jobs.read_progress(tmp_path).state == "running"
    write_json(tmp_path / "process.json", {"pid": 2**22 + 1})
    assert jobs.read_progress(tmp_path).state == "failed"


def test_a_process_that_ends_while_its_progress_is_read_has_not_failed(tmp_path, monkeypatch):
    """Its last state is on disk before it ends, so whoever sees it dead must see that state."""
    write_json(tmp_path / "request.json", {"name": "quick", "epochs": 1, "settings": {}})
    losses = {"training_loss": [1.0], "validation_loss": [2.0]}
    write_json(tmp_path / "progress.json", {**losses, "state": "running"})

    def finish_and_die(_):
        write_json(tmp_path / "progress.json", {**losses, "state": "finished"})
        return False

    monkeypatch.setattr(jobs, "_alive", finish_and_die)
    assert jobs.read_progress(tmp_path).state == "finished"


def test_a_folder_without_a_training_ends_in_a_sentence(tmp_path):
    with pytest.raises(ValueError, match="no training in"):
        jobs.read_progress(tmp_path)
