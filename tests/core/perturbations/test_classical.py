"""Derivatives of the classical estimators against the estimates of perturbed traces, computed anew."""

import numpy as np
import pytest

from core.perturbations.amplification import amplification, in_sds
from core.perturbations.classical import ExactMean, LinearisedMap, MaximumAPosteriori, map_jacobian
from core.perturbations.whitened import by_whitened_trace, perturbation_of
from core.posterior.exact import posterior

NEWTON_STEPS = 6
POSTERIOR_ERROR = 0.02  # of a slope: the quadrature's means are good to 1e-3 sds, over movements of about 0.1 sds


def direction(n_times, seed):
    white = np.random.default_rng(seed).standard_normal(n_times)
    return white / np.linalg.norm(white)


def reoptimised(problem, start):
    """Return the minimum of the loss near a start, by undamped Newton steps."""
    position = start
    for _ in range(NEWTON_STEPS):
        position = position - np.linalg.solve(problem.hessian(position), problem.gradient(position)[1])
    return position


def worst_direction(problem, jacobian):
    return np.linalg.svd(by_whitened_trace(jacobian, problem.noise[0]))[2][0]


@pytest.mark.parametrize("i", range(6))
def test_the_map_moves_as_when_it_is_optimised_anew(problems, i):
    problem, size = problems[i], 0.05
    (position,), (jacobian,) = MaximumAPosteriori(problem).jacobian(problem.data[None])
    np.testing.assert_array_equal(position, MaximumAPosteriori(problem)(problem.data[None])[0])
    change = size * perturbation_of(worst_direction(problem, jacobian), problem.noise[0])
    ends = [reoptimised(problem.with_data(problem.data + sign * change), position) for sign in (1, -1)]
    slope = (ends[0] - ends[1]) / 2
    np.testing.assert_allclose(jacobian @ change, slope, rtol=1e-3, atol=1e-3 * np.abs(slope).max())


def test_a_parameter_on_an_edge_stays_there(problems):
    problem = problems[0]
    position = np.array([problem.bounds[0, 1], 0.4])
    jacobian = map_jacobian(problem, position)
    assert np.all(jacobian[0] == 0)
    assert np.any(jacobian[1] != 0)


@pytest.mark.parametrize("i", range(6))
def test_the_linearised_map_amplifies_by_one(problems, i):
    """With a flat prior, F^½ F⁻¹ G' has singular values of one, as F = G'G."""
    problem = problems[i].with_flat_prior()
    point = MaximumAPosteriori(problem)(problem.data[None])[0]
    _, (jacobian,) = LinearisedMap(problem, point).jacobian(problem.data[None])
    units = in_sds(np.linalg.inv(problem.hessian(point, exact=False)))
    found = amplification(jacobian, problem.noise[0], units)
    assert found.value == pytest.approx(1, abs=1e-6)
    assert found.of_random == pytest.approx(np.sqrt(2 / problem.times.size), abs=1e-6)


def test_the_linearised_map_solves_the_linear_least_squares_problem(problems):
    problem, point = problems[1], np.array([0.3, 0.5])
    trace = problem.data + 0.1 * np.random.default_rng(0).standard_normal(problem.times.size)
    other = problem.with_data(trace)
    step = np.linalg.lstsq(other.jacobian(point), -other.residuals(point))[0]
    np.testing.assert_allclose(LinearisedMap(problem, point)(trace[None])[0], point + step, rtol=1e-6)


@pytest.mark.parametrize("i", [0, 3])
def test_the_exact_mean_moves_as_that_of_a_perturbed_trace(problems, i):
    problem, size = problems[i], 0.1
    estimator = ExactMean(problem)
    (mean,), (jacobian,) = estimator.jacobian(problem.data[None])
    np.testing.assert_array_equal(mean, posterior(problem).mean)
    units = in_sds(posterior(problem).covariance)
    for white in (worst_direction(problem, units @ jacobian), direction(problem.times.size, 0)):
        change = size * perturbation_of(white, problem.noise[0])
        slope = (estimator((problem.data + change)[None]) - estimator((problem.data - change)[None]))[0] / 2
        off = units @ (jacobian @ change - slope)
        assert np.linalg.norm(off) < POSTERIOR_ERROR * size
    assert amplification(jacobian, problem.noise[0], units).value == pytest.approx(1, abs=0.1)
