"""From the experiment to the inverse problem on screen, and the trajectories kept for its landscape."""

from collections.abc import Hashable
from dataclasses import replace

import numpy as np

from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.models.fitzhugh_nagumo.stepping import longest_step
from core.optimisation.minima import GRID_POINTS_A_SIDE, Points
from core.priors import TruncatedGaussian
from core.problem.landscape import (
    Landscape,
    Slopes,
    TrajectoryStore,
    computed_landscape,
    grid,
    landscape,
    slopes,
    store_key,
    trajectory_store,
)
from core.problem.problem import Problem
from core.published import full_prior
from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import Observation
from dashboard.scene.settings import DEFAULTS
from dashboard.shared_results import MEGABYTE, SharedResults
from dashboard.turns import Turns

N_DRAGGED = 60  # points a side, at most, of a grid that is computed anew at each step of a slider
N_SLOPES_DRAGGED = 30  # the same of a grid of gradients
SLOPE_STEPS = 3  # a step with its gradient takes as long as so many without
MOST_STEPS = 2e8  # of all trajectories of a grid together: a third of a second on two cores
MOST_STEPS_DRAGGED = 8e6
MOST_SAMPLES = 5e7  # of a grid whose trajectories are kept: 200 MB
MOST_MEGABYTES = 256.0  # of kept trajectories: six grids of 100 × 100 points, or one of 200 × 200
LEAST_POINTS = 15  # a side, whatever they cost

# One grid at a time is simulated, on all cores: thirty at once would need 1.2 GB.
_stores: SharedResults[TrajectoryStore] = SharedResults("landscapes", int(MOST_MEGABYTES * MEGABYTE), Turns(1))


def problem_of(experiment: Experiment, observation: Observation) -> Problem:
    """Return the inverse problem on screen: two unknown parameters, the others known, with the noise of the sliders."""
    return _problem(experiment, observation, experiment.axes)


def problem_of_all(experiment: Experiment, observation: Observation) -> Problem:
    """Return the inverse problem on screen with all four parameters unknown."""
    return _problem(experiment, observation, FITZHUGH_NAGUMO.parameter_names)


def _problem(experiment: Experiment, observation: Observation, unknown: tuple[str, ...]) -> Problem:
    values = dict(zip(FITZHUGH_NAGUMO.parameter_names, experiment.parameters, strict=True))
    known = {name: value for name, value in values.items() if name not in unknown}
    noise = observation.noise(experiment.rho, experiment.sigma)
    return Problem.of_trace(
        FITZHUGH_NAGUMO,
        observation.data,
        observation.times,
        unknown,
        known,
        noise if experiment.misfit == "ar1" else noise.white,
        prior_of(experiment),
    )


def prior_of(experiment: Experiment) -> TruncatedGaussian:
    """Return the published prior of all four parameters with its width on screen, or a flat one in the same box."""
    prior = full_prior()
    if not experiment.regularised:
        return prior.flat()
    return replace(prior, sd=tuple(sd * experiment.prior_width for sd in prior.sd))


def theta_problem(experiment: Experiment, observation: Observation) -> Problem:
    """Return the problem that the inverse maps solve, whatever the Landscape's axes, misfit and prior are set to."""
    published = {name: DEFAULTS[name] for name in ("misfit", "regularised", "prior_width")}
    theta = replace(experiment, axis_x="theta0", axis_y="theta1", **published)
    return problem_of(theta, observation)


def affordable(n: int, steps: float, most_steps: float = MOST_STEPS) -> int:
    """Return how many points a side a grid can have, n at most, whose trajectories take so many steps each."""
    return max(LEAST_POINTS, min(n, int((most_steps / steps) ** 0.5)))


def landscape_of(problem: Problem, n: int, released: bool) -> Landscape:
    """Return the loss on a grid of n × n points, or fewer where that would take long.

    While only the data, the noise or the unknown parameters move, the trajectories of the grid are kept, unless they
    are too many to keep. What changes them is dragged over a grid of 60 × 60 at most.
    """
    costs = _steps(problem)
    if released:
        n = affordable(n, costs)
        if n * n * problem.times.size > MOST_SAMPLES:
            return computed_landscape(problem, n)
        return landscape(problem, store(problem, n))
    kept = _stores.found(_key(problem, affordable(n, costs)))
    if kept is not None:
        return landscape(problem, kept)
    return computed_landscape(problem, affordable(min(n, N_DRAGGED), costs, MOST_STEPS_DRAGGED))


def slopes_of(problem: Problem, n: int, released: bool) -> Slopes:
    """Return the gradient of the loss on a grid of n × n points, or fewer where that would take long."""
    costs = SLOPE_STEPS * _steps(problem)
    if released:
        return slopes(problem, affordable(n, costs))
    return slopes(problem, affordable(min(n, N_SLOPES_DRAGGED), costs, MOST_STEPS_DRAGGED))


def coarse_points(problem: Problem) -> Points:
    """Return the loss on a coarse grid over the prior's box, from trajectories that are kept, or simulated once."""
    found = landscape(problem, store(problem, GRID_POINTS_A_SIDE))
    return Points(np.stack(np.meshgrid(found.x, found.y), axis=-1).reshape(-1, 2), found.loss.ravel())


def _steps(problem: Problem) -> float:
    """Return how many steps the slowest trajectory of the problem's grid is expected to take."""
    _, _, corners = grid(problem, 2)
    intervals = np.diff(problem.times)
    return float(np.sum(np.ceil(intervals / longest_step(problem.parameters(corners)) - 1e-9)))


def _key(problem: Problem, n: int) -> Hashable:
    return store_key(problem), n


def store(problem: Problem, n: int) -> TrajectoryStore:
    """Return the trajectories of an n × n grid, simulated unless they are kept."""
    return _stores.get(_key(problem, n), lambda: trajectory_store(problem, n))
