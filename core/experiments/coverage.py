"""How often the regions of a shipped map hold the truth, on traces whose seeds nothing else uses."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from core.experiments.context import Context, records
from core.experiments.limit import MASSES
from core.experiments.records import Key, Measurement
from core.maps.card import freedom
from core.maps.dataset import TEST_STREAM, Dataset, make_dataset
from core.maps.inverse_map import load_inverse_map
from core.maps.task import Task
from core.metrics import squared_distances
from core.published import SAMPLING_INTERVAL, time_grid
from core.regions import credibilities

N_FRESH = 4000  # traces of each set
CHUNK = 500  # traces
COVERAGE_SEED = 4  # second entry of the seed sequence

Make = Callable[[int], Dataset]  # returns the chunk of a set of traces that begins with this trace


def n_fresh(context: Context) -> int:
    """Return how many traces of each set a run uses."""
    return CHUNK if context.quick else N_FRESH


def fresh_chunk(task: Task, n_times: int, seeds: tuple[int, int], first: int) -> Dataset:
    """Return CHUNK traces of a task with n_times samples, from trace number first on.

    seeds: of the experiment and of the set of traces.
    """
    rng = np.random.default_rng([TEST_STREAM, COVERAGE_SEED, *seeds, first])
    return make_dataset(task, CHUNK, time_grid(n_times * SAMPLING_INTERVAL, n_times), rng)


def _distances(name: str, make: Make, first: int) -> dict[str, Any]:
    """Return the squared distances of the truths from a map's estimates, in units of its covariances."""
    found, data = load_inverse_map(name), make(first)
    estimate = found.predict(data.noisy, data.given if data.given.size else None)
    assert estimate.covariance is not None, "a map without regions has no coverage"
    distances = squared_distances(data.truth(found.recipe.task) - estimate.mean, estimate.covariance)
    return {"squared_distances": distances.tolist()}


def coverage(name: str, sets: Mapping[str, Make], context: Context) -> list[Measurement]:
    """Return the shares of truths in a map's 50 % and 90 % regions; compute what is not stored yet.

    sets: of fresh traces, by the regime in the keys.
    """
    n = n_fresh(context)
    loaded, found = load_inverse_map(name), []
    for regime, make in sets.items():
        tasks = {f"{loaded.fingerprint}-{regime}-{first}": (first,) for first in range(0, n, CHUNK)}
        chunks = records(partial(_distances, name, make), tasks, context, "coverage")
        distances = np.concatenate([chunks[key]["squared_distances"] for key in tasks])
        inside = credibilities(distances, len(loaded.parameter_names), freedom(loaded.card))
        shares = {mass: float(np.mean(inside < mass)) for mass in MASSES}
        found += [Measurement(Key(name, "coverage", "", regime, at=mass), share) for mass, share in shares.items()]
    return found
