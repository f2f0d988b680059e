from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.linalg import solve_triangular, toeplitz
from scipy.stats import truncnorm

from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.models.fitzhugh_nagumo.simulate import resolving_step
from core.noise import Noise
from core.problem.observation import Observation
from core.problem.problem import Problem
from core.published import full_prior, time_grid
from tests.reference import known_of, plain_misfit, reference_solution, taylor_sensitivities, taylor_solution

TIMES = time_grid(20, 100)
KNOWN = (0.5, 0.3, -0.4, 3.0)
NAMES = ("theta0", "theta1", "zeta", "gamma")
SD, RHO = 0.35, 0.8


def noisy_trace(seed=0):
    return reference_solution(KNOWN, TIMES)[:, 0] + np.random.default_rng(seed).normal(0, SD, len(TIMES))


def problem(unknown=("theta0", "theta1"), rho=RHO, regularised=True):
    prior = full_prior() if regularised else full_prior().flat()
    known = known_of(KNOWN, unknown)
    return Problem.of_trace(FITZHUGH_NAGUMO, noisy_trace(), TIMES, unknown, known, Noise(rho, SD), prior)


def test_a_diverged_neuron_has_an_infinite_loss():
    """θ₁ = −5 diverges; its prior, however wide, does not matter here."""
    assert problem(("theta1", "zeta")).misfit([[-5.0, -0.4], [0.3, -0.4]])[0] == np.inf


def test_problem_loss_against_scipy():
    """Misfit at SciPy's solution; an error e = 1e-4 in u changes it by at most e Σ|∂misfit/∂u|."""
    task, candidate = problem(), np.array([0.55, 0.1])
    residual = task.data - reference_solution((*candidate, -0.4, 3.0), TIMES)[:, 0]
    tolerance = 1e-4 * np.sum(np.abs(residual)) * ((1 + RHO) / (1 - RHO)) / SD**2
    assert abs(task.misfit(candidate) - plain_misfit(residual, SD, RHO)) <= tolerance
    penalty = 0.5 * ((0.55 - 0.4) / 0.3) ** 2 + 0.5 * ((0.1 - 0.4) / 0.4) ** 2
    assert np.isclose(task.prior.regularisation(candidate), penalty, rtol=1e-13)
    assert np.isclose(task.loss(candidate), task.misfit(candidate) + penalty, rtol=1e-15)


@pytest.mark.parametrize("values", [0.4, (0.4,), (0.4, 0.4, 0.4), np.zeros((2, 1)), np.zeros((3, 2, 4))])
def test_values_of_another_number_are_refused(values):
    """Neither by the model's own functions nor by the general ones are they broadcast."""
    fused = problem()
    general = replace(fused, model=replace(FITZHUGH_NAGUMO, fused=None))
    for task in (fused, general):
        for function in (
            task.parameters, task.initial_state, task.states, task.observed, task.misfit, task.loss, task.gradient,
            task.hessian, task.expansion, task.residuals, task.jacobian, task.goodness_of_fit,
        ):  # fmt: skip
            with pytest.raises(ValueError, match=r"theta0, theta1 need the shape \(..., 2\); their shape is \("):
                function(values)


@pytest.mark.parametrize("values", [(np.nan, 0.4), (0.4, -30.0)])
def test_a_diverged_neuron_is_not_judged(values):
    two = Problem(
        FITZHUGH_NAGUMO, Observation(TIMES, np.zeros((100, 2)), ("u", "v")), ("theta0", "theta1"),
        {"zeta": -0.4, "gamma": 3.0}, (Noise(0.0, SD),) * 2, full_prior(),
    )  # fmt: skip
    for task in (problem(), two):
        with pytest.raises(ValueError, match="The trajectory diverges here"):
            task.goodness_of_fit(values)


def test_regularisation_is_infinite_outside_and_can_be_off():
    inside, outside = [0.5, 0.3], [1.0001, 0.3]
    assert problem().prior.regularisation(outside) == np.inf
    assert problem().loss(outside) == np.inf
    assert problem(regularised=False).prior.regularisation(outside) == np.inf
    assert problem(regularised=False).prior.regularisation(inside) == 0
    # ζ and γ have flat priors, so θ₁ alone counts, wherever it stands among the unknowns: ½ (0.2/0.4)².
    assert np.isclose(problem(("gamma", "theta1")).prior.regularisation([4.0, 0.6]), 0.125, rtol=1e-13)
    assert problem(("gamma", "theta1")).prior.regularisation([5.1, 0.6]) == np.inf


