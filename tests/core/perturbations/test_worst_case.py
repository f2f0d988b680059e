"""Worst cases against closed forms of linear estimators, and against scans of nonlinear ones of two directions."""

import numpy as np
import pytest

from core.noise import Noise, whiten
from core.perturbations.amplification import in_sds
from core.perturbations.classical import LinearisedMap, MaximumAPosteriori
from core.perturbations.worst_case import evaluations, worst_cases
from tests.core.perturbations.conftest import Linear, with_singular_values

N_TIMES, WHITE_NOISE = 60, Noise(0.0, 1.0)


class Curved:
    """An estimator m̂ = (h(a), k(b)) of the first two samples, which counts how often it is asked for derivatives."""

    def __init__(self, functions, slopes):
        self.functions, self.slopes, self.asked = functions, slopes, 0

    def __call__(self, traces):
        """Return the estimates, (n, 2)."""
        return np.stack([self.functions[i](traces[:, i]) for i in (0, 1)], axis=1)

    def jacobian(self, traces):
        """Return the estimates, (n, 2), and their derivatives, (n, 2, n_times)."""
        self.asked += 1
        found = np.zeros((len(traces), 2, traces.shape[1]))
        for i in (0, 1):
            found[:, i, i] = self.slopes[i](traces[:, i])
        return self(traces), found


def scanned(estimator, trace, size):
    """Return the largest movement on a fine grid of the disc of the first two samples."""
    angles, radii = np.meshgrid(np.linspace(0, 2 * np.pi, 2001), np.linspace(0, size, 201))
    traces = np.tile(trace, (angles.size, 1))
    traces[:, 0] += (radii * np.cos(angles)).ravel()
    traces[:, 1] += (radii * np.sin(angles)).ravel()
    return np.linalg.norm(estimator(traces) - estimator(trace[None]), axis=1).max()


def test_of_a_linear_estimator_it_is_the_singular_vector(noise):
    white, right = with_singular_values([3.0, 0.5], N_TIMES)
    found = worst_cases(
        Linear(white, np.zeros(2)), np.zeros((2, N_TIMES)), [noise] * 2, np.tile(np.eye(2), (2, 1, 1)), 7
    )
    np.testing.assert_allclose(found.movements, 21)
    np.testing.assert_allclose(np.abs(found.white @ right[0]), 7)


def test_each_trace_has_its_own_noise_and_sds(problems):
    """A linearised MAP with a flat prior moves by as many sds as the perturbation is large, whatever its noise."""
    for problem in (each.with_flat_prior() for each in problems[:2]):
        point = MaximumAPosteriori(problem)(problem.data[None])[0]
        units = in_sds(np.linalg.inv(problem.hessian(point, exact=False)))
        estimator = LinearisedMap(problem, point)
        found = worst_cases(estimator, problem.data[None], problem.noise, units[None], 5.0, starts=2, steps=4)
        np.testing.assert_allclose(found.movements, 5, rtol=1e-4)


CURVED = {
    "one sign moves further": ((lambda a: a + 0.2 * a**2, lambda b: b), (lambda a: 1 + 0.4 * a, np.ones_like)),
    "the worst direction of the tangent is not the worst": (
        (lambda a: 2 * a, lambda b: b + 0.2 * b**3),
        (lambda a: np.full_like(a, 2.0), lambda b: 1 + 0.6 * b**2),
    ),
    "it saturates": (
        (lambda a: 3 * np.tanh(a), np.tanh),
        (lambda a: 3 / np.cosh(a) ** 2, lambda b: 1 / np.cosh(b) ** 2),
    ),
}


@pytest.mark.parametrize("case", CURVED)
def test_it_is_the_largest_movement_of_a_scan(case):
    estimator, rng = Curved(*CURVED[case]), np.random.default_rng(0)
    traces, size = 0.3 * rng.standard_normal((3, N_TIMES)), 3.0
    found = worst_cases(estimator, traces, [WHITE_NOISE] * 3, np.tile(np.eye(2), (3, 1, 1)), size)
    np.testing.assert_allclose(np.linalg.norm(found.white, axis=1), size)
    expected = [scanned(estimator, trace, size) for trace in traces]
    np.testing.assert_allclose(found.movements, expected, rtol=1e-3)
    moved = estimator(traces + found.white) - estimator(traces)
    np.testing.assert_allclose(np.linalg.norm(moved, axis=1), found.movements)


def test_sizes_are_those_of_the_norm_of_each_noise():
    """An estimator of the innovations of AR(1) noise is moved by them alone."""
    noises = [Noise(0.5, 0.2), Noise(0.9, 2.0)]

    class FirstInnovations:
        def jacobian(self, traces):
            by_trace = np.stack([whiten(np.eye(N_TIMES), each).T[[3, 7]] for each in noises])
            return np.einsum("nij,nj->ni", by_trace, traces), by_trace

    found = worst_cases(
        FirstInnovations(), np.zeros((2, N_TIMES)), noises, np.tile(np.diag([1.0, 2.0]), (2, 1, 1)), 4.0
    )
    np.testing.assert_allclose(found.movements, 8)


def test_it_computes_derivatives_as_often_as_it_says():
    estimator = Curved(*CURVED["it saturates"])
    worst_cases(estimator, np.zeros((1, N_TIMES)), [WHITE_NOISE], np.eye(2)[None], 3.0, starts=3, steps=5)
    assert estimator.asked == evaluations(3, 5)


def test_a_start_without_a_gradient_goes_on_in_its_direction():
    """An estimate that does not move within half of the size has no gradient there."""
    dead = Curved(
        (lambda a: np.maximum(np.abs(a) - 1.5, 0), np.zeros_like),
        (lambda a: np.sign(a) * (np.abs(a) > 1.5), np.zeros_like),
    )
    start = np.zeros((1, N_TIMES))
    start[0, 0] = 1.5001  # where the linearised estimator has its direction
    found = worst_cases(dead, start, [WHITE_NOISE], np.eye(2)[None], 4.0)
    np.testing.assert_allclose(found.movements, 4.0, rtol=1e-3)
