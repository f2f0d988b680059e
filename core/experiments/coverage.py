"""How often the regions of a shipped map hold the truth, on traces whose seeds nothing else uses."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from core.experiments.context import Context, records
from core.experiments.limit import MASSES
from core.experiments.records import Key, Measurement
from core.maps.dataset import TEST_STREAM, Dataset, make_dataset
from core.maps.inverse_map import load_inverse_map
from core.maps.task import Task
from core.published import SAMPLING_INTERVAL, time_grid

N_FRESH = 4000  # traces of each set
CHUNK = 500  # traces
COVERAGE_SEED = 4  # second entry of the seed sequence

Make = Callable[[int], Dataset]  # returns the chunk of a set of traces that begins with this trace


def fresh_chunk(task: Task, n_times: int, seeds: tuple[int, int], first: int) -> Dataset:
    """Return CHUNK traces of a task with n_times samples, from trace number first on.

    seeds: of the experiment and of the set of traces.
    """
    rng = np.random.default_rng([TEST_STREAM, COVERAGE_SEED, *seeds, first])
    return make_dataset(task, CHUNK, time_grid(n_times * SAMPLING_INTERVAL, n_times), rng)


def _credibilities(name: str, make: Make, first: int) -> dict[str, Any]:
    """Return the probabilities of a map's regions with the truths on their edges."""
    found, data = load_inverse_map(name), make(first)
    estimate = found.predict(data.noisy, data.given if data.given.size else None)
    return {"credibilities": estimate.credibilities(data.truth(found.recipe.task)).tolist()}


def coverage(name: str, sets: Mapping[str, Make], context: Context) -> list[Measurement]:
    """Return the shares of truths in a map's 50 % and 90 % regions; compute what is not stored yet.

    sets: of fresh traces, by the regime in the keys.
    """
    n = CHUNK if context.quick else N_FRESH
    version = load_inverse_map(name).fingerprint
    found = []
    for regime, make in sets.items():
        tasks = {f"{version}-{regime}-{first}": (first,) for first in range(0, n, CHUNK)}
        chunks = records(partial(_credibilities, name, make), tasks, context, "coverage")
        inside = np.concatenate([chunks[key]["credibilities"] for key in tasks])
        shares = {mass: float(np.mean(inside < mass)) for mass in MASSES}
        found += [Measurement(Key(name, "coverage", "", regime, at=mass), share) for mass, share in shares.items()]
    return found
