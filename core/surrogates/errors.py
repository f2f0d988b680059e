"""Measures of a surrogate's trajectories beside the solver's: errors over time, of spike times, and by place."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.models.fitzhugh_nagumo.equations import rates
from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.models.model import Model
from core.published import with_constants
from core.surrogates.neuron import INTERVAL, trajectories

Array = NDArray[np.float64]

PLACES = ("rise", "active-branch", "upper-knee", "fall", "recovery-branch", "lower-knee")  # in the order of a cycle
FAST = 1.0  # |du/dt| in 1/ms, above which a state is on its way between the slow branches
KNEE = 1.4  # |u| on a slow branch below which its knee is near, which lies at |u| = 1
WAIT_MS = 60.0  # until the delay that a step leaves is measured: some cycles


def relative_error(u: ArrayLike, truth: ArrayLike) -> Array:
    """Return the root of the sum of squared errors over that of the truth, (...), for potentials (..., n_times)."""
    u, truth = np.asarray(u, dtype=float), np.asarray(truth, dtype=float)
    return np.asarray(np.linalg.norm(u - truth, axis=-1) / np.linalg.norm(truth, axis=-1))


def spike_times(u: ArrayLike, times: ArrayLike, most: int, level: float = FITZHUGH_NAGUMO.spike_level) -> Array:
    """Return when potentials, (n, n_times), rise through a level, (n, most) in ms, NaN where there are fewer spikes.

    Times between samples are interpolated linearly.
    """
    u, times = np.asarray(u, dtype=float), np.asarray(times, dtype=float)
    found = np.full((len(u), most), np.nan)
    rows, before = np.nonzero((u[:, :-1] <= level) & (u[:, 1:] > level))
    number = np.arange(rows.size) - np.searchsorted(rows, rows)
    kept = number < most
    rows, before, number = rows[kept], before[kept], number[kept]
    low, high = u[rows, before], u[rows, before + 1]
    found[rows, number] = times[before] + (level - low) / (high - low) * (times[before + 1] - times[before])
    return found


def places(states: Array) -> NDArray[np.int64]:
    """Return the place in the cycle, (...), as an index of `PLACES`, of states (..., n_times, 2) a step apart."""
    u = states[..., 0]
    rate = np.gradient(u, INTERVAL, axis=-1)
    branch = np.where(u > 0, 1, 4) + (np.abs(u) < KNEE)
    return np.select([rate > FAST, rate < -FAST], [0, 3], branch)


def one_step(flow: Model, theta: Array, states: Array) -> Array:
    """Return where a flow map leads within one step, (..., 2), from states (..., 2) of neurons θ (..., 2)."""
    return np.asarray(flow.simulate(theta, (0.0, INTERVAL), states)[..., 1, :])


def delays(theta: Array, exact: Array, moved: Array) -> Array:
    """Return by how many ms a spiking neuron is late, (n,), from states moved a little, (n, 2), instead of exact ones.

    The solver follows both for some cycles. Then the cycle's attraction has left of x only its phase, and at the speed
    dx/dt the delay is −Δx · dx/dt / |dx/dt|², to the first order of the move.
    """
    later, there = (trajectories(theta, (0.0, WAIT_MS), each)[:, 1] for each in (exact, moved))
    speed = rates(later, with_constants(theta))
    return np.asarray(-np.sum((there - later) * speed, axis=1) / np.sum(speed**2, axis=1))
