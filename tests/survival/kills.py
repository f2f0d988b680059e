"""Processes and servers that are killed at random moments, as real processes on a real folder."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from core.files import read_json
from core.jobs import queue
from core.jobs.folder import CHECKPOINT, has_map
from core.jobs.progress import State, read_progress
from core.jobs.request import Request
from core.jobs.runs import start_training
from core.learning.checkpoint import load_checkpoint
from core.learning.training_settings import Adam, Cnn
from core.maps.recipe_file import recipe_as_json
from core.maps.recipes import point_recipe, published_task
from tests.browser.lab import ROOT, free_port, listens
from tests.processes import kill_processes_of, processes_of
from tests.survival.harness import same_map

SHORT = recipe_as_json(point_recipe(published_task(), Cnn(), 200, Adam(40)))
LONG = recipe_as_json(point_recipe(published_task(), Cnn(), 4000, Adam(1000)))
LOOK_SECONDS = 0.05
MOST_SECONDS = 300.0  # for a training to end: many times what any takes


def begin(runs: Path, name: str, recipe: dict[str, object]) -> Path:
    """Start a training with a process of its own, and return its folder."""
    epochs = recipe["optimiser"]["epochs"]  # type: ignore[index]
    folder = start_training(runs, Request(name, epochs, recipe))
    queue.tend(runs, 1)
    return folder


def ended(runs: Path, folder: Path) -> bool:
    """Wait until a training has ended, seeing to the queue; say whether it did in time."""
    start = time.monotonic()
    while not read_progress(folder).state.ended:
        if time.monotonic() - start > MOST_SECONDS:
            return False
        queue.tend(runs, 1)
        time.sleep(LOOK_SECONDS)
    return True


def of_processes(folder: Path, times: int, seed: int) -> Iterator[str]:
    """Kill the process of a training at a random moment, so many times; yield what is wrong after it went on."""
    runs, rng = folder / "killed", np.random.default_rng(seed)
    runs.mkdir()
    start = time.monotonic()
    whole = begin(runs, "whole", SHORT)
    if not ended(runs, whole):
        yield "the undisturbed training did not end"
        return
    took = time.monotonic() - start
    for number in range(times):
        moment = rng.uniform(0, took)
        killed = begin(runs, f"killed-{number}", SHORT)
        time.sleep(moment)
        kill_processes_of(runs)
        if not ended(runs, killed):
            yield f"kill after {moment:.2f} s: it did not end"
        elif read_progress(killed).state is not State.FINISHED:
            yield f"kill after {moment:.2f} s: it ends as {read_progress(killed).state}"
        elif not same_map(killed, whole):
            yield f"kill after {moment:.2f} s: its weights are others"


def seconds_lost(folder: Path, times: int, seed: int) -> list[float]:
    """Kill a long training at random moments of its third half minute; return the seconds of training that are lost."""
    runs, rng, lost = folder / "lost", np.random.default_rng(seed), []
    runs.mkdir()
    for number in range(times):
        killed = begin(runs, f"long-{number}", LONG)
        while not read_progress(killed).done:
            time.sleep(LOOK_SECONDS)
        time.sleep(rng.uniform(30, 60))
        kill_processes_of(runs)
        done = read_progress(killed).seconds
        kept = load_checkpoint(killed / CHECKPOINT, read_json(killed / "request.json")["recipe"])
        lost.append(done - (0.0 if kept is None else kept.seconds))
        (killed / "pause").touch()
    return lost


@contextmanager
def killed_server(runs: Path) -> Iterator[str]:
    """Start the laboratory on a folder of runs, give its address, and kill it at the end as no program can refuse."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "dashboard", "--port", str(port), "--runs", str(runs), "--trainings", "1"],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while not listens(port):
            time.sleep(LOOK_SECONDS)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def of_servers(folder: Path, times: int, seed: int) -> Iterator[str]:
    """Kill the server at a random moment of a training that it has started, so many times; yield what is wrong."""
    runs, rng = folder / "served", np.random.default_rng(seed)
    runs.mkdir()
    for number in range(times):
        name, moment = f"served-{number}", rng.uniform(0, 15)
        with killed_server(runs):
            epochs = SHORT["optimiser"]["epochs"]
            served = start_training(runs, Request(name, epochs, SHORT))
            time.sleep(moment)
        state, at_work = read_progress(served).state, len(processes_of(runs))
        if state.at_work and at_work != 1:
            yield f"server killed after {moment:.2f} s: {at_work} processes are at work"
        with killed_server(runs):
            start = time.monotonic()
            while not read_progress(served).state.ended and time.monotonic() - start < MOST_SECONDS:
                time.sleep(LOOK_SECONDS)
        if read_progress(served).state is not State.FINISHED or not has_map(served):
            yield f"server killed after {moment:.2f} s: it ends as {read_progress(served).state}"
