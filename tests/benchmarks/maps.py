"""How long the page Inverse map takes to open with 600 maps in the folder of runs, beside five.

Run as `python -m tests.benchmarks.maps`. Both folders hold copies of one shipped map under names of their own.
Cold: none of them was read before; the shipped maps are loaded, as they are when a server has started.
"""

import json
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from core.maps.inverse_map import PRETRAINED
from dashboard import maps as registry
from dashboard.pictures import results
from dashboard.pictures.inverse_map import picture
from dashboard.scene.experiment import Experiment
from dashboard.scene.scene import Scene
from tests.benchmarks.record import Record, output_path

FEW, MANY = 5, 600
SETTINGS = {"maps": [FEW, MANY], "copies_of": "cnn-noisy", "openings": 9, "steps_of_a_drag": 10, "listings": 50}


def make_runs(folder: Path, n: int) -> Path:
    """Fill a folder with the maps of n trainings, each a second younger than the last."""
    shipped = PRETRAINED / f"{SETTINGS['copies_of']}.safetensors"
    for i in range(n):
        name = f"my-map-{i + 1:03d}"
        weights = folder / name / f"{name}.safetensors"
        weights.parent.mkdir(parents=True)
        shutil.copyfile(shipped, weights)
        shutil.copyfile(shipped.with_suffix(".json"), weights.with_suffix(".json"))
        os.utime(weights, (1_700_000_000 + i,) * 2)
    return folder


def started() -> Experiment:
    """Return the experiment with which a session starts, which names the newest maps."""
    return Experiment(own_maps=",".join(registry.chosen("")))


def opened() -> str:
    """Return what the page Inverse map sends to a browser that opens it."""
    return sent(started(), False)


def sent(experiment: Experiment, dragging: bool) -> str:
    """Return what the page sends to a browser."""
    return json.dumps(picture(Scene(experiment, experiment, dragging)).as_json())


def forget_own_maps() -> None:
    """Forget all results and all maps but the shipped ones."""
    results.forget()
    for path, stamp in list(registry._loaded_maps):
        if PRETRAINED not in path.parents:
            del registry._loaded_maps[path, stamp]


def milliseconds(act: Callable[[], object]) -> float:
    """Return how long an act takes."""
    start = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - start)


def resident_mb() -> float:
    """Return the largest resident memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def note_sizes(record: Record, folders: dict[int, Path]) -> None:
    """Note what opening the page costs in memory, and what it sends."""
    opened()  # loads what the process needs for its first picture
    settled, dragged = {}, {}
    for n, folder in folders.items():
        registry.use_runs(folder)
        forget_own_maps()
        loaded = registry._loaded_maps.currsize
        settled[n], dragged[n] = len(opened()), len(sent(started(), True))
        record.note(f"{n} maps: own maps in memory", (registry._loaded_maps.currsize - loaded) / 1e6, "MB")
        record.note(f"{n} maps: sent to the browser", settled[n] / 1e3, "kB")
    record.note(f"sent with {MANY} maps, in what is sent with {FEW}", settled[MANY] / settled[FEW], most=1.1)
    record.note("the same while a control is dragged", dragged[MANY] / dragged[FEW], most=1.01)


def note_times(record: Record, folders: dict[int, Path]) -> None:
    """Note how long the page takes to open, with few and with many maps in turn."""
    times: dict[tuple[str, int], list[float]] = {}
    for _ in range(SETTINGS["openings"]):
        for n, folder in folders.items():
            registry.use_runs(folder)
            forget_own_maps()
            times.setdefault(("cold", n), []).append(milliseconds(opened))
            times.setdefault(("warm", n), []).append(milliseconds(opened))
            experiment = started()
            for _ in range(SETTINGS["steps_of_a_drag"]):
                times.setdefault(("under the hand", n), []).append(milliseconds(partial(sent, experiment, True)))
    for state in ("cold", "warm", "under the hand"):
        few, many = (float(np.median(times[state, n])) for n in (FEW, MANY))
        record.note(f"{FEW} maps, {state}: median", few, "ms")
        record.note(f"{MANY} maps, {state}: median", many, "ms")
        record.note(f"{state}: time with {MANY} maps, in that with {FEW}", many / few, most=1.2)


def main() -> None:
    """Measure, print and store."""
    out = output_path("maps", __doc__ or "")
    record = Record("maps", SETTINGS)
    with tempfile.TemporaryDirectory() as folder:
        folders = {n: make_runs(Path(folder) / str(n), n) for n in (FEW, MANY)}
        note_sizes(record, folders)
        note_times(record, folders)
        times = [milliseconds(registry.own_maps) for _ in range(SETTINGS["listings"])]
        record.note(f"listing {MANY} maps: median", float(np.median(times)), "ms", most=5)
        record.note("largest resident memory of the process", resident_mb(), "MB")
    record.save(out)


if __name__ == "__main__":
    main()
