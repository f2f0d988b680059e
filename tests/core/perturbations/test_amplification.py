"""Amplification of linear estimators with known singular values."""

import numpy as np
import pytest

from core.perturbations.amplification import along, amplification, in_sds
from core.perturbations.estimator import EachItsOwn, FirstOf
from core.perturbations.whitened import whitened_size
from tests.core.perturbations.conftest import Linear, with_singular_values

COVARIANCE = np.array([[4.0, 1.0], [1.0, 0.5]])


def test_units_turn_a_covariance_into_the_identity():
    units = in_sds(COVARIANCE)
    np.testing.assert_allclose(units @ COVARIANCE @ units.T, np.eye(2), atol=1e-12)


def test_the_worst_direction_is_the_first_singular_vector(noise):
    white, right = with_singular_values([3.0, 0.5], 60)
    units = in_sds(COVARIANCE)
    estimator = Linear(np.linalg.inv(units) @ white, np.zeros(2))
    found = amplification(estimator.by_trace, noise, units)
    assert found.value == pytest.approx(3)
    assert found.of_random == pytest.approx(np.sqrt((9 + 0.25) / 60))
    assert abs(found.direction @ right[0]) == pytest.approx(1)
    assert whitened_size(found.perturbation(noise), noise) == pytest.approx(1)
    sizes = np.array([0.0, 10.0, 31.6])
    moved = along(estimator, np.zeros(60), found.direction, noise, sizes)
    np.testing.assert_allclose(np.linalg.norm(moved @ units.T, axis=1), 3 * sizes, rtol=1e-9)
    assert moved[1, 0] > 0


def test_estimators_are_put_together(noise):
    white, _ = with_singular_values([3.0, 0.5], 60)
    first, second = Linear(white, np.zeros(2)), Linear(2 * white, np.ones(2))
    traces = np.random.default_rng(0).standard_normal((2, 60))
    both = EachItsOwn([first, second])
    np.testing.assert_allclose(both(traces), [first(traces)[0], second(traces)[1]])
    estimates, jacobian = both.jacobian(traces)
    np.testing.assert_allclose(estimates, both(traces))
    np.testing.assert_allclose(jacobian[1], 2 * jacobian[0])
    np.testing.assert_array_equal(FirstOf(both, 1)(traces), both(traces)[:, :1])
    assert FirstOf(both, 1).jacobian(traces)[1].shape == (2, 1, 60)
