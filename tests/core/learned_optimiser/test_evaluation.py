"""What a step reads of a trace, against the inverse problem's own loss, finite differences and the true noise."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import chi2

from core.learned_optimiser.evaluation import evaluated, of_residuals
from core.noise import Noise, whiten
from tests.core.learned_optimiser.problems import TASK, problem, starts, traces

N = 12


@pytest.fixture(scope="module")
def data():
    return traces(N)


def test_loss_gradient_and_hessian_are_those_of_the_problem_in_the_unit_box(data):
    sample, noise = data
    unit = TASK.scale(starts(N))
    found = evaluated(TASK, sample.noisy, unit, noise)
    for i in range(N):
        each, place, widths = problem(sample, i), TASK.unscale(unit)[i], TASK.widths
        assert_allclose(found.loss[i], each.loss(place), rtol=2e-3)  # each integration chooses its own step
        _, gradient, hessian = each.expansion(place)
        scale = np.sqrt(np.diag(hessian))  # the gradient's size one standard deviation away
        assert_allclose(found.gradient[i], gradient * widths, rtol=0.02, atol=float((scale * widths).max()))
        assert_allclose(found.hessian[i], hessian * np.outer(widths, widths), rtol=0.02, atol=1e-3 * hessian.max())


def test_the_gradient_is_the_slope_of_the_loss(data):
    sample, noise = data
    near = TASK.scale(sample.theta) + 0.004
    found, h = evaluated(TASK, sample.noisy, near, noise), 1e-6
    for i in range(N):
        each = problem(sample, i)
        for axis in (0, 1):
            ends = near[i] + h * np.array([[-1.0], [1.0]]) * np.eye(2)[axis]
            low, high = each.loss(TASK.unscale(ends), each.step)
            own = np.sqrt(found.hessian[i, axis, axis])
            assert_allclose(found.gradient[i, axis], (high - low) / (2 * h), rtol=0.02, atol=0.2 * own)


def test_residuals_at_the_truth_are_standard_normal(data):
    sample, noise = data
    white = evaluated(TASK, sample.noisy, TASK.scale(sample.theta), noise).residuals
    # A test for each trace, together at one in a thousand.
    low, high = chi2.ppf([0.0005 / N, 1 - 0.0005 / N], white.shape[1])
    assert np.all((np.sum(white**2, axis=1) > low) & (np.sum(white**2, axis=1) < high))
    first = whiten((sample.noisy - sample.clean)[0], Noise(*noise[0]))
    assert_allclose(white[0], first, atol=5e-3)  # simulation error over the innovations' sd


def test_the_noise_that_is_not_known_is_estimated_from_the_residual(data):
    sample, noise = data
    found = evaluated(TASK, sample.noisy, TASK.scale(sample.theta), None)
    # Standard deviations of 0.019 for ρ and 0.0165 for s, from 1,000 samples; four of them.
    assert np.all(np.abs(found.noise - noise) < [4 * 0.025, 4 * 0.02])
    assert_allclose(found.loss, evaluated(TASK, sample.noisy, TASK.scale(sample.theta), found.noise).loss)


def test_what_least_squares_need_gives_the_same_evaluation(data):
    sample, noise = data
    unit = TASK.scale(sample.theta) + 0.01
    together = evaluated(TASK, sample.noisy, unit, noise)
    for i in range(3):
        each = problem(sample, i)
        place = TASK.unscale(unit)[i]
        alone = of_residuals(each.residuals(place), each.jacobian(place) * TASK.widths, noise[i : i + 1])
        assert_allclose(alone.residuals[0], together.residuals[i], atol=0.05)
        assert_allclose(alone.loss[0], together.loss[i], rtol=2e-3)
        assert_allclose(alone.loss[0], each.loss(place, each.step), rtol=1e-9)
        assert_allclose(alone.gradient[0], each.gradient(place)[1] * TASK.widths, rtol=1e-6)


def test_rounding_at_the_edge_of_the_box_leaves_the_loss_finite(data):
    sample, noise = data
    corner = np.ones((N, 2))
    assert np.any(TASK.unscale(corner) > TASK.prior.upper)
    assert np.all(np.isfinite(evaluated(TASK, sample.noisy, corner, noise).loss))
