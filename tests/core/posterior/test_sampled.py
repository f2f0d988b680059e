import numpy as np
import pytest

from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.models.fitzhugh_nagumo.simulate import simulate
from core.noise import Noise, sample_ar1
from core.posterior.exact import posterior
from core.posterior.sampled import SampledPosterior, sampled_posterior
from core.priors import TruncatedGaussian
from core.problem.problem import Problem
from core.published import GAMMA, ZETA, full_prior, published_noise, published_noise_prior, time_grid
from tests.reference import known_of, plain_misfit

TIMES = time_grid()
FOUR = ("theta0", "theta1", "zeta", "gamma")
QUIET = Noise(0.8, 0.2)
KNOWN_NOISE = TruncatedGaussian(("rho", "sigma"), (0.8, 0.04), (1e-6, 1e-7), (0.79, 0.039), (0.81, 0.041))


def problem_of(parameters, unknown, noise):
    clean = simulate(parameters, TIMES)[:, 0]
    data = clean + sample_ar1(noise.rho, noise.marginal_sd, TIMES.size, np.random.default_rng(3))
    known = known_of(parameters, unknown)
    return Problem.of_trace(FITZHUGH_NAGUMO, data, TIMES, unknown, known, noise, full_prior())


@pytest.mark.long
@pytest.mark.parametrize("theta", [(0.4, 0.4), (-0.1, 1.1), (0.865, 0.4)])
def test_two_unknowns_against_the_quadrature(theta):
    """A spiking neuron, a silent one cut by the prior's edges, and the long bent ridge at a bifurcation.

    The mean of n effective draws has an error of sd/√n; so has the sd, times √½ for a normal law. Twice four of them,
    and 0.04 by which the last proposals may have moved them.
    """
    problem = problem_of((*theta, ZETA, GAMMA), ("theta0", "theta1"), published_noise())
    ours = sampled_posterior(problem, published_noise_prior(), 1000, np.random.default_rng(0))
    exact = posterior(problem, published_noise_prior())
    assert ours.names == ("theta0", "theta1")
    assert ours.effective_size >= 1000
    sd, allowed = np.sqrt(np.diag(exact.covariance)), 8 / np.sqrt(ours.effective_size) + 0.04
    assert np.all(np.abs(ours.mean - exact.mean) < allowed * sd)
    assert np.allclose(np.sqrt(np.diag(ours.covariance)) / sd, 1, atol=allowed)
    middle = exact.mean
    expected = [exact.distribution(axis, middle[axis]) for axis in (0, 1)]
    assert np.allclose(ours.distribution(middle), expected, atol=allowed)


def test_four_unknowns_against_brute_force():
    """21 points along each axis of the whitened posterior, over ± 5 standard deviations, by the formula of the talk."""
    problem = problem_of((0.4, 0.4, ZETA, GAMMA), FOUR, QUIET)
    ours = sampled_posterior(problem, KNOWN_NOISE, 1000, np.random.default_rng(0))
    line = np.linspace(-5, 5, 21)  # with 15, moments are off by a tenth of an sd, since the posterior is bent
    unit = np.stack(np.meshgrid(*[line] * 4), axis=-1).reshape(-1, 4)
    points = ours.mean + unit @ np.linalg.cholesky(ours.covariance).T
    prior = full_prior()
    points = points[np.all((points >= prior.lower) & (points <= prior.upper), axis=1)]
    logs = []
    for part in np.array_split(points, 40):
        residual = problem.data - simulate(part, TIMES)[..., 0]
        logs.append(
            -plain_misfit(residual, QUIET.marginal_sd, QUIET.rho)
            - 0.5 * np.sum(((part[:, :2] - 0.4) / [0.3, 0.4]) ** 2, axis=1)
        )
    weights = np.exp(np.concatenate(logs) - np.max(np.concatenate(logs)))
    weights /= weights.sum()
    mean = weights @ points
    covariance = (weights[:, None] * (points - mean)).T @ (points - mean)
    sd, allowed = np.sqrt(np.diag(covariance)), 4 / np.sqrt(ours.effective_size) + 0.04
    assert np.all(np.abs(ours.mean - mean) < allowed * sd)
    assert np.allclose(ours.covariance / np.outer(sd, sd), covariance / np.outer(sd, sd), atol=2 * allowed)


def test_the_effective_size_is_that_of_equal_and_of_unequal_weights():
    draws = np.arange(4.0)[:, None]
    assert np.isclose(SampledPosterior(("a",), draws, np.full(4, 0.25)).effective_size, 4)
    found = SampledPosterior(("a",), draws, np.array([0.5, 0.5, 0.0, 0.0]))
    assert np.isclose(found.effective_size, 2)
    assert np.isclose(found.mean, 0.5)
    assert np.isclose(found.covariance, 0.25)
    assert np.isclose(found.distribution([0.5]), 0.5)
