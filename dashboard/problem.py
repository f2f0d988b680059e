"""From the experiment to the inverse problem on screen, and the trajectories kept for its landscape."""

import threading
from collections.abc import Hashable
from dataclasses import replace

import numpy as np

from core.models.fitzhugh_nagumo.simulate import longest_step
from core.models.fitzhugh_nagumo.taylor import PARAMETER_NAMES
from core.problem.problem import (
    Landscape,
    Problem,
    TrajectoryStore,
    fused_landscape,
    landscape,
    parameter_grid,
    trajectory_store,
)
from core.published import SAMPLING_INTERVAL, full_prior
from dashboard.observation import Observation
from dashboard.state import Experiment

N_DRAGGED = 100  # points a side, at most, of a grid that is computed anew at each step of a slider
MOST_STEPS = 2e8  # of all trajectories of a grid together: a third of a second on two cores
MOST_STEPS_DRAGGED = 3e7
MOST_SAMPLES = 5e7  # of a grid whose trajectories are kept: 200 MB
MOST_KEPT = 3  # grids
LEAST_SIGMA = 0.001  # ms; the loss divides by it

LEAST_POINTS = 15  # a side, whatever they cost

Key = tuple[tuple[str, str], tuple[float, ...], bytes, int]
_kept: dict[Key, TrajectoryStore] = {}
_building: dict[Key, threading.Lock] = {}  # two sessions that ask for the same grid compute it once
_lock = threading.Lock()  # for a moment, while the two above change


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


def theta_problem(experiment: Experiment, observation: Observation) -> Problem:
    """Return the problem that the inverse maps solve, whatever the Landscape's axes, misfit and prior are set to."""
    theta = replace(experiment, axis_x="theta0", axis_y="theta1", misfit="ar1", regularised=True)
    return problem_of(theta, observation)


def identity(problem: Problem) -> Hashable:
    """Return what tells one problem from another: the data, the noise, what is known and how much the prior counts."""
    known = tuple(
        value for name, value in zip(PARAMETER_NAMES, problem.known, strict=True) if name not in problem.unknown
    )
    noise = (problem.marginal_sd, problem.rho)
    return problem.data.tobytes(), problem.times.tobytes(), problem.unknown, known, noise, problem.regularised


def affordable(n: int, steps: float, most_steps: float = MOST_STEPS) -> int:
    """Return how many points a side a grid can have, n at most, whose trajectories take so many steps each."""
    return max(LEAST_POINTS, min(n, int((most_steps / steps) ** 0.5)))


def landscape_of(problem: Problem, n: int, settled: bool) -> Landscape:
    """Return the loss on a grid of n × n points, or fewer where that would take long.

    While only the data, the noise or the unknown parameters move, the trajectories of the grid are kept, unless they
    are too many to keep. What changes them is dragged over a grid of 100 × 100 at most.
    """
    costs = _steps(problem)
    if settled:
        n = affordable(n, costs)
        if n * n * problem.times.size > MOST_SAMPLES:
            return fused_landscape(problem, n)
        return landscape(problem, store(problem, n))
    kept = _kept.get(_key(problem, affordable(n, costs)))
    if kept is not None:
        return landscape(problem, kept)
    return fused_landscape(problem, affordable(min(n, N_DRAGGED), costs, MOST_STEPS_DRAGGED))


def _steps(problem: Problem) -> float:
    """Return how many steps the slowest trajectory of the problem's grid is expected to take."""
    _, _, corners = parameter_grid((problem.unknown[0], problem.unknown[1]), problem.known, problem.prior, 2)
    intervals = np.diff(problem.times)
    return float(np.sum(np.ceil(intervals / longest_step(corners) - 1e-9)))


def _key(problem: Problem, n: int) -> Key:
    known = tuple(0.0 if name in problem.unknown else problem.known[i] for i, name in enumerate(PARAMETER_NAMES))
    return (problem.unknown[0], problem.unknown[1]), known, problem.times.tobytes(), n


def store(problem: Problem, n: int) -> TrajectoryStore:
    """Return the trajectories of an n × n grid, simulated unless they are kept."""
    key = _key(problem, n)
    with _lock:
        building = _building.setdefault(key, threading.Lock())
    with building:
        kept = _kept.get(key)
        if kept is None:
            kept = trajectory_store(*key[:2], problem.times, problem.prior, n)
        with _lock:
            _building.pop(key, None)
            _kept.pop(key, None)
            _kept[key] = kept  # at the end, where the last used are
            while len(_kept) > MOST_KEPT:
                _kept.pop(next(iter(_kept)))
    return kept
