import numpy as np
import pytest
from scipy.optimize import minimize

from core.models.fitzhugh_nagumo.simulate import simulate
from core.noise import log_density
from core.posterior.parameters_and_noise import estimate_with_noise
from core.priors import TruncatedGaussian
from core.published import published_noise, published_noise_prior
from tests.core.optimisation.test_minima import problem_of

LAW = published_noise_prior()


def plain_loss(problem, values):
    """Return J(θ, ρ, σ) with all constants, from a stored trajectory and the noise's log density."""
    theta, (rho, sigma) = values[:2], values[2:]
    if not np.all((values[2:] >= LAW.lower) & (values[2:] <= LAW.upper)):
        return np.inf
    u = simulate(problem.parameters(theta), problem.times, step=problem.step)[:, 0]
    prior = problem.prior.log_density(theta) + LAW.log_density(values[2:])
    return float(-log_density(problem.data - u, published_noise(rho, sigma)) - prior)


@pytest.mark.parametrize("theta", [(0.4, 0.4), (0.95, 0.9)])
def test_against_a_search_by_nelder_and_mead(theta):
    """SciPy's simplex on the plain loss, in standard deviations, gains nothing from ours and comes back to it."""
    problem = problem_of(theta)
    ours = estimate_with_noise(problem, LAW)
    assert ours.names == ("theta0", "theta1", "rho", "sigma")
    assert ours.covariance is not None
    mean, sd = ours.mean[0], np.sqrt(np.diag(ours.covariance[0]))
    start = mean + sd * np.array([0.5, -0.5, 0.5, 0.5])
    theirs = minimize(
        lambda z: plain_loss(problem, mean + sd * z), (start - mean) / sd, method="Nelder-Mead",
        options={"xatol": 1e-5, "fatol": 1e-9, "maxiter": 4000, "maxfev": 4000},
    )  # fmt: skip
    assert plain_loss(problem, mean) <= theirs.fun + 1e-6
    assert np.all(np.abs(theirs.x) < 0.02)


def test_covariance_against_finite_differences():
    """Central differences of the plain loss at a tenth of a standard deviation."""
    problem = problem_of((0.4, 0.4))
    ours = estimate_with_noise(problem, LAW)
    assert ours.covariance is not None
    mean, sd = ours.mean[0], np.sqrt(np.diag(ours.covariance[0]))
    unit = 0.1 * np.eye(4)
    curvature = np.empty((4, 4))
    for i in range(4):
        for j in range(4):
            corners = [
                (1, unit[i] + unit[j]),
                (-1, unit[i] - unit[j]),
                (-1, unit[j] - unit[i]),
                (1, -unit[i] - unit[j]),
            ]
            curvature[i, j] = sum(sign * plain_loss(problem, mean + sd * z) for sign, z in corners) / 0.04
    assert np.allclose(ours.covariance[0] / np.outer(sd, sd) @ curvature, np.eye(4), atol=0.05)


def test_noise_is_found_within_its_error():
    """FACTS of the field: sd(ρ) about 0.019 and sd(σ) about 0.0033 without a law; 4 of them are allowed."""
    rng = np.random.default_rng(0)
    for seed in rng.integers(0, 1000, 4):
        ours = estimate_with_noise(problem_of((0.4, 0.4), int(seed)), LAW)
        assert abs(ours.mean[0, 2] - 0.8) < 4 * 0.019
        assert abs(ours.mean[0, 3] - 0.07) < 4 * 0.0033


def test_a_uniform_noise_prior_is_a_very_wide_one():
    bounds = (0.0, 0.0), (0.99, 0.5)
    problem = problem_of((0.4, 0.4))
    flat = estimate_with_noise(problem, TruncatedGaussian(("rho", "sigma"), (0.5, 0.1), (np.inf, np.inf), *bounds))
    wide = estimate_with_noise(problem, TruncatedGaussian(("rho", "sigma"), (0.5, 0.1), (100.0, 100.0), *bounds))
    assert np.allclose(flat.mean, wide.mean, atol=1e-5)
    assert flat.covariance is not None


def test_an_edge_is_said():
    """Data without noise put σ on the lower end of its law."""
    ours = estimate_with_noise(problem_of((0.4, 0.4), noise=1e-3), LAW)
    assert ours.covariance is None
    assert ours.status == "On the edge of a prior, where the curvature gives no covariance."
    assert np.isclose(ours.mean[0, 3], LAW.lower[1])
