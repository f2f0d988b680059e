"""Perturbations that are found with derivatives, tried on the shipped maps as they estimate in single precision."""

import numpy as np
import pytest

from core.maps.inverse_map import load_inverse_map
from core.maps.map_derivatives import differentiable
from core.perturbations.amplification import along, amplification, in_sds, whitened_jacobian
from core.perturbations.classical import MaximumAPosteriori
from core.perturbations.target import Arrival, smallest_perturbation
from core.perturbations.whitened import perturbation_of

NAMES = ("best", "dense-noisy", "cnn-noisy")


def units_of(problem):
    return in_sds(np.linalg.inv(problem.hessian(MaximumAPosteriori(problem)(problem.data[None])[0], exact=False)))


@pytest.mark.parametrize("name", NAMES)
def test_a_small_step_in_the_worst_direction_moves_as_far_as_the_amplification_says(problems, name):
    problem, learned = problems[0], load_inverse_map(name)
    noise, units, size = problem.noise[0], units_of(problem), 0.1
    found = amplification(differentiable(learned, {}).jacobian(problem.data[None])[1][0], noise, units)
    moved = learned.predict(np.array([problem.data + sign * size * found.perturbation(noise) for sign in (1, -1)])).mean
    # Central differences of single-precision estimates: seven digits of 1, where an sd is about 0.002.
    assert np.linalg.norm(units @ (moved[0] - moved[1])) / (2 * size) == pytest.approx(found.value, rel=0.02)
    assert moved[0, 0] > moved[1, 0]


@pytest.mark.parametrize("name", NAMES)
def test_estimates_along_a_direction_begin_at_that_of_the_trace(problems, name):
    problem, function = problems[0], differentiable(load_inverse_map(name), {})
    noise = problem.noise[0]
    worst = amplification(function.jacobian(problem.data[None])[1][0], noise, units_of(problem))
    path = along(function, problem.data, worst.direction, noise, np.array([0.0, 3.0, 31.6]))
    np.testing.assert_allclose(path[0], function(problem.data[None])[0], rtol=1e-9)
    expected = load_inverse_map(name).predict((problem.data + 3 * worst.perturbation(noise))[None]).mean[0]
    np.testing.assert_allclose(path[1], expected, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_the_smallest_perturbation_leads_to_the_target_along_the_gradient(problems, name):
    """At a constrained minimum of the norm, the perturbation is a combination of the gradients of the estimates."""
    problem, learned = problems[0], load_inverse_map(name)
    noise, units, function = problem.noise[0], units_of(problem), differentiable(learned, {})
    target = function(problem.data[None])[0] + np.linalg.solve(units, np.array([2.0, -2.0]))
    found = smallest_perturbation(function, problem.data, target, noise, units)
    assert found.arrival is Arrival.THERE
    trace = problem.data + perturbation_of(found.white, noise)
    reached = learned.predict(trace[None]).mean[0]
    assert np.linalg.norm(units @ (reached - target)) < 0.05
    gradients = whitened_jacobian(function.jacobian(trace[None])[1][0], noise, units)
    along_gradients = gradients.T @ np.linalg.lstsq(gradients.T, found.white)[0]
    assert np.linalg.norm(along_gradients - found.white) < 0.02 * found.size
