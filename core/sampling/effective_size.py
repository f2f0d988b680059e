"""How many independent draws a run of correlated ones is worth, by batch means."""

import numpy as np

from core.optimisation.objective_protocol import Array

BATCHES = 30


def standard_error(series: Array, batches: int = BATCHES) -> Array:
    """Return the standard error of the mean of a stationary series, (k, ...), over time, as (...).

    It comes from the means of batches, which are nearly independent where a batch is many correlation times long.
    Raises ValueError for a series that is shorter than the number of batches.
    """
    if len(series) < batches:
        raise ValueError(f"A series of {len(series)} has no {batches} batches: let it run for longer.")
    length = len(series) // batches
    means = series[len(series) - batches * length :].reshape(batches, length, *series.shape[1:]).mean(axis=1)
    return np.asarray(means.std(axis=0, ddof=1) / np.sqrt(batches))


def effective_size(positions: Array) -> Array:
    """Return for each unknown the number of independent draws, (p,), whose mean is as accurate as that of a run.

    positions: (k, n, p), of n particles, which may depend on each other, at k times.
    """
    errors = standard_error(positions.mean(axis=1))
    variances = positions.reshape(-1, positions.shape[-1]).var(axis=0)
    return np.asarray(variances / np.maximum(errors, 1e-300) ** 2)
