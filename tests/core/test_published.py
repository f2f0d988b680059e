import numpy as np
import pytest

from core import published


def test_time_grid():
    grid = published.time_grid()
    assert np.allclose(grid, np.linspace(0, 199.8, 1000), rtol=0, atol=1e-12)
    assert np.allclose(published.time_grid(40, 200), np.linspace(0, 39.8, 200), rtol=0, atol=1e-12)
    for t_end, n_times in ((0, 10), (-1, 10), (np.nan, 10), (np.inf, 10), (10**400, 10)):
        with pytest.raises(ValueError, match="A time grid needs a finite end above zero"):
            published.time_grid(t_end, n_times)
    for n_times in (0, 1.5, np.inf):
        with pytest.raises(ValueError, match="number of times must be a whole number of at least one"):
            published.time_grid(200, n_times)


def test_published_constants():
    """γ = 3, ζ = −0.4, and a marginal noise sd σ/Δt of 0.35."""
    assert (published.GAMMA, published.ZETA) == (3.0, -0.4)
    assert np.isclose(published.SIGMA / published.SAMPLING_INTERVAL, 0.35)
    assert published.with_constants(np.zeros((3, 5, 2))).shape == (3, 5, 4)
    assert published.with_constants([0.1, 0.2]).tolist() == [0.1, 0.2, -0.4, 3.0]
    assert published.with_constants([0.1, 0.2], zeta=-0.1, gamma=2.0).tolist() == [0.1, 0.2, -0.1, 2.0]


def test_published_laws():
    """The moments and ranges in the authors' data; a Gaussian cut at ±2 sd keeps 0.7737 of its variance."""
    prior = published.published_prior()
    assert prior.names == ("theta0", "theta1")
    assert np.allclose([prior.lower, prior.upper], [[-0.2, -0.4], [1.0, 1.2]])
    n = 100_000
    samples = prior.sample(n, np.random.default_rng(0))
    # Standard errors: of the mean below sd/√n, of the variance below sd² √(2/n); 5 of them.
    assert np.all(np.abs(samples.mean(axis=0) - 0.4) <= 5 * np.array([0.3, 0.4]) / np.sqrt(n))
    variances = 0.7737 * np.array([0.09, 0.16])
    assert np.all(np.abs(samples.var(axis=0) - variances) <= 5 * np.array([0.09, 0.16]) * np.sqrt(2 / n))

    noise = published.published_noise_prior()
    assert noise.names == ("rho", "sigma")
    assert (noise.mean, noise.sd) == ((0.80, 0.070), (0.057, 0.0097))
    assert np.allclose([noise.lower, noise.upper], [[0.629, 0.0409], [0.971, 0.0991]])


def test_full_prior_is_flat_in_zeta_and_gamma():
    """Its density is the published one over the area 0.8 · 3 of the ranges of ζ and γ."""
    full, theta = published.full_prior(), np.array([0.1, 0.9])
    inside = [*theta, -0.7, 4.9]
    expected = published.published_prior().log_density(theta) - np.log(0.8 * 3.0)
    assert np.isclose(full.log_density(inside), expected, rtol=1e-13)
    assert full.log_density([*theta, 0.01, 3.0]) == -np.inf
    assert full.log_density([*theta, -0.4, 5.01]) == -np.inf
