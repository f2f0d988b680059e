"""The whitened norm against the dense covariance of AR(1) noise."""

import numpy as np
import pytest
from scipy.linalg import toeplitz

from core.noise import Noise, sample_ar1
from core.perturbations.whitened import by_trace, by_whitened_trace, perturbation_of, whitened_size

N = 40


@pytest.mark.parametrize("noise", [Noise(0.8, 0.35), Noise(0.0, 2.0), Noise(-0.5, 0.1)])
def test_sizes_and_derivatives_are_those_of_the_dense_covariance(noise):
    covariance = noise.marginal_sd**2 * toeplitz(noise.rho ** np.arange(N))
    change, gradient = np.random.default_rng(0).standard_normal((2, 3, N))
    expected = np.sqrt(np.einsum("nt,nt->n", change, np.linalg.solve(covariance, change.T).T))
    np.testing.assert_allclose(whitened_size(change, noise), expected, rtol=1e-10)
    factor = np.linalg.cholesky(covariance)  # AR(1) noise is made sample by sample: the factor is lower triangular
    np.testing.assert_allclose(perturbation_of(change, noise), change @ factor.T, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(by_whitened_trace(gradient, noise), gradient @ factor, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(by_trace(gradient @ factor, noise), gradient, rtol=1e-10, atol=1e-12)


def test_noise_of_a_thousand_samples_has_size_31_6():
    """The size is chi-distributed: mean √999.5, sd √½; 400 draws leave a standard error of 0.035."""
    noise = Noise(0.8, 0.35)
    draws = sample_ar1(np.full(400, noise.rho), noise.marginal_sd, 1000, np.random.default_rng(1))
    sizes = whitened_size(draws, noise)
    assert sizes.mean() == pytest.approx(np.sqrt(999.5), abs=4 * 0.035)
    assert sizes.std() == pytest.approx(np.sqrt(0.5), rel=0.2)
