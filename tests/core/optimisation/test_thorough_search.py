import numpy as np
import pytest

from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.models.fitzhugh_nagumo.simulate import simulate
from core.noise import sample_ar1
from core.optimisation.minima import coarse_grid, descend_together, find_minima
from core.optimisation.thorough_search import APART, thorough_search
from core.problem.problem import Problem
from core.published import full_prior, published_noise, time_grid

TIMES = time_grid()
NO_STARTS = np.empty((0, 4))
HIDDEN = (0.731, 0.382, -0.077, 3.467)  # its minimum is too narrow for the coarse grid


def problem_of(parameters, seed):
    noise = sample_ar1(0.8, 0.35, TIMES.size, np.random.default_rng(seed))
    data, prior = simulate(parameters, TIMES)[:, 0] + noise, full_prior()
    return Problem.of_trace(FITZHUGH_NAGUMO, data, TIMES, prior.names, {}, published_noise(), prior)


@pytest.mark.parametrize("parameters", [HIDDEN, (0.342, 0.505, -0.023, 4.235)])
def test_it_finds_the_minimum_beside_the_truth(parameters):
    """The ends are within 1 of where descents from the truth lead: two standard deviations at most, in one valley."""
    problem = problem_of(parameters, 0)
    beside = descend_together(problem, np.array([parameters]), 60).losses[0]
    found = thorough_search(problem, NO_STARTS)
    assert found.losses[0] <= beside + 1
    assert np.all(np.diff(found.losses) >= 0)
    assert np.all((found.positions >= problem.bounds[:, 0]) & (found.positions <= problem.bounds[:, 1]))
    apart = np.abs(found.positions[:, None] - found.positions) / np.ptp(problem.bounds, axis=1)
    assert np.min(apart.max(axis=2) + np.eye(len(found.losses))) > APART


def test_the_coarse_grid_alone_does_not():
    problem = problem_of(HIDDEN, 0)
    beside = descend_together(problem, np.array([HIDDEN]), 60).losses[0]
    assert find_minima(problem, coarse_grid(problem)).losses[0] > beside + 5


def test_starts_are_searched_too(monkeypatch):
    """With a search that is far too short, a start at the truth alone leads to the minimum."""
    for name, few in (("SOBOL_POINTS", 16), ("STARTS", 4), ("GENERATIONS", 0)):
        monkeypatch.setattr(f"core.optimisation.thorough_search.{name}", few)
    problem = problem_of(HIDDEN, 0)
    beside = descend_together(problem, np.array([HIDDEN]), 60).losses[0]
    assert thorough_search(problem, NO_STARTS).losses[0] > beside + 5
    assert thorough_search(problem, np.array([HIDDEN])).losses[0] <= beside + 1
