"""How the server bears a class: thirty sessions at once and more, each with changes of its own, beside a training."""

import asyncio
import json
import math
import tempfile
import time
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.jobs.progress import read_progress
from core.jobs.request import Request
from core.jobs.runs import start_training, stop_training
from core.learning.training_settings import Adam, Cnn
from core.maps.recipe_file import recipe_as_json
from core.maps.recipes import point_recipe, published_task
from dashboard import live_route
from dashboard.scene.address import to_address
from dashboard.scene.experiment import Experiment
from dashboard.scene.holdings import Holdings, keep
from tests.benchmarks.load_session import Session
from tests.benchmarks.record import Record, output_path
from tests.browser.lab import serve

SETTINGS = {
    "sessions": 30,
    "more_sessions": [60, 100],
    "steps_a_second": 10,
    "seconds_between_changes": 2,
    "seconds_between_changes_on_uncertainty": 4,
    "seconds": 60,
    "seconds_of_more_sessions": 30,
    "steps_for_processor_time": 200,
}
MIX = ("landscape", "inverse_map", "uncertainty")
# A step of each control: page, field, its range, and the processor's time that it may take in ms.
STEPS = (
    ("neuron", "theta0", 0.2, 0.8, 2.5),
    ("landscape", "candidate_theta0", 0.2, 0.8, None),
    ("landscape", "zeta", -0.6, -0.2, 60),
)


def processor_times(record: Record) -> None:
    """Note the processor's time of a step of the route: reading, computing and writing."""
    key, address = keep(Holdings()), to_address(Experiment())
    for page, field, low, high, most in STEPS:
        spent = []
        drawn: dict[str, int] = {}
        for i in range(SETTINGS["steps_for_processor_time"]):
            changes = {field: low + (high - low) * (0.5 + 0.5 * np.sin(i / 7))}
            asked = {"page": page, "key": key, "address": address, "changes": changes, "drawn": drawn}
            start = time.process_time()
            answer = json.dumps(live_route.answer(live_route.read(json.dumps(asked).encode())))
            spent.append(1000 * (time.process_time() - start))
            for stage in json.loads(answer)["stages"].values():
                drawn |= {plot["id"]: plot["skeleton"] for plot in stage["plots"] if "skeleton" in plot}
        record.note(f"processor time of a step, {page}, {field}", float(np.median(spent)), "ms", most=most)


class Waits:
    """How long visitors waited, in s: for a picture under the hand, and for the page after they let go."""

    def __init__(self) -> None:
        self.pictures: list[float] = []
        self.pages: list[float] = []
        self.errors: list[str] = []


Visit = Callable[[Session, Waits, float, float], Coroutine[Any, Any, None]]


async def dragging(session: Session, waits: Waits, start: float, seconds: float) -> None:
    """Drag θ₀ without a rest; as in the browser, a step is asked for when the last one is there."""
    period = 1 / SETTINGS["steps_a_second"]
    while (now := time.perf_counter()) < start + seconds:
        step = max(0, math.ceil((now - start) / period))
        await asyncio.sleep(max(0.0, start + step * period - now))
        waits.pictures.append(await session.look({"theta0": 0.5 + 0.3 * math.sin(step / 5)}))


def changing(period: float) -> Visit:
    """Return a visit that moves θ₀ once in every period: a picture under the hand, then the page at the release."""

    async def visit(session: Session, waits: Waits, start: float, seconds: float) -> None:
        for step in range(int(seconds / period)):
            await asyncio.sleep(max(0.0, start + step * period - time.perf_counter()))
            change = {"theta0": round(0.4 + 0.2 * math.sin(step + 1), 3)}
            waits.pictures.append(await session.look(change))
            waits.pages.append(await session.settle(change))

    return visit


