"""Means of estimators against closed forms, and their derivatives against finite differences."""

import numpy as np
import pytest

from core.perturbations.averaged import MeanOf, Smoothed
from tests.core.perturbations.conftest import Linear, with_singular_values

N_TIMES = 20


class Squares:
    """The squares of the first two samples as estimates."""

    def __call__(self, traces):
        """Return the estimates, (n, 2)."""
        return traces[:, :2] ** 2

    def jacobian(self, traces):
        """Return the estimates, (n, 2), and their derivatives, (n, 2, n_times)."""
        found = np.zeros((len(traces), 2, traces.shape[1]))
        found[:, [0, 1], [0, 1]] = 2 * traces[:, :2]
        return self(traces), found


@pytest.fixture
def traces():
    return np.random.default_rng(0).standard_normal((3, N_TIMES))


def test_the_mean_of_linear_estimators_is_that_of_their_matrices(traces):
    members = [Linear(with_singular_values([3.0, 0.5], N_TIMES, seed)[0], np.full(2, seed)) for seed in range(4)]
    matrix, centre = np.mean([each.by_trace for each in members], axis=0), 1.5
    estimates, jacobian = MeanOf(members).jacobian(traces)
    np.testing.assert_allclose(estimates, centre + traces @ matrix.T)
    np.testing.assert_allclose(jacobian, np.broadcast_to(matrix, (3, 2, N_TIMES)))
    np.testing.assert_allclose(MeanOf(members)(traces), estimates)


def test_smoothing_adds_the_variance_to_a_square(traces):
    """E (x + η)² = x² + s²; the standard error of a mean of 20,000 squares is below 0.01 (4 x² s² + 2 s⁴ < 2)."""
    added = 0.5 * np.random.default_rng(1).standard_normal((20_000, N_TIMES))
    np.testing.assert_allclose(Smoothed(Squares(), added)(traces), traces[:, :2] ** 2 + 0.25, atol=0.04)


def test_the_derivatives_are_those_of_the_estimates(traces):
    smoothed = Smoothed(Squares(), np.random.default_rng(2).standard_normal((5, N_TIMES)))
    estimates, jacobian = smoothed.jacobian(traces)
    np.testing.assert_allclose(estimates, smoothed(traces))
    step, direction = 1e-6, np.random.default_rng(3).standard_normal(N_TIMES)
    moved = (smoothed(traces + step * direction) - smoothed(traces - step * direction)) / (2 * step)
    np.testing.assert_allclose(jacobian @ direction, moved, rtol=1e-6)
