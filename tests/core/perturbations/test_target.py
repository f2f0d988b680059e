"""Smallest perturbations against closed forms."""

import numpy as np
import pytest

from core.perturbations.amplification import in_sds
from core.perturbations.classical import ExactMean, LinearisedMap, MaximumAPosteriori
from core.perturbations.target import Arrival, smallest_for_map, smallest_perturbation
from core.perturbations.whitened import perturbation_of
from core.posterior.exact import posterior
from tests.core.perturbations.conftest import Linear, with_singular_values


def test_of_a_linear_estimator_it_is_the_pseudo_inverse(noise):
    white, _ = with_singular_values([3.0, 0.5], 60)
    target = np.array([1.0, -2.0])
    found = smallest_perturbation(Linear(white, np.zeros(2)), np.zeros(60), target, noise, np.eye(2))
    np.testing.assert_allclose(found.white, np.linalg.pinv(white) @ target, atol=1e-9)
    assert found.arrival is Arrival.THERE
    assert found.size == pytest.approx(np.linalg.norm(np.linalg.pinv(white) @ target))


def test_of_the_linearised_map_it_is_the_distance_in_sds(problems):
    """With a flat prior, the size is the Mahalanobis distance of the target."""
    problem = problems[0].with_flat_prior()
    point = MaximumAPosteriori(problem)(problem.data[None])[0]
    information = problem.hessian(point, exact=False)
    units, estimator = in_sds(np.linalg.inv(information)), LinearisedMap(problem, point)
    start = estimator(problem.data[None])[0]
    change = np.array([0.01, -0.02])
    found = smallest_perturbation(estimator, problem.data, start + change, problem.noise[0], units)
    assert found.size == pytest.approx(np.sqrt(change @ information @ change), rel=1e-6)
    assert found.arrival is Arrival.THERE


@pytest.mark.parametrize("i", [0, 2])
def test_of_the_map_it_is_that_of_the_stationary_target(problems, i):
    problem = problems[i]
    position = MaximumAPosteriori(problem)(problem.data[None])[0]
    units = in_sds(np.linalg.inv(problem.hessian(position)))
    target = position + np.linalg.solve(units, np.array([1.5, -1.0]))
    closed = smallest_for_map(problem, target)
    found = smallest_perturbation(MaximumAPosteriori(problem), problem.data, target, problem.noise[0], units)
    assert found.arrival is Arrival.THERE
    assert found.size == pytest.approx(np.linalg.norm(closed), rel=2e-3)
    assert found.size == pytest.approx(np.hypot(1.5, 1.0), rel=0.2)  # the posterior is nearly normal
    perturbed = problem.with_data(problem.data + perturbation_of(closed, problem.noise[0]))
    np.testing.assert_allclose(MaximumAPosteriori(problem)(perturbed.data[None])[0], target, rtol=1e-4)


def test_it_says_so_where_an_estimate_does_not_get_there(noise):
    """An estimate that depends on one direction alone cannot leave its line."""
    white = np.outer([1.0, 1.0], np.ones(60) / np.sqrt(60))
    found = smallest_perturbation(Linear(white, np.zeros(2)), np.zeros(60), np.array([1.0, -1.0]), noise, np.eye(2))
    assert found.arrival is Arrival.NOT_THERE
    assert "No perturbation" in found.arrival.sentence


@pytest.mark.long
def test_it_arrives_on_a_long_curved_posterior(problems):
    """The exact mean of the second trace, where the merit stops falling a fifth of an sd from the target."""
    problem = problems[1]
    exact = posterior(problem)
    units = in_sds(exact.covariance)
    target = exact.mean + np.linalg.solve(units, np.array([3.0, 0.0]))
    found = smallest_perturbation(ExactMean(problem), problem.data, target, problem.noise[0], units)
    assert found.arrival is not Arrival.NOT_THERE
    perturbed = problem.with_data(problem.data + perturbation_of(found.white, problem.noise[0]))
    assert np.linalg.norm(units @ (posterior(perturbed).mean - target)) < 0.02
