import numpy as np
import pytest
from scipy.integrate import dblquad
from scipy.linalg import toeplitz
from scipy.stats import multivariate_normal

from core.noise import Noise, ResidualSums, sample_ar1
from core.priors import TruncatedGaussian
from core.problem.likelihood import check_noise_prior, known_noise, noise_nodes
from core.published import published_noise_prior

N = 200


def sums_of(residual):
    """Return the four sums, in plain NumPy."""
    return ResidualSums(
        np.array(residual[0] ** 2),
        np.array(np.sum(residual[1:] ** 2)),
        np.array(np.sum(residual[1:] * residual[:-1])),
        np.array(residual[-1] ** 2),
    )


def dense_log_density(residual, rho, s):
    """Return the log density of AR(1) noise from SciPy's multivariate normal law and its dense covariance."""
    return multivariate_normal(cov=s**2 * toeplitz(rho ** np.arange(residual.size))).logpdf(residual)


@pytest.mark.parametrize(("rho", "s"), [(0.8, 0.35), (0.0, 2.0), (-0.6, 0.1), (0.99, 0.5)])
def test_known_noise_against_the_dense_normal_law(rho, s):
    residual = sample_ar1(0.7, 0.4, N, np.random.default_rng(0))
    ours = known_noise(Noise(rho, s)).log_likelihood(sums_of(residual), N)
    assert np.isclose(ours, dense_log_density(residual, rho, s), rtol=1e-10)


@pytest.mark.parametrize("true", [(0.8, 0.35), (0.64, 0.2), (0.96, 0.48), (0.2, 0.9)])
def test_integrated_noise_against_scipy(true):
    """Adaptive quadrature over the law; the last two noises lie at its edge and beyond."""
    law = published_noise_prior()
    residual = sample_ar1(*true, N, np.random.default_rng(1))
    sums = sums_of(residual)
    nodes = noise_nodes(law, sums, N)
    ours = float(nodes.log_likelihood(sums, N))

    def integrand(sigma, rho):
        return np.exp(dense_log(rho, sigma / 0.2) + float(law.log_density([rho, sigma])) - ours)

    def dense_log(rho, s):
        white = np.append(residual[0], (residual[1:] - rho * residual[:-1]) / np.sqrt(1 - rho**2)) / s
        return -0.5 * white @ white - N * np.log(s) - 0.5 * (N - 1) * np.log(1 - rho**2) - 0.5 * N * np.log(2 * np.pi)

    # SciPy is told where the peak is; outside nine standard deviations of it nothing is left.
    mean, sd = nodes.mean(sums, N), np.array([0.05, 0.02])
    centre = np.array([mean.rho, 0.2 * mean.marginal_sd])
    low, high = np.maximum(centre - 9 * sd, law.lower), np.minimum(centre + 9 * sd, law.upper)
    total, _ = dblquad(integrand, low[0], high[0], low[1], high[1], epsabs=1e-7, epsrel=1e-7)
    assert abs(total - 1) < 2e-3


def test_the_mean_of_the_noise_is_where_the_data_put_it():
    """Cramér–Rao for 20,000 samples: sd(ρ) = √((1 − ρ²)/n) = 0.0042, sd(s) = s √((1 + ρ²)/(1 − ρ²)/(2n)) = 0.0037."""
    n = 20_000
    residual = sample_ar1(0.85, 0.35, n, np.random.default_rng(2))
    sums = sums_of(residual)
    mean = noise_nodes(published_noise_prior(), sums, n).mean(sums, n)
    assert abs(mean.rho - 0.85) < 4 * 0.0042
    assert abs(mean.marginal_sd - 0.35) < 4 * 0.0037


def test_weights_of_the_nodes_add_up_to_the_law():
    """With two samples the data say next to nothing: over all nodes the law's mass is found again."""
    law = TruncatedGaussian(("rho", "sigma"), (0.5, 0.1), (0.1, 0.02), (0.2, 0.05), (0.8, 0.15))
    sums = ResidualSums(np.array(0.25), np.array(0.25), np.array(0.1), np.array(0.25))
    nodes = noise_nodes(law, sums, 2)
    assert np.isclose(np.sum(np.exp(nodes.log_weights)), 1, atol=1e-6)


def test_a_lost_trajectory_has_no_likelihood():
    lost = ResidualSums(*(np.array(np.inf) for _ in range(4)))
    assert known_noise(Noise(0.8, 0.35)).log_likelihood(lost, N) == -np.inf
    residual = sample_ar1(0.8, 0.35, N, np.random.default_rng(3))
    assert noise_nodes(published_noise_prior(), sums_of(residual), N).log_likelihood(lost, N) == -np.inf


def test_a_prior_with_its_names_the_other_way_round_is_refused():
    swapped = TruncatedGaussian(("sigma", "rho"), (0.07, 0.8), (0.01, 0.05), (0.04, 0.6), (0.1, 0.9))
    with pytest.raises(ValueError, match="names rho and sigma, in this order; it names sigma, rho"):
        check_noise_prior(swapped)
