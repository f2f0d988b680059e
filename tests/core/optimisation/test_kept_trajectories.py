from dataclasses import replace

import numpy as np
import pytest

from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.noise import Noise
from core.optimisation import kept_trajectories
from core.optimisation.kept_trajectories import loss_from_kept
from tests.core.optimisation.test_minima import problem_of


@pytest.fixture
def simulated(monkeypatch):
    """Count the sets of trajectories that are simulated, with nothing kept before."""
    calls = []

    def observed(*arguments):
        calls.append(len(arguments[0]))
        return FITZHUGH_NAGUMO.fused.observed(*arguments)

    kept_trajectories._potentials.cache_clear()
    model = replace(FITZHUGH_NAGUMO, fused=replace(FITZHUGH_NAGUMO.fused, observed=observed))
    monkeypatch.setattr("tests.core.optimisation.test_minima.FITZHUGH_NAGUMO", model)
    yield calls
    kept_trajectories._potentials.cache_clear()


def test_other_data_and_other_noise_use_the_kept_trajectories(simulated):
    """Single precision rounds u by 6e-8 of itself, and so the misfit by about as much."""
    problem = problem_of((0.4, 0.4))
    positions = problem.prior.sample(50, np.random.default_rng(0))
    others = [problem, problem.with_data(problem.data[::-1]), problem.with_noise(Noise(-0.3, 0.1))]
    for each in others:
        np.testing.assert_allclose(loss_from_kept(each, positions), each.loss(positions), rtol=1e-6)
    assert simulated == [50]


def test_other_known_values_and_other_points_are_simulated(simulated):
    problem = problem_of((0.4, 0.4))
    positions = problem.prior.sample(5, np.random.default_rng(0))
    for each, points in (
        (problem, positions), (replace(problem, known={"zeta": -0.5, "gamma": 3.0}), positions),
        (problem, positions[:3]), (problem, positions),
    ):  # fmt: skip
        np.testing.assert_allclose(loss_from_kept(each, points), each.loss(points), rtol=1e-6)
    assert simulated == [5, 5, 3]


def test_trajectories_that_would_fill_the_memory_are_not_kept(simulated, monkeypatch):
    problem = problem_of((0.4, 0.4))
    positions = problem.prior.sample(5, np.random.default_rng(0))
    monkeypatch.setattr(kept_trajectories, "MOST_SAMPLES", 4 * problem.times.size)
    assert np.array_equal(loss_from_kept(problem, positions), problem.loss(positions))
    assert not simulated