async def class_of(url: str, pages: list[str], visit: Visit, seconds: float) -> Waits:
    """Return how long sessions waited, one for each of the pages, with an experiment of its own each."""
    waits = Waits()
    sessions = []
    for number, page in enumerate(pages):
        experiment = replace(Experiment(), theta0=0.3 + 0.002 * number, seed=100 + number)
        sessions.append(Session(url, page, to_address(experiment)))
        await sessions[-1].open()
    start = time.perf_counter() + 0.5

    async def watched(session: Session, number: int) -> None:
        try:
            await visit(session, waits, start + number * 1.7 / len(pages), seconds)
        except Exception as error:  # an answer that is no picture, or a page that ended in an error
            waits.errors.append(f"{session.page}: {error!r}")

    await asyncio.gather(*(watched(session, number) for number, session in enumerate(sessions)))
    for session in sessions:
        await session.close()
    return waits


def note(record: Record, what: str, waits: Waits, most: float | None) -> None:
    """Note the median and the 95 % quantile of what visitors waited, and how many ended in an error."""
    for kind, seconds in (("a picture", waits.pictures), ("the page after a release", waits.pages)):
        if seconds:
            waited = 1000 * np.array(seconds)
            record.note(f"{what}: median wait for {kind}", float(np.median(waited)), "ms")
            record.note(f"{what}: 95 % wait for {kind} at most", float(np.quantile(waited, 0.95)), "ms", most=most)
    record.note(f"{what}: errors", len(waits.errors), most=0)
    for error in waits.errors[:3]:
        print(error)


@contextmanager
def training(runs: Path) -> Iterator[None]:
    """Train a map meanwhile."""
    recipe = recipe_as_json(point_recipe(published_task(), Cnn(), 2000, Adam(1000)))
    folder = start_training(runs, Request("meanwhile", 1000, recipe))  # the server sees to the queue
    while not read_progress(folder).done:
        time.sleep(0.1)
    yield
    assert read_progress(folder).state.at_work, "The training ended before its time."
    stop_training(folder)
    while not read_progress(folder).state.ended:
        time.sleep(0.1)


def measure(url: str, runs: Path, record: Record) -> None:
    """Hold the classes one after the other, and note how long they wait."""
    n, seconds = SETTINGS["sessions"], SETTINGS["seconds"]
    with training(runs):
        waits = asyncio.run(class_of(url, ["neuron"] * n, dragging, seconds))
    note(record, f"{n} on Neuron, {SETTINGS['steps_a_second']} steps a second each, beside a training", waits, 250)
    mixed, apart = changing(SETTINGS["seconds_between_changes"]), changing(4)
    waits = asyncio.run(class_of(url, [MIX[i % len(MIX)] for i in range(n)], mixed, seconds))
    note(record, f"{n} on Landscape, Inverse map and Uncertainty, a change every 2 s each", waits, 600)
    waits = asyncio.run(class_of(url, ["uncertainty"] * n, apart, seconds))
    note(record, f"{n} on Uncertainty, a change every 4 s each", waits, 2000)
    for many in SETTINGS["more_sessions"]:
        for what, pages, visit in (
            ("on Neuron, 10 steps a second each", ["neuron"] * many, dragging),
            ("on the three pages", [MIX[i % len(MIX)] for i in range(many)], mixed),
        ):
            waits = asyncio.run(class_of(url, pages, visit, SETTINGS["seconds_of_more_sessions"]))
            note(record, f"{many} {what}", waits, None)


def wait_until_ready(url: str) -> None:
    """Wait until the server has loaded its maps."""
    while True:
        try:
            urllib.request.urlopen(f"{url}/lab/ready").read()
            return
        except urllib.error.HTTPError:
            time.sleep(0.5)


def main() -> None:
    """Measure, print and write."""
    out = output_path("load", __doc__)
    record = Record("load", {**SETTINGS, "experiment": asdict(Experiment())})
    processor_times(record)
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder) / "runs"
        with serve(runs) as url:
            wait_until_ready(url)
            measure(url, runs, record)
    record.save(out)


if __name__ == "__main__":
    main()
