"""From the experiment to the inverse problem on screen, and the trajectories kept for its landscape."""

import threading
from functools import lru_cache

import numpy as np

from core.fitzhugh_nagumo import PARAMETER_NAMES
from core.objective import Problem, TrajectoryStore, trajectory_store
from core.published import SAMPLING_INTERVAL, full_prior
from dashboard.observation import Observation
from dashboard.state import Experiment

N_GRID = 100
MOST_STEPS = 2e8  # of all trajectories of a grid together: about a second on two cores
LEAST_SIGMA = 0.001  # ms; the loss divides by it
_lock = threading.Lock()  # two sessions that ask for the same grid compute it once


def problem_of(experiment: Experiment, observation: Observation) -> Problem:
    """Return the inverse problem on screen: two unknown parameters, the others known, with the noise of the sliders."""
    return Problem(
        observation.data,
        observation.times,
        experiment.axes,
        experiment.parameters,
        max(experiment.sigma, LEAST_SIGMA) / SAMPLING_INTERVAL,
        observation.correlation(experiment.rho) if experiment.misfit == "ar1" else 0.0,
        full_prior(),
        experiment.regularised,
    )


def affordable(n: int, gamma: float, t_end: float) -> int:
    """Return how many points a side a grid can have, n at most, to be simulated in about a second."""
    steps = 3 * gamma * t_end  # of one trajectory
    return max(15, min(n, round((MOST_STEPS / steps) ** 0.5)))


@lru_cache(maxsize=3)
def _store(axes: tuple[str, str], known: tuple[float, ...], times: bytes) -> TrajectoryStore:
    grid = np.frombuffer(times)
    prior = full_prior()
    gamma = prior.upper[3] if "gamma" in axes else known[3]
    return trajectory_store(axes, known, grid, prior, affordable(N_GRID, gamma, grid[-1]))


def store(problem: Problem) -> TrajectoryStore:
    """Return the grid's trajectories, kept while only the data, the noise or the unknown parameters move."""
    axes = (problem.unknown[0], problem.unknown[1])
    with _lock:
        return _store(axes, _known(problem, axes), problem.times.tobytes())


def _known(problem: Problem, axes: tuple[str, str]) -> tuple[float, ...]:
    return tuple(0.0 if name in axes else problem.known[i] for i, name in enumerate(PARAMETER_NAMES))
