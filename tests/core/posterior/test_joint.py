import numpy as np
import pytest
from scipy.stats import kstest

from core.maps.dataset import make_dataset
from core.maps.recipes import published_task
from core.maps.test_sets import published_test_set
from core.metrics import r_squared
from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.models.fitzhugh_nagumo.simulate import simulate
from core.noise import Noise, residual_sums, sample_ar1
from core.posterior.exact import posterior
from core.posterior.joint import joint_moments
from core.priors import TruncatedGaussian
from core.problem.likelihood import noise_nodes
from core.problem.problem import Problem
from core.published import (
    GAMMA,
    ZETA,
    published_noise,
    published_noise_prior,
    published_prior,
    time_grid,
    with_constants,
)  # fmt: skip
from tests.reference import plain_misfit

NOISE = published_noise_prior()


def problem_of(data, times, prior=None):
    known = {"zeta": ZETA, "gamma": GAMMA}
    prior = prior or published_prior()
    return Problem.of_trace(FITZHUGH_NAGUMO, data, times, prior.names, known, published_noise(), prior)


def brute_force(data, times, extent):
    """Return mean (4,) and covariance (4, 4) of θ₀, θ₁, σ and ρ on a fixed grid, by the formulas of the talk.

    60 × 60 points of θ over an extent, (2, 2), and 60 × 60 of the noise over all of its prior's box.
    """
    shares = (np.arange(60) + 0.5) / 60
    theta0, theta1 = (low + (high - low) * shares for low, high in extent)
    rho, sigma = (low + (high - low) * shares for low, high in zip(NOISE.lower, NOISE.upper, strict=True))
    theta = np.stack(np.meshgrid(theta0, theta1, indexing="ij"), axis=-1).reshape(-1, 2)
    residual = data - simulate(with_constants(theta), times)[..., 0]
    logs = np.empty((len(theta), sigma.size, rho.size))
    for k, each in enumerate(rho):
        form = plain_misfit(residual, 1.0, each)[:, None]
        s, n = sigma / 0.2, times.size
        logs[:, :, k] = -form / s**2 - n * np.log(s) - 0.5 * (n - 1) * np.log(1 - each**2)
    logs -= 0.5 * np.sum(((theta - 0.4) / [0.3, 0.4]) ** 2, axis=1)[:, None, None]
    logs -= 0.5 * ((sigma - 0.07) / 0.0097)[:, None] ** 2 + 0.5 * ((rho - 0.8) / 0.057) ** 2
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    of_theta, of_noise = weights.sum(axis=(1, 2)), weights.sum(axis=0)
    noise = np.stack(np.meshgrid(sigma, rho, indexing="ij"), axis=-1).reshape(-1, 2)
    mean = np.concatenate([of_theta @ theta, of_noise.ravel() @ noise])
    at_theta, at_noise = theta - mean[:2], noise - mean[2:]
    cross = at_theta.T @ weights.reshape(len(theta), -1) @ at_noise
    blocks = [
        [(of_theta[:, None] * at_theta).T @ at_theta, cross],
        [cross.T, (of_noise.ravel()[:, None] * at_noise).T @ at_noise],
    ]
    return mean, np.block(blocks)


@pytest.mark.parametrize(
    ("theta", "n_times", "seed"),
    [
        ((0.4, 0.4), 1000, 1),
        pytest.param((-0.1, 1.1), 1000, 2, marks=pytest.mark.long),
        ((0.9, 1.0), 100, 3),
        ((0.2, 0.3), 100, 4),
        ((-0.1, 1.1), 100, 5),
    ],
)
def test_moments_of_all_four_against_brute_force(theta, n_times, seed):
    """With 100 samples, 20 ms, posteriors are broad and the edges of the prior cut them."""
    times = time_grid(0.2 * n_times, n_times)
    clean = simulate((*theta, ZETA, GAMMA), times)[:, 0]
    data = clean + sample_ar1(0.85, 0.3, n_times, np.random.default_rng(seed))
    found = posterior(problem_of(data, times), NOISE)
    assert found.resolved
    ours = joint_moments(found)
    mean, covariance = brute_force(data, times, found.extent())
    assert ours.names == ("theta0", "theta1", "sigma", "rho")
    sd = np.sqrt(np.diag(covariance))
    assert np.all(np.abs(ours.mean[0] - mean) < 0.02 * sd)
    assert np.allclose(ours.covariance[0] / np.outer(sd, sd), covariance / np.outer(sd, sd), atol=0.03)


