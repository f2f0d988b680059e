"""The law of a learned posterior against closed forms, and against a sum over a fine grid."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import chi2, multivariate_normal, truncnorm

from core.maps.learned_posterior.frame import Frame
from core.maps.learned_posterior.law import LearnedPosterior
from core.priors import TruncatedGaussian, uniform

WIDE = uniform(("theta0", "theta1"), (-50.0, -50.0), (50.0, 50.0))
FRAME = Frame(np.array([[0.3, -0.2]]), np.array([[[0.5, 0.0], [0.2, 0.1]]]))
ALMOST_NONE = 1e-9  # weight of the background


def law(prior: TruncatedGaussian, means: np.ndarray, factors: np.ndarray, background: float) -> LearnedPosterior:
    """Return a law of Gaussians of equal weight, and a background."""
    weights = np.append(np.full(len(means), (1 - background) / len(means)), background)
    return LearnedPosterior(prior, FRAME, np.log(weights), means, factors)


@pytest.fixture(scope="module")
def two() -> LearnedPosterior:
    """Return a law of two Gaussians far apart."""
    means = np.array([[-4.0, 1.0], [3.0, 0.0]])
    factors = np.array([[[1.0, 0.0], [0.4, 2.0]], [[2.0, 0.0], [0.0, 1.0]]])
    return law(WIDE, means, factors, ALMOST_NONE)


def gaussians(found: LearnedPosterior) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return mean and covariance of each Gaussian, in the parameters."""
    scale = FRAME.factor[0]
    covariances = [scale @ np.linalg.inv(a.T @ a) @ scale.T for a in found.factors]
    return [(FRAME.mean[0] + scale @ m, c) for m, c in zip(found.means, covariances, strict=True)]


def test_the_density_is_that_of_scipys_gaussians(two: LearnedPosterior):
    values = np.random.default_rng(0).normal(FRAME.mean[0], 1.0, (50, 2))
    expected = np.mean([multivariate_normal(*each).pdf(values) for each in gaussians(two)], axis=0)
    assert_allclose(np.exp(two.log_density(values)), expected, rtol=1e-6, atol=1e-12)


def test_mean_and_covariance_are_those_of_the_mixture(two: LearnedPosterior):
    parts = gaussians(two)
    mean = np.mean([m for m, _ in parts], axis=0)
    covariance = np.mean([c + np.outer(m - mean, m - mean) for m, c in parts], axis=0)
    sd = np.sqrt(np.diag(covariance))
    assert_allclose((two.mean - mean) / sd, 0, atol=0.01)
    assert_allclose(two.covariance / np.outer(sd, sd), covariance / np.outer(sd, sd), atol=0.02)


def test_regions_of_one_gaussian_are_ellipses_with_the_mass_of_chi_square():
    one = law(WIDE, np.zeros((1, 2)), np.eye(2)[None], ALMOST_NONE)
    radii = np.array([0.3, 1.0, 2.0, 3.0])
    values = FRAME.values(np.column_stack([radii, np.zeros(4)])[None])[0]
    assert_allclose(one.credibility(values), chi2(2).cdf(radii**2), atol=0.02)  # 128 nodes
    assert one.log_density(values[1]) > one.threshold(0.9) > one.log_density(values[3])


def test_a_law_is_cut_at_the_edges_of_the_prior_and_holds_all_mass_inside():
    prior = uniform(("theta0", "theta1"), (0.3, -1.0), (1.0, 0.1))  # the first edge goes through the middle
    cut = law(prior, np.zeros((1, 2)), np.eye(2)[None], 0.1)
    axes = [low + (high - low) * (np.arange(400) + 0.5) / 400 for low, high in prior.bounds]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    cell = np.prod(np.ptp(prior.bounds, axis=1)) / len(grid)
    masses = np.exp(cut.log_density(grid)) * cell
    assert masses.sum() == pytest.approx(1, abs=0.02)  # the mass inside is a sum over 128 nodes
    assert_allclose(cut.mean, masses @ grid / masses.sum(), atol=0.02)
    assert cut.log_density([0.299, 0.0]) == -np.inf
    draws = cut.draws(2000, np.random.default_rng(1))
    assert np.all((draws >= prior.bounds[:, 0]) & (draws <= prior.bounds[:, 1]))
    standard_error = draws.std(axis=0) / np.sqrt(len(draws))
    assert np.all(np.abs(draws.mean(axis=0) - cut.mean) < 5 * standard_error + 0.01)


def test_a_background_alone_is_the_prior():
    prior = TruncatedGaussian(("theta0", "theta1"), (0.4, 0.4), (0.3, 0.4), (-0.2, -0.4), (1.0, 1.2))
    alone = law(prior, np.zeros((1, 2)), np.eye(2)[None], 1 - 1e-12)
    value = np.array([0.5, 0.1])
    expected = sum(
        truncnorm((low - m) / s, (high - m) / s, m, s).logpdf(v)
        for v, m, s, low, high in zip(value, prior.mean, prior.sd, prior.lower, prior.upper, strict=True)
    )
    assert alone.log_density(value) == pytest.approx(expected, abs=1e-6)
