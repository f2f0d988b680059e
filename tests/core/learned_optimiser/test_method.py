"""The learned optimiser as a method: its path, its cost, and how often it finds the global minimum."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from core.learned_optimiser import method
from core.learned_optimiser.kind import LEARNED
from core.learned_optimiser.method import BUDGET, learned_path
from core.learned_optimiser.recipe import ANYWHERE, StepsRecipe
from core.learned_optimiser.steps import LearnedSteps
from core.learned_optimiser.store import load_steps
from core.noise import Noise
from core.optimisation.methods import path_of
from core.optimisation.minima import map_estimate
from core.optimisation.path import Ending
from core.problem.problem import Problem
from core.published import time_grid
from tests.core.learned_optimiser.problems import TASK, problem, starts, traces
from tests.core.optimisation.objectives import LeastSquares, is_sound

N = 20


@pytest.fixture(scope="module")
def runs():
    torch.set_num_threads(1)
    data, _ = traces(N)
    steps = load_steps(ANYWHERE)
    return [
        (problem(data, i), start, learned_path(problem(data, i), start, steps)) for i, start in enumerate(starts(N))
    ]


def test_paths_are_sound(runs):
    for each, start, path in runs:
        is_sound(each, path, LEARNED, start)
        assert path.evaluations[-1] <= BUDGET + 1  # an end close to an edge is tried on it
        assert path.losses[-1] == path.losses.min()


def test_most_starts_lead_to_the_global_minimum(runs):
    """Of 500 other traces 97 % do; fewer than 15 of 20 would then be a chance of one in ten million."""
    reached = [
        path.losses[-1] < float(each.loss(map_estimate(each).mean[0], each.step)) + 0.5 for each, _, path in runs
    ]
    assert sum(reached) >= 15


def test_each_evaluation_is_one_simulation_of_the_residuals(monkeypatch):
    torch.set_num_threads(1)
    data, _ = traces(1)
    asked, plain = [], Problem.residuals
    monkeypatch.setattr(Problem, "residuals", lambda self, unknown: asked.append(unknown) or plain(self, unknown))
    path = learned_path(problem(data, 0), starts(1)[0], load_steps(ANYWHERE))
    assert path.evaluations[-1] - len(asked) in (0, 1)  # the loss alone, where an end close to an edge is tried on it
    steps = len(load_steps(ANYWHERE).steps)
    assert_array_equal(path.evaluations[: steps + 1], np.arange(1, steps + 2))


def linear(centre):
    """Return a problem whose residual is linear in two unknowns, with the values of a trace and the prior's."""
    matrix = np.random.default_rng(5).normal(size=(1002, 2))
    return LeastSquares(
        [[-2.0, 3.0], [-1.0, 4.0]],
        lambda x: (x - centre) @ matrix.T + np.random.default_rng(6).normal(size=1002),
        lambda x: np.broadcast_to(matrix, (*x.shape[:-1], 1002, 2)),
        lambda x: np.zeros((*x.shape[:-1], 1002, 2, 2)),
    )


def test_after_steps_that_have_learnt_nothing_gauss_newton_ends_a_linear_problem():
    """Its damping of 0.001 leaves that share of the first step, and a further eighth of it after each."""
    torch.set_num_threads(1)
    task, centre = linear(np.array([0.7, 1.3])), np.array([0.7, 1.3])
    expected = centre - np.linalg.lstsq(task.jacobian(centre), task.residuals(centre), rcond=None)[0]
    steps, noise = LearnedSteps(TASK, StepsRecipe("", 2, 8, 0, 0)), np.array([[0.8, 0.35]])
    path = path_of("any", lambda run: method._run(run, steps, noise), task, (-1.0, 3.0))
    assert path.ending == Ending.CONVERGED
    assert_allclose(path.positions[-1], expected, atol=1e-5)
    assert path.evaluations[-1] <= 6


def test_a_problem_of_another_kind_is_refused_in_a_sentence():
    data, _ = traces(1)
    each = problem(data, 0)
    steps = LearnedSteps(TASK, StepsRecipe("", 1, 8, 0, 0))
    for other in (
        each.with_noise(Noise(0.0, 0.35)),
        each.with_flat_prior(),
        Problem.of_trace(
            each.model, each.data[:500], time_grid(100, 500), each.unknown, each.known, *each.noise, each.prior
        ),
        Problem.of_trace(
            each.model, each.data, each.times, each.unknown, {"zeta": -0.5, "gamma": 3.0}, *each.noise, each.prior
        ),
    ):
        with pytest.raises(ValueError, match=f"^{LEARNED} know the published problem alone, and .* differ\\.$"):
            learned_path(other, (0.4, 0.4), steps)
