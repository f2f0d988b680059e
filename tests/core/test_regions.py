import math

import numpy as np
import pytest
from scipy.stats import chi2, f, multivariate_t

from core.estimate import Estimate
from core.metrics import squared_distances
from core.regions import credibilities, freedom_of, marginal_scale, squared_radius

N = 40_000


@pytest.mark.parametrize("p", [1, 2, 4])
def test_without_heavy_tails_the_regions_are_those_of_a_normal_distribution(p):
    assert squared_radius(0.5, p) == pytest.approx(chi2.ppf(0.5, p), rel=1e-12)
    assert credibilities([chi2.ppf(0.3, p)], p) == pytest.approx([0.3], rel=1e-12)


@pytest.mark.parametrize("freedom", [3.0, 8.0, math.inf])
def test_ninety_per_cent_regions_are_the_same_for_all_tails(freedom):
    assert squared_radius(0.9, 2, freedom) == pytest.approx(-2 * math.log(0.1), rel=1e-9)
    masses = np.array([0.05, 0.5, 0.9, 0.99])
    radii = [squared_radius(mass, 2, freedom) for mass in masses]
    np.testing.assert_allclose(credibilities(radii, 2, freedom), masses, rtol=1e-9)


def test_two_parameters_have_the_closed_form_of_a_student_distribution():
    """P(d² > r) is (1 + r / (c ν))^(−ν/2), with c chosen so that the 90 % region is the normal one."""
    freedom, outer = 5.0, -2 * math.log(0.1)
    c = outer / (freedom * (0.1 ** (-2 / freedom) - 1))
    radii = np.linspace(0, 20, 7)
    np.testing.assert_allclose(credibilities(radii, 2, freedom), 1 - (1 + radii / (c * freedom)) ** (-freedom / 2))


def test_degrees_of_freedom_are_found_again_and_half_of_the_truths_lie_in_half_regions():
    """A share of 40,000 draws has a standard error of 0.0025; four of them."""
    draws = multivariate_t(np.zeros(3), np.eye(3), df=6, seed=0).rvs(N)
    distances = 7 * np.sum(draws**2, axis=1)
    found = freedom_of(distances, 3)
    # The slope of the ratio of both radii over ν, and the errors of two quantiles, leave an error of 0.3; four of it.
    assert found == pytest.approx(6, abs=1.2)
    scaled = distances * squared_radius(0.9, 3) / np.quantile(distances, 0.9)
    for mass in (0.25, 0.5, 0.75, 0.95):
        assert abs(np.mean(credibilities(scaled, 3, found) < mass) - mass) < 0.01


def test_tails_as_light_as_normal_ones_are_normal():
    distances = np.random.default_rng(0).uniform(0, 1, N)
    assert freedom_of(distances, 2) == math.inf
    assert freedom_of(np.random.default_rng(0).pareto(0.2, N), 2) == 1.0


def test_an_estimate_says_in_which_region_a_truth_lies():
    estimate = Estimate(np.zeros((2, 2)), np.tile(np.diag([4.0, 1.0]), (2, 1, 1)), ("a", "b"), freedom=8.0)
    truth = np.array([[2.0, 0.0], [0.0, 3.0]])
    np.testing.assert_allclose(estimate.credibilities(truth), credibilities([1.0, 9.0], 2, 8.0), rtol=1e-12)
    with pytest.raises(ValueError, match="no regions"):
        Estimate(np.zeros((2, 2)), None, ("a", "b")).credibilities(truth)


def test_regions_of_two_of_four_parameters_hold_the_truth_as_often_as_those_of_all_four():
    """Draws of a Student distribution of four parameters: a share of 40,000 has a standard error of 0.0025 at most.

    The covariance of the four is their shape matrix, times what makes the 90 % regions those of a normal distribution.
    Unscaled, regions of two of them would hold 91.4 % instead of 90 %.
    """
    freedom, shape = 5.0, np.array([[1.0, 0.5, 0, 0.2], [0.5, 2.0, -0.3, 0], [0, -0.3, 1.0, 0.4], [0.2, 0, 0.4, 3.0]])
    draws = multivariate_t(np.zeros(4), shape, df=freedom, seed=1).rvs(N)
    outer = 4 * f.ppf(0.9, 4, freedom)  # squared radius of the 90 % region, in units of the shape matrix
    covariance = shape * outer / chi2.ppf(0.9, 4)
    cut = np.ix_([0, 2], [0, 2])
    scaled = marginal_scale(4, 2, freedom) * covariance[cut]
    for deviations, matrix, p in ((draws, covariance, 4), (draws[:, [0, 2]], scaled, 2)):
        inside = credibilities(squared_distances(deviations, matrix), p, freedom)
        for mass in (0.5, 0.9):
            assert abs(np.mean(inside < mass) - mass) <= 4 * np.sqrt(mass * (1 - mass) / N)
    unscaled = credibilities(squared_distances(draws[:, [0, 2]], covariance[cut]), 2, freedom)
    assert abs(np.mean(unscaled < 0.9) - 0.9) > 8 * np.sqrt(0.09 / N)
    assert marginal_scale(4, 2, math.inf) == marginal_scale(4, 4, freedom) == 1.0