def test_unknown_parameters_are_put_in_their_places():
    task = problem(("gamma", "theta0"))
    assert task.parameters([[4.0, 0.1], [2.5, 0.9]]).tolist() == [[0.1, 0.3, -0.4, 4.0], [0.9, 0.3, -0.4, 2.5]]
    assert task.bounds.tolist() == [[2.0, 5.0], [-0.2, 1.0]]


UNKNOWNS = [
    ("theta0", "theta1"),
    ("gamma", "theta1"),
    ("zeta", "gamma", "theta0"),
    ("theta0", "theta1", "zeta", "gamma"),
    ("gamma", "zeta", "theta1", "theta0"),
]


def candidates(task):
    """Return three positions, (3, p), inside the prior's box, where a longer step than the box's would do."""
    lower, upper = task.bounds.T
    return lower + np.random.default_rng(1).uniform(0.15, 0.4, (3, len(lower))) * (upper - lower)


@pytest.mark.parametrize("unknown", UNKNOWNS, ids=",".join)
def test_the_step_suits_the_whole_box(unknown):
    """Of the fastest corner: γ = 5 takes three steps between two samples, the known γ = 3 two."""
    task = problem(unknown)
    assert np.isclose(task.step, 0.2 / (3 if "gamma" in unknown else 2), rtol=1e-12)
    assert np.all(task.step <= resolving_step(task.parameters(candidates(task)), TIMES))


@pytest.mark.parametrize("rho", [0.0, RHO])
def test_the_loss_at_a_frozen_step_is_that_of_the_taylor_series(rho):
    """A hundred squares' sum of rounded numbers: 1e-14 is seen, with the sensitivity of u to rounding."""
    task = problem(("zeta", "gamma", "theta0"), rho)
    positions = candidates(task)
    for step in (task.step, 0.03):
        u = taylor_solution(task.parameters(positions), TIMES, step)[..., 0]
        expected = plain_misfit(task.data - u, SD, rho)
        assert np.allclose(task.misfit(positions, step), expected, rtol=1e-11, atol=0)
        penalty = 0.5 * ((positions[:, 2] - 0.4) / 0.3) ** 2
        assert np.allclose(task.loss(positions, step), expected + penalty, rtol=1e-11, atol=0)


def differences(quotient, h):
    """Return the fourth-order limit of a difference quotient, and by how much it has changed since twice the h."""
    values = [quotient(h * factor) for factor in (1, 2, 4)]
    fine, coarse = ((4 * a - b) / 3 for a, b in pairwise(values))
    return fine, np.abs(fine - coarse)


@pytest.mark.parametrize("regularised", [True, False])
@pytest.mark.parametrize("unknown", UNKNOWNS, ids=",".join)
def test_gradient_is_the_slope_of_the_loss(unknown, regularised):
    """Central differences err by less than their last change, and by the loss's rounding, 1e-13 of it, over h."""
    task, h = problem(unknown, regularised=regularised), 1e-5
    positions, p = candidates(task), len(unknown)
    losses, gradient = task.gradient(positions)
    assert gradient.shape == (3, p)
    assert np.allclose(losses, task.loss(positions, task.step), rtol=1e-11, atol=0)
    for k, unit in enumerate(np.eye(p)):

        def quotient(h, unit=unit):
            ends = task.loss(np.stack([positions + h * unit, positions - h * unit]), task.step)
            return (ends[0] - ends[1]) / (2 * h)

        expected, change = differences(quotient, h)
        tolerance = change + 1e-13 * losses / h
        assert np.all(tolerance <= 1e-4 * np.abs(gradient).max(axis=-1))
        assert np.all(np.abs(gradient[:, k] - expected) <= tolerance)
    alone = task.gradient(positions[0])
    assert alone[0] == losses[0]
    assert np.array_equal(alone[1], gradient[0])


@pytest.mark.parametrize("regularised", [True, False])
@pytest.mark.parametrize("unknown", UNKNOWNS, ids=",".join)
def test_hessian_is_the_curvature_of_the_loss(unknown, regularised):
    """Second central differences, as above; the loss's rounding, 1e-13 of it, is divided by h²."""
    task, h = problem(unknown, regularised=regularised), 3e-4
    positions, p = candidates(task), len(unknown)
    hessian, losses = task.hessian(positions), task.loss(positions, task.step)
    assert hessian.shape == (3, p, p)
    for i, j in np.ndindex(p, p):

        def quotient(h, i=i, j=j):
            a, b = h * np.eye(p)[i], h * np.eye(p)[j]
            ends = task.loss(positions + np.stack([a + b, a - b, b - a, -a - b])[:, None], task.step)
            return (ends[0] - ends[1] - ends[2] + ends[3]) / (4 * h**2)

        expected, change = differences(quotient, h)
        tolerance = change + 1e-13 * losses / h**2
        assert np.all(tolerance <= 1e-3 * np.abs(hessian).max(axis=(-2, -1)))
        assert np.all(np.abs(hessian[:, i, j] - expected) <= tolerance)
    assert np.array_equal(task.hessian(positions[0]), hessian[0])