@pytest.mark.parametrize("n", [400, pytest.param(2000, marks=pytest.mark.long)])
def test_with_theta_known_the_noise_is_as_accurate_as_can_be(n):
    """R² of σ and ρ over 2,000 other traces: 0.892 and 0.905, computed outside this code.

    The mean squared error of n traces has a relative sd of √(2/n), and so has the variance of the truth: 1 − R² has one
    of √(4/n), that of the 2,000 traces √(4/2000). Four times both together are allowed.
    """
    data = published_test_set()
    sums = residual_sums(data.noisy[:n].astype(float) - data.clean[:n])
    means = []
    for parts in zip(*sums, strict=True):
        of_trace = type(sums)(*parts)
        mean = noise_nodes(NOISE, of_trace, 1000).mean(of_trace, 1000)
        means.append([0.2 * mean.marginal_sd, mean.rho])
    found, limit = r_squared(data.noise_parameters[:n, ::-1], np.array(means)), np.array([0.892, 0.905])
    assert np.all(np.abs(found - limit) < 4 * np.sqrt(4 / n + 4 / 2000) * (1 - limit))
    for i in range(3):  # the joint posterior agrees where the prior leaves θ no room
        truth = data.theta[i]
        ends = [tuple((truth + sign * 4e-6).tolist()) for sign in (-1, 1)]
        narrow = TruncatedGaussian(("theta0", "theta1"), tuple(truth.tolist()), (1e-6, 1e-6), *ends)
        joint = joint_moments(posterior(problem_of(data.noisy[i].astype(float), time_grid(), narrow), NOISE))
        assert np.all(np.abs(joint.mean[0, 2:] - means[i]) < 0.01 * np.sqrt(np.diag(joint.covariance[0]))[2:])


def noise_rank(found, axis, value):
    """Return the probability that ρ (axis 0) or σ (axis 1) lies below a value, from the evidence under half the prior.

    p(ρ < r | d) = p(d | ρ < r) p(ρ < r) / p(d).
    """
    column = [list(NOISE.lower), list(NOISE.upper)]
    column[1][axis] = value
    half = TruncatedGaussian(NOISE.names, NOISE.mean, NOISE.sd, *map(tuple, column))
    share = np.exp(NOISE.log_density(half.lower) - half.log_density(half.lower))
    sums, n_times = found.problem.residual_sums(found.cells.centres), found.problem.times.size
    best = type(sums)(*(part[np.argmax(found.cells.log_densities)] for part in sums))
    below = noise_nodes(half, best, n_times).log_likelihood(sums, n_times)
    over_all = found.nodes.log_likelihood(sums, n_times)
    return float(share * found.masses @ np.exp(below - over_all))


@pytest.mark.long
@pytest.mark.parametrize("n", [40, 300])
def test_calibration_of_all_four(n):
    """On traces drawn from the priors, ranks of the noise are uniform, and whitened errors have unit covariance.

    E[z z′] is the identity by the law of total covariance. An entry of its mean over n traces has an sd of √(2/n) on
    the diagonal and √(1/n) beside it, were z normal. Posteriors have heavier tails: twice four of these are allowed.
    """
    data = make_dataset(published_task(), n, time_grid(), np.random.default_rng(23))
    whitened, ranks = [], []
    for theta, noise, trace in zip(data.theta, data.noise_parameters, data.noisy.astype(float), strict=True):
        found = posterior(problem_of(trace, time_grid()), NOISE)
        ours = joint_moments(found)
        error = np.concatenate([theta, noise[::-1]]) - ours.mean[0]
        whitened.append(np.linalg.solve(np.linalg.cholesky(ours.covariance[0]), error))
        ranks.append([noise_rank(found, axis, noise[axis]) for axis in (0, 1)])
    for axis in (0, 1):
        assert kstest(np.array(ranks)[:, axis], "uniform").pvalue > 1e-4
    squares = np.transpose(whitened) @ np.array(whitened) / n
    assert np.all(np.abs(np.mean(whitened, axis=0)) < 4 / np.sqrt(n))
    assert np.all(np.abs(squares - np.eye(4)) < 8 * np.sqrt((1 + np.eye(4)) / n))


def test_a_known_noise_has_no_posterior():
    trace = published_test_set().noisy[0].astype(float)
    with pytest.raises(ValueError, match="A known noise has no posterior"):
        joint_moments(posterior(problem_of(trace, time_grid()).with_noise(Noise(0.8, 0.35))))
