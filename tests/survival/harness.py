"""A short training in a process of its own, which a fault befalls at its nth call of the system."""

import errno
import os
import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from safetensors.torch import load_file

from core.jobs import __main__ as process
from core.jobs import examining, queue, record, training
from core.jobs.folder import SPARE
from core.jobs.progress import Progress, read_progress
from core.jobs.queue import PLACES_FOLDER
from core.jobs.request import Request
from core.jobs.runs import start_training
from core.learning import loop
from core.learning.training_settings import Dense
from core.maps import calibration, gauss_newton_step, kept, untrained_network
from core.maps.dataset import VALIDATION_STREAM, dataset
from core.maps.recipe import NewSimulations
from core.maps.recipe_file import recipe_as_json
from core.maps.recipes import gaussian_recipe, published_task

CALLS = ("write", "replace", "rename", "fsync", "unlink", "mkdir")  # of the system, that a fault can befall
CUT = 137
RECIPE = recipe_as_json(gaussian_recipe(published_task(), Dense((16,)), NewSimulations(100, epochs_each=2), 4))
EPOCHS = 4


def shorten() -> None:
    """Let a training in this process write all at once, learn and test its map from few traces, and start no other.

    A process that it started would work with the real numbers, whenever it is ready, on folders that are gone.
    """
    queue._process = lambda *_: None  # type: ignore[assignment, return-value]
    loop.SAVING_INTERVAL_SECONDS = kept.SAVING_INTERVAL_SECONDS = 0.0
    record.PROGRESS_SECONDS = record.WEIGHTS_SECONDS = -1.0
    gauss_newton_step.SAMPLES_RANGE, gauss_newton_step.EPOCHS, gauss_newton_step.AT_ONCE = (60, 60), 2, 30
    calibration.N_CALIBRATION, untrained_network.N_VALIDATION = 60, 60
    two = dataset(published_task(), 2, VALIDATION_STREAM)
    training.own_test_set = lambda _: two  # type: ignore[assignment]
    training.published_test_set = lambda: two  # type: ignore[assignment]
    examining.examined = partial(examining.examined, n=40, n_exact=0)  # type: ignore[assignment]
    examining.N_REFERENCE = 40
    torch.set_num_threads(1)


def ask(runs: Path, name: str = "mine") -> Path:
    """Let a training wait in a folder of runs."""
    (runs / PLACES_FOLDER).mkdir(parents=True, exist_ok=True)
    return start_training(runs, Request(name, EPOCHS, RECIPE, "me"))


class Fault:
    """What befalls the nth call, before or after it is done: a cut, or an error for this call and all later ones.

    error: an errno, or None for a cut. A full disk has the room of what the training has spared.
    """

    def __init__(self, number: int, after: bool = False, error: int | None = None):
        self.number, self.after, self.error = number, after, error
        self.calls = 0
        self.spared = False

    def befall(self) -> None:
        """Replace the calls of the system in this process."""
        for name in CALLS:
            setattr(os, name, self._faulty(getattr(os, name)))

    def _faulty(self, call: Callable[..., object]) -> Callable[..., object]:
        name = call.__name__

        def faulty(*arguments: object, **named: object) -> object:
            self.calls += 1
            due = self.calls == self.number
            if self.error is None:
                if due and not self.after:
                    os._exit(CUT)
                try:
                    return call(*arguments, **named)
                finally:
                    if due:
                        os._exit(CUT)
            if self.calls >= self.number and name not in ("unlink", "rename") and not self.spared:
                raise OSError(self.error, os.strerror(self.error))
            if name == "unlink" and str(arguments[0]).endswith(SPARE):
                self.spared = self.error == errno.ENOSPC
            return call(*arguments, **named)

        return faulty


def in_child(act: Callable[[], object], is_told: bool = False) -> int:
    """Do something in a fork of this process, and return its exit code; is_told: whether an error is printed."""
    errors = os.dup(sys.stderr.fileno())  # a training turns its own to its log
    child = os.fork()
    if child == 0:
        code = 1
        try:
            act()
            code = 0
        except BaseException:
            if is_told:
                os.write(errors, traceback.format_exc().encode())
        os._exit(code)
    os.close(errors)
    status = os.waitpid(child, 0)[1]
    return os.waitstatus_to_exitcode(status)


def process_on(runs: Path) -> None:
    """Do what the process of a training does."""
    sys.argv = ["core.jobs", str(runs), "1"]
    process.main()


def work(runs: Path, fault: Fault | None = None) -> int:
    """Do what the process of a training does, in a fork, and return its exit code."""

    def act() -> None:
        if fault is not None:
            fault.befall()
        process_on(runs)

    return in_child(act)


def calls_of(act: Callable[[], object], counted: Path) -> int:
    """Return how many calls of the system something makes that a fault could befall."""
    fault = Fault(10**9)

    def count() -> None:
        fault.befall()
        act()
        counted.write_text(str(fault.calls))

    code = in_child(count, is_told=True)
    assert code == 0, f"what is counted ended with the exit code {code}"
    return int(counted.read_text())


def same_map(first: Path, second: Path) -> bool:
    """Say whether the weights of two trainings' maps are the same, bit for bit."""
    one, other = (load_file(folder / f"{folder.name}.safetensors") for folder in (first, second))
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def told(folder: Path) -> Progress | str:
    """Return the progress of a training, or the sentence on why it cannot be read."""
    try:
        return read_progress(folder)
    except ValueError as error:
        return str(error)