@pytest.mark.parametrize("regularised", [True, False])
@pytest.mark.parametrize("unknown", UNKNOWNS, ids=",".join)
def test_gauss_newton_hessian_is_the_dense_product(unknown, regularised):
    """JᵀR⁻¹J + 1/sd², with J by complex steps at the frozen step; to rounding."""
    task = problem(unknown, regularised=regularised)
    positions = candidates(task)
    jacobians = taylor_sensitivities(task.parameters(positions), TIMES, task.step)[:, :, 0, :]
    jacobians = jacobians[..., [NAMES.index(name) for name in unknown]]
    prior = np.diag([1 / {"theta0": 0.3, "theta1": 0.4}.get(name, np.inf) ** 2 for name in unknown])
    covariance = SD**2 * toeplitz(RHO ** np.arange(len(TIMES)))
    for hessian, jacobian in zip(task.hessian(positions, exact=False), jacobians, strict=True):
        expected = jacobian.T @ np.linalg.solve(covariance, jacobian) + regularised * prior
        assert np.abs(hessian - expected).max() <= 1e-11 * np.abs(expected).max()


@pytest.mark.parametrize("rho", [0.0, RHO])
@pytest.mark.parametrize("regularised", [True, False])
@pytest.mark.parametrize("unknown", UNKNOWNS, ids=",".join)
def test_residuals_and_their_derivatives(unknown, regularised, rho):
    """Whitened by LAPACK's Cholesky factor, from the Taylor series and its complex steps; to rounding.

    Then follow (m − m̄)/sd of the Gaussian priors, of θ₀ and θ₁ alone, in the order of the unknowns.
    """
    task = problem(unknown, rho, regularised=regularised)
    factor = np.linalg.cholesky(SD**2 * toeplitz(rho ** np.arange(len(TIMES))))
    gaussian = {"theta0": 0.3, "theta1": 0.4}
    rows = [k for k, name in enumerate(unknown) if name in gaussian] if regularised else []
    sd = np.array([gaussian[unknown[k]] for k in rows])
    for position in candidates(task):
        residuals, jacobian = task.residuals(position), task.jacobian(position)
        u = taylor_solution(task.parameters(position), TIMES, task.step)[:, 0]
        expected = np.concatenate([solve_triangular(factor, task.data - u, lower=True), (position[rows] - 0.4) / sd])
        assert np.abs(residuals - expected).max() <= 1e-11 * np.abs(expected).max()
        assert np.isclose(0.5 * residuals @ residuals, task.loss(position, task.step), rtol=1e-12, atol=0)
        slopes = taylor_sensitivities(task.parameters(position), TIMES, task.step)[:, 0]
        slopes = slopes[:, [NAMES.index(name) for name in unknown]]
        expected = np.vstack([solve_triangular(factor, -slopes, lower=True), np.eye(len(unknown))[rows] / sd[:, None]])
        assert jacobian.shape == (len(residuals), len(unknown))
        assert np.abs(jacobian - expected).max() <= 1e-11 * np.abs(expected).max()


def test_residuals_of_a_diverged_neuron_are_not_finite():
    task = problem(("theta1", "zeta"))
    assert np.isnan(task.residuals(np.array([-5.0, -0.4]))).any()


def test_draws_of_the_prior_are_those_of_the_unknown_parameters():
    """Uniform on [2, 5] has mean 3.5 and sd 0.866; θ₀ cut at two sds has mean 0.4 and sd 0.88 · 0.3 (SciPy)."""
    task, n = problem(("gamma", "theta0")), 4000
    draws = task.prior.sample(n, np.random.default_rng(5))
    sd = np.array([3 / np.sqrt(12), truncnorm(-2, 2, scale=0.3).std()])
    assert draws.shape == (n, 2)
    assert np.all(np.abs(draws.mean(axis=0) - [3.5, 0.4]) <= 4 * sd / np.sqrt(n))
    # The kurtosis of neither is above three, so the sd of an sd is below sd/√(2n).
    assert np.all(np.abs(draws.std(axis=0) - sd) <= 4 * sd / np.sqrt(2 * n))
    assert np.all(np.isfinite(task.loss(draws[:100])))
