from functools import cache

import numpy as np
import pytest
from scipy.linalg import solve_toeplitz, toeplitz

from core.models.fitzhugh_nagumo.simulate import simulate
from core.posterior.noise_of_fit import noise_of_fit
from core.posterior.parameters_and_noise import estimate_with_noise
from core.priors import TruncatedGaussian
from core.published import published_noise_prior
from tests.core.optimisation.test_minima import problem_of

WIDE = TruncatedGaussian(("rho", "sigma"), (0.0, 0.2), (10.0, 10.0), (-0.999, 0.001), (0.999, 0.8))
THETA = (0.4, 0.4)


RHO, SIGMA = np.linspace(0.68, 0.92, 31), np.linspace(0.05, 0.1, 31)  # steps of 0.4 and 0.5 sds, 6 sds to each side


@cache
def log_likelihoods():
    """Return the log of the residuals' multivariate normal density on the grid."""
    problem = problem_of(THETA)
    residual = problem.data - simulate(problem.parameters(np.array(THETA)), problem.times)[:, 0]
    n = residual.size
    logs = np.empty((RHO.size, SIGMA.size))
    for i, rho in enumerate(RHO):
        form = residual @ solve_toeplitz(rho ** np.arange(n), residual)
        determinant = np.linalg.slogdet(toeplitz(rho ** np.arange(n)))[1]
        logs[i] = -0.5 * form / (SIGMA / 0.2) ** 2 - n * np.log(SIGMA / 0.2) - 0.5 * determinant
    return logs.ravel()


@pytest.mark.parametrize("prior", [WIDE, published_noise_prior()])
def test_against_sums_over_a_grid_of_the_normal_density(prior):
    problem = problem_of(THETA)
    found = noise_of_fit(problem, THETA, prior)
    values = np.stack(np.meshgrid(RHO, SIGMA, indexing="ij"), axis=-1).reshape(-1, 2)
    logs = log_likelihoods() + prior.log_density(values)
    weights = np.exp(logs - logs.max())
    mean, covariance = np.average(values, axis=0, weights=weights), np.cov(values.T, aweights=weights, ddof=0)
    sd = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(found.mean[0], mean, rtol=0, atol=0.01 * sd.min())
    np.testing.assert_allclose(found.covariance[0] / np.outer(sd, sd), covariance / np.outer(sd, sd), atol=0.01)
    assert found.names == ("rho", "sigma")


def test_at_the_best_fit_it_is_that_of_parameters_and_noise_together():
    """The mode of a skewed density lies up to half an sd from its mean."""
    problem = problem_of(THETA)
    joint = estimate_with_noise(problem, WIDE)
    found = noise_of_fit(problem, joint.mean[0, :2], WIDE)
    sd = np.sqrt(np.diag(joint.covariance[0]))[2:]
    assert np.all(np.abs(found.mean[0] - joint.mean[0, 2:]) < 0.5 * sd)
    np.testing.assert_allclose(np.sqrt(np.diag(found.covariance[0])), sd, rtol=0.1)


def test_a_trajectory_that_diverges_has_no_noise():
    with pytest.raises(ValueError, match="The trajectory diverges here"):
        noise_of_fit(problem_of(THETA), (0.4, -50.0), WIDE)
