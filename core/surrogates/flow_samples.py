"""The training data of the flow map: states that trajectories visit, moved a little, and the states after them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.surrogates.neuron import INTERVAL, TIMES, trajectories, wide_draws

STATES_A_TRAJECTORY = 20
EARLY_SAMPLES = 25  # one state of each trajectory is among its first 5 ms, on the way from rest
MOVED_SHARE, MOVED_SD = 0.5, 0.05  # share of states that are moved off their trajectory, and how far
TRAJECTORIES_AT_ONCE = 1000

Array = NDArray[np.float64]


class FlowSamples(NamedTuple):
    """Values of θ, (n, 2), and states (u, v) at the start of each of k steps and at the end, (n, k + 1, 2)."""

    theta: Array
    states: Array


def flow_samples(n_trajectories: int, n_steps: int, rng: np.random.Generator) -> FlowSamples:
    """Draw states of n trajectories over the published window, and integrate some steps from each."""
    found = []
    times = INTERVAL * np.arange(n_steps + 1)
    for theta in np.array_split(wide_draws(n_trajectories, rng), -(-n_trajectories // TRAJECTORIES_AT_ONCE)):
        which = rng.integers(0, TIMES.size, (len(theta), STATES_A_TRAJECTORY))
        which[:, 0] = rng.integers(0, EARLY_SAMPLES, len(theta))
        starts = np.take_along_axis(trajectories(theta), which[..., None], axis=1)
        moved = rng.random(which.shape) < MOVED_SHARE
        starts = starts + moved[..., None] * rng.normal(0.0, MOVED_SD, starts.shape)
        repeated = np.repeat(theta[:, None], STATES_A_TRAJECTORY, axis=1)
        later = trajectories(repeated, times, starts)
        found.append((repeated.reshape(-1, theta.shape[1]), later.reshape(-1, *later.shape[2:])))
    return FlowSamples(*(np.concatenate(parts) for parts in zip(*found, strict=True)))
