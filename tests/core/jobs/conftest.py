"""What the tests of trainings share: short recipes, a queue that ends with its test, and waiting for a state."""

import shutil
import time
from functools import partial

import numpy as np
import pytest
import torch
from filelock import FileLock
from safetensors.torch import load_file

from core.jobs import queue, training
from core.jobs.outcome import begin
from core.jobs.progress import read_progress
from core.jobs.request import Request
from core.jobs.runs import start_training
from core.learning.training_settings import Adam, Cnn, Dense
from core.maps.dataset import VALIDATION_STREAM, dataset
from core.maps.examination.examination import examined
from core.maps.recipe import NewSimulations
from core.maps.recipe_file import recipe_as_json
from core.maps.recipes import gaussian_recipe, point_recipe, published_task
from core.maps.untrained_network import N_VALIDATION
from tests.processes import kill_processes_of, processes_of

SHORT = recipe_as_json(point_recipe(published_task(), Cnn(), 200, Adam(3)))
LONG = recipe_as_json(point_recipe(published_task(), Cnn(), 200, Adam(1000)))
STEPPED = recipe_as_json(
    gaussian_recipe(published_task(), Dense((16,)), NewSimulations(200, epochs_each=1), 2, batch_size=64)
)


@pytest.fixture
def runs(tmp_path):
    """Return an empty folder of runs, whose processes end with the test."""
    folder = tmp_path / "runs"
    folder.mkdir()
    yield folder
    while processes_of(folder):
        kill_processes_of(folder)
    for process in queue._started:
        process.wait()
    queue._started.clear()
    shutil.rmtree(folder)


@pytest.fixture
def work(monkeypatch):
    """Return a function that does a training in this process, which keeps its signals and its number of threads.

    Its learned step learns from few examples, and its map is calibrated and tested on few traces.
    """
    monkeypatch.setattr(training, "_end_on_signal", lambda _: None)
    monkeypatch.setattr("core.maps.gauss_newton_step.SAMPLES_RANGE", (100, 100))
    monkeypatch.setattr("core.maps.gauss_newton_step.EPOCHS", 2)
    monkeypatch.setattr("core.maps.calibration.N_CALIBRATION", 100)
    monkeypatch.setattr("core.jobs.examining.examined", partial(examined, n=100, n_exact=1))
    monkeypatch.setattr("core.jobs.examining.N_REFERENCE", 100)
    few = dataset(published_task(), 3, VALIDATION_STREAM)
    monkeypatch.setattr(training, "own_test_set", lambda _: few)
    monkeypatch.setattr(training, "published_test_set", lambda: few)
    threads = torch.get_num_threads()

    def do(folder):
        with FileLock(folder / "lock"):
            begin(folder)
            training.work(folder)

    yield do
    torch.set_num_threads(threads)


def asked(runs, name="mine", recipe=SHORT, owner="me", expected=None):
    """Let a training wait, and return its folder."""
    return start_training(runs, Request(name, recipe["optimiser"]["epochs"], recipe, owner, expected))


def begun(runs, name="mine", recipe=SHORT, places=1):
    """Start a training with its process, and return its folder."""
    folder = asked(runs, name, recipe)
    queue.tend(runs, places)
    return folder


def wait_for(folder, condition):
    """Return the first progress that meets the condition, of a folder that may still be made.

    Five minutes are many times what any of them takes.
    """
    for _ in range(3000):
        progress = read_progress(folder) if folder.exists() else None
        if progress is not None and condition(progress):
            return progress
        time.sleep(0.1)
    raise AssertionError(f"Still {progress} after five minutes.")


def ended(progress):
    return progress.state.ended


def validation_error(model):
    """Return the mean absolute error of the scaled parameters on the validation set."""
    data = dataset(model.recipe.task, N_VALIDATION, VALIDATION_STREAM)
    return np.mean(np.abs((model.predict(data.noisy).mean - data.theta) / [1.2, 1.6]))


def weights_of(folder):
    return load_file(folder / f"{folder.name}.safetensors")


def same(first, second):
    """Say whether two sets of weights are the same, bit for bit."""
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)
