import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import least_squares

from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.noise import Noise, sample_ar1
from core.optimisation.minima import map_estimate
from core.posterior.local_gaussian import Validity, local_gaussian
from core.problem.problem import Problem
from core.published import GAMMA, ZETA, published_prior, time_grid

NOISE, TIMES, PRIOR = Noise(0.7, 0.3), time_grid(), published_prior()


def potential(theta):
    """Return SciPy's u of the published equations."""

    def rates(_, state):
        u, v = state
        return GAMMA * (u - u**3 / 3 + v + ZETA), -(u - theta[0] + theta[1] * v) / GAMMA

    return solve_ivp(rates, (0, TIMES[-1]), (0, 0), "LSODA", TIMES, rtol=1e-9, atol=1e-9).y[0]


def problem_of(data):
    known = {"zeta": ZETA, "gamma": GAMMA}
    return Problem.of_trace(FITZHUGH_NAGUMO, data, TIMES, PRIOR.names, known, NOISE, PRIOR)


def noisy(theta, seed):
    rng = np.random.default_rng(seed)
    return potential(theta) + sample_ar1(NOISE.rho, NOISE.marginal_sd, TIMES.size, rng)


def test_mean_and_covariance_against_scipy_s_trajectories_least_squares_and_finite_differences():
    """SciPy's Jacobian J at its minimum gives the covariance (J'J)⁻¹, since the prior has rows of its own."""
    truth = np.array([0.35, 0.5])
    data = noisy(truth, 1)

    def residuals(theta):
        plain = (data - potential(theta)) / NOISE.marginal_sd
        white = (plain[1:] - NOISE.rho * plain[:-1]) / np.sqrt(1 - NOISE.rho**2)
        return np.concatenate([plain[:1], white, (theta - PRIOR.mean) / np.array(PRIOR.sd)])

    found = least_squares(residuals, truth, "3-point", x_scale=[0.01, 0.02], diff_step=1e-4, xtol=1e-10)
    ours = local_gaussian(problem_of(data), truth)
    sd = np.sqrt(np.diag(ours.covariance))
    assert ours.validity == Validity.VALID
    assert np.all(np.abs(ours.mean - found.x) < 0.01 * sd)
    assert np.allclose(ours.covariance @ found.jac.T @ found.jac, np.eye(2), atol=0.02)
    assert ours.loss == pytest.approx(found.cost, rel=1e-4)


@pytest.mark.parametrize("seed", [2, 3])
def test_descents_from_the_truth_reach_the_global_map(seed):
    theta = PRIOR.sample(1, np.random.default_rng(seed))[0]
    problem = problem_of(noisy(theta, seed))
    ours, best = local_gaussian(problem, theta), map_estimate(problem).mean[0]
    assert np.all(np.abs(ours.mean - best) < 0.01 * np.sqrt(np.diag(ours.covariance)))


@pytest.mark.parametrize(
    ("theta", "validity"),
    [
        ((0.4, 0.4), Validity.VALID),
        ((-0.15, 1.0), Validity.SILENT),
        ((0.95, 1.0), Validity.EXCITED),
        ((0.3, -0.45), Validity.ON_EDGE),
        ((0.3, -0.39), Validity.NEAR_EDGE),
    ],
)
def test_validity(theta, validity):
    ours = local_gaussian(problem_of(noisy(theta, 4)), np.clip(theta, *PRIOR.bounds.T))
    assert ours.validity == validity
    assert ("not a valid label" in validity.sentence) == (validity != Validity.VALID)


def test_a_descent_that_has_not_ended_is_no_label(monkeypatch):
    monkeypatch.setattr("core.posterior.local_gaussian.FURTHER_ITERATIONS", 1)
    assert local_gaussian(problem_of(noisy((0.4, 0.4), 5)), (0.5, 0.5)).validity == Validity.NO_MINIMUM


def test_refuses_a_start_whose_trajectory_diverges():
    known = {"zeta": 1e6, "gamma": GAMMA}
    problem = Problem.of_trace(FITZHUGH_NAGUMO, np.zeros(1000), TIMES, PRIOR.names, known, NOISE, PRIOR)
    with pytest.raises(ValueError, match="start at another point"):
        local_gaussian(problem, (0.4, 0.4))
