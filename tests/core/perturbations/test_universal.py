"""Universal perturbations of linear estimators, whose best one is known, and of a shipped map."""

import numpy as np
import pytest

from core.maps.inverse_map import load_inverse_map
from core.maps.map_derivatives import differentiable
from core.maps.test_sets import published_test_set
from core.perturbations.estimator import EachItsOwn
from core.perturbations.universal import ascended, mean_movement, stacked_direction
from core.perturbations.whitened import by_trace
from tests.core.perturbations.conftest import Linear, with_singular_values

N_TIMES = 60


def test_the_stacked_direction_is_the_eigenvector_of_the_summed_squares(noise):
    white = np.stack([with_singular_values([3.0, 0.5], N_TIMES, seed)[0] for seed in range(4)])
    units = np.stack([np.diag([1.0, 2.0 + seed]) for seed in range(4)])
    scaled = units @ white
    total = np.einsum("nit,nis->ts", scaled, scaled)
    direction = stacked_direction(by_trace(white, noise), noise, units)
    assert direction @ total @ direction == pytest.approx(np.linalg.eigvalsh(total)[-1])


def test_the_ascent_ends_at_the_singular_vector_of_a_linear_estimator(noise):
    white, _ = with_singular_values([3.0, 0.5], N_TIMES)
    estimator, traces, units = Linear(white, np.zeros(2)), np.zeros((1, N_TIMES)), np.eye(2)[None]
    start = np.random.default_rng(0).standard_normal(N_TIMES)
    start *= 10 / np.linalg.norm(start)
    found = ascended(estimator, traces, start, noise, units, 200)
    assert np.linalg.norm(found.white) == pytest.approx(10)
    assert found.movements[-1] == pytest.approx(30, rel=1e-3)
    assert np.all(np.diff(found.movements) >= 0)
    assert mean_movement(estimator, traces, found.white, noise, units) == pytest.approx(found.movements[-1])


def test_the_ascent_averages_over_traces_with_an_estimator_each(noise):
    """Two estimators of one number, x·a and x·b, move by |w·a| + |w·b|: most along a + b for an acute angle."""
    a, b = np.eye(N_TIMES)[0], (np.eye(N_TIMES)[0] + np.eye(N_TIMES)[1]) / np.sqrt(2)
    estimator = EachItsOwn([Linear(each[None], np.zeros(1)) for each in (a, b)])
    start = np.random.default_rng(1).standard_normal(N_TIMES)
    found = ascended(estimator, np.zeros((2, N_TIMES)), start / np.linalg.norm(start), noise, np.ones((2, 1, 1)), 200)
    assert found.movements[-1] == pytest.approx(np.linalg.norm(a + b) / 2, rel=1e-3)


def test_a_map_moves_more_along_them_than_along_noise(noise):
    learned = load_inverse_map("dense-noisy")
    function, data = differentiable(learned, {}), published_test_set()
    units = np.tile(np.eye(2) / 0.01, (30, 1, 1))
    made, unseen = data.noisy[:30].astype(float), data.noisy[30:60].astype(float)
    direction = stacked_direction(function.jacobian(made)[1], noise, units)
    climbed = ascended(function, made, 10 * direction, noise, units)
    noisy = np.random.default_rng(0).standard_normal(direction.size)
    moved = [
        mean_movement(function, unseen, white, noise, units)
        for white in (10 * noisy / np.linalg.norm(noisy), 10 * direction, climbed.white)
    ]
    assert moved[0] < 0.3 * moved[1]
    assert mean_movement(function, made, climbed.white, noise, units) >= mean_movement(
        function, made, 10 * direction, noise, units
    )
