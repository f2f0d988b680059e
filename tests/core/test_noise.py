import numpy as np
import pytest
from scipy.integrate import quad
from scipy.linalg import solve_triangular, toeplitz
from scipy.signal import periodogram as scipy_periodogram
from scipy.stats import multivariate_normal

from core.noise import (
    Noise,
    autocorrelation,
    colour,
    log_density,
    periodogram,
    residual_sums,
    sample_ar1,
    spectral_density,
    whiten,
)

RHO, SD = 0.8, 0.35


def covariance(rho, marginal_sd, n_times):
    return marginal_sd**2 * toeplitz(rho ** np.arange(n_times))


def test_stationary_from_the_first_sample():
    """The mean of n products of two normals of correlation c has the standard error sd² √((1 + c²)/n); 5 of them."""
    n = 40_000
    noise = sample_ar1(np.full(n, RHO), SD, 60, np.random.default_rng(0))
    for t in (0, 1, 2, 10, 58):
        for lag in (0, 1):
            correlation = RHO**lag
            tolerance = 5 * SD**2 * np.sqrt((1 + correlation**2) / n)
            assert abs(np.mean(noise[:, t] * noise[:, t + lag]) - SD**2 * correlation) <= tolerance
        assert abs(noise[:, t].mean()) <= 5 * SD / np.sqrt(n)


@pytest.mark.parametrize("rho", [0.0, 0.8, -0.5, 0.97])
def test_colour_is_the_cholesky_factor(rho):
    """The factor of a covariance that is lower triangular and causal is unique."""
    normals = np.random.default_rng(1).standard_normal(200)
    expected = np.linalg.cholesky(covariance(rho, SD, 200)) @ normals
    assert np.allclose(colour(normals, rho, SD), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("rho", [0.0, 0.8, -0.5, 0.97])
def test_whiten_is_the_inverse_factor(rho):
    residual = np.random.default_rng(2).normal(size=(3, 200))
    expected = solve_triangular(np.linalg.cholesky(covariance(rho, SD, 200)), residual.T, lower=True).T
    assert np.allclose(whiten(residual, Noise(rho, SD)), expected, rtol=0, atol=1e-11)
    assert np.allclose(whiten(colour(residual, rho, SD), Noise(rho, SD)), residual, rtol=0, atol=1e-12)


@pytest.mark.parametrize("rho", [0.0, 0.8, 0.97])
def test_log_density_is_the_multivariate_normal(rho):
    residual = np.random.default_rng(3).normal(size=(4, 50))
    expected = multivariate_normal(np.zeros(50), covariance(rho, SD, 50)).logpdf(residual)
    assert np.allclose(log_density(residual, Noise(rho, SD)), expected, rtol=1e-11, atol=0)


def test_each_element_has_its_own_law():
    rho, sd = np.array([[0.1], [0.9]]), np.array([0.2, 0.3, 0.5])
    normals = np.random.default_rng(4).standard_normal((2, 3, 40))
    noise = colour(normals, rho, sd)
    for i, j in np.ndindex(2, 3):
        expected = np.linalg.cholesky(covariance(rho[i, 0], sd[j], 40)) @ normals[i, j]
        assert np.allclose(noise[i, j], expected, rtol=0, atol=1e-12)
    assert sample_ar1(rho, sd, 40, np.random.default_rng(4)).tolist() == noise.tolist()


def test_one_realisation_is_stretched_and_prolonged():
    normals = np.random.default_rng(5).standard_normal(500)
    noise = colour(normals, RHO, 0.25)
    assert np.array_equal(colour(normals, RHO, 0.5), 2 * noise)
    assert np.array_equal(colour(normals, RHO, 0.0), np.zeros(500))
    assert np.array_equal(colour(normals[:123], RHO, 0.25), noise[:123])


@pytest.mark.parametrize(
    ("rho", "marginal_sd", "sentence"),
    [
        (1.0, 0.3, "correlation"),
        (-1.0, 0.3, "correlation"),
        (np.nan, 0.3, "correlation"),
        (0.8, -0.1, "standard deviation"),
        (0.8, np.inf, "standard deviation"),
        (0.8, np.nan, "standard deviation"),
    ],
)
def test_invalid_laws_end_in_a_sentence(rho, marginal_sd, sentence):
    with pytest.raises(ValueError, match=sentence):
        colour(np.ones(5), rho, marginal_sd)
    with pytest.raises(ValueError, match="standard deviation above zero and a correlation ρ strictly"):
        Noise(rho, marginal_sd)


@pytest.mark.parametrize(
    ("rho", "marginal_sd"),
    [("a", 1), (None, 1), ("0.5", 1), ((0.5,), 1), (0, 10**400), (0, None)],
)
def test_what_is_no_noise_ends_in_a_sentence(rho, marginal_sd):
    with pytest.raises(ValueError, match="correlation ρ strictly between −1 and 1"):
        Noise(rho, marginal_sd)


@pytest.mark.parametrize("marginal_sd", [1e-51, 1.1e30, 1e200])
def test_a_noise_whose_squares_could_overflow_is_refused(marginal_sd):
    with pytest.raises(ValueError, match="must lie between 1e−50 and 1e30"):
        Noise(0.0, marginal_sd)
    assert Noise(0.0, 1e-50).marginal_sd == 1e-50


def test_a_noise_keeps_no_array():
    rho, sd = np.array(0.5), np.array(0.3)
    noise = Noise(rho, sd)
    rho[...] = sd[...] = 0.9
    assert noise == Noise(0.5, 0.3)
    assert type(noise.rho) is type(noise.marginal_sd) is float


def test_every_third_sample_has_the_noise_of_three_intervals():
    """The covariance of samples three apart is s² ρ³ at lag one, as of the noise at three times the interval."""
    normals = np.random.default_rng(2).standard_normal(300_000)
    apart = colour(normals, 0.8, SD)[::3]
    thinned = Noise(0.8, SD).at_interval(3)
    assert np.isclose(thinned.rho, 0.8**3, rtol=1e-15)
    # Four standard errors of a lag-one correlation of n samples, √((1 − ρ²)/n).
    measured = apart[1:] @ apart[:-1] / (apart @ apart)
    assert abs(measured - thinned.rho) < 4 * np.sqrt((1 - thinned.rho**2) / apart.size)


@pytest.mark.parametrize(("rho", "ratio", "expected"), [(0.64, 0.5, 0.8), (-0.5, 2, 0.25), (-0.5, 0.5, 0.0)])
def test_correlation_at_another_interval(rho, ratio, expected):
    assert np.isclose(Noise(rho, SD).at_interval(ratio).rho, expected, rtol=1e-14)


def test_correlation_of_samples_that_lie_very_close_leaves_the_likelihood_a_width():
    assert Noise(0.9, SD).at_interval(1e-6).rho == 0.999


def test_autocorrelation_of_white_and_of_coloured_noise():
    """White numbers: within ±4/√n at each lag. AR(1): ρᵏ, with Bartlett's error, at most √(19/n)."""
    n, rng = 20_000, np.random.default_rng(0)
    white = autocorrelation(rng.standard_normal(n), 20)
    assert white[0] == 1
    assert np.all(np.abs(white[1:]) < 4 / np.sqrt(n))
    coloured = autocorrelation(sample_ar1(0.9, 1.0, n, rng), 10)
    assert np.allclose(coloured, 0.9 ** np.arange(11), atol=4 * np.sqrt(19 / n))


def test_autocorrelation_by_hand_and_refused():
    assert np.allclose(autocorrelation([1.0, 2.0, -1.0], 2), [1, (2 - 2) / 6, -1 / 6])
    with pytest.raises(ValueError, match="3 samples has no autocorrelation at lag 3"):
        autocorrelation([1.0, 2.0, -1.0], 3)


@pytest.mark.parametrize("rho", [0.0, 0.8, -0.5])
def test_residual_sums_give_the_quadratic_form_of_the_dense_covariance(rho):
    """rᵀ R⁻¹ r with R the whole correlation matrix; a trajectory that was lost has an infinite misfit."""
    residuals = np.random.default_rng(6).normal(size=(4, 50))
    expected = np.einsum("ni,ni->n", residuals, np.linalg.solve(covariance(rho, 1.0, 50), residuals.T).T)
    sums = residual_sums(residuals)
    assert np.allclose(sums.quadratic_form(rho), expected, rtol=1e-12, atol=0)
    assert np.allclose(sums.misfit(Noise(rho, SD)), 0.5 * expected / SD**2, rtol=1e-12, atol=0)
    residuals[1, 30:] = np.nan
    lost = residual_sums(residuals)
    assert [float(part[1]) for part in lost] == [np.inf] * 4
    assert np.isinf(lost.misfit(Noise(rho, SD))).tolist() == [False, True, False, False]


def test_missing_samples_of_white_noise_stay_alone():
    assert np.array_equal(whiten([1.0, np.nan, 3.0], Noise(0.0, 2.0)), [0.5, np.nan, 1.5], equal_nan=True)
    assert Noise(0.8, 2.0).white == Noise(0.0, 2.0)


def test_noise_at_its_own_interval_is_itself():
    assert Noise(0.9995, SD).at_interval(1) == Noise(0.9995, SD)
    for ratio in (-1, 0, np.nan, np.inf, 10**400):
        with pytest.raises(ValueError, match="finite, positive number of intervals"):
            Noise(0.8, SD).at_interval(ratio)


@pytest.mark.parametrize("rho", [0.0, 0.8, -0.5, 0.97])
@pytest.mark.parametrize("interval", [0.2, 2e-4])
def test_the_spectral_density_holds_the_variance(rho, interval):
    noise = Noise(rho, SD)
    held, _ = quad(lambda f: spectral_density(noise, f, interval), 0, 0.5 / interval, limit=200, epsabs=0, epsrel=1e-10)
    assert held == pytest.approx(SD**2, rel=1e-8)


def test_the_spectral_density_is_the_transform_of_the_covariance():
    """S(f) = 2 Δt (c₀ + 2 Σ cₖ cos 2πfkΔt), with c₂₀₀ < 10⁻¹⁹ s²."""
    frequencies = np.array([0.0, 40.0, 700.0, 2500.0])
    lags = np.arange(1, 200)
    waves = np.cos(2 * np.pi * np.multiply.outer(frequencies, lags) * 2e-4)
    expected = 4e-4 * SD**2 * (1 + 2 * waves @ RHO**lags)
    np.testing.assert_allclose(spectral_density(Noise(RHO, SD), frequencies, 2e-4), expected, rtol=1e-12)


@pytest.mark.parametrize("n_times", [3, 10, 999, 1000])
def test_the_periodogram_is_scipy_s_between_zero_and_nyquist(n_times):
    values = np.random.default_rng(3).normal(2.0, 1.0, n_times)
    frequencies, density = periodogram(values, 2e-4)
    its_frequencies, its_density = scipy_periodogram(values, 5000.0)
    inside = (its_frequencies > 0) & (its_frequencies < 2499.9)
    np.testing.assert_allclose(frequencies, its_frequencies[inside], rtol=1e-12)
    np.testing.assert_allclose(density, its_density[inside], rtol=1e-9)


@pytest.mark.parametrize("rho", [0.0, 0.8, 0.97])
def test_the_mean_periodogram_of_sampled_noise_follows_its_spectral_density(rho):
    """The mean of n exponential values has a relative sd of 1/√n; 5 of them.

    A window of 1000 samples blurs the density by less than 0.05 of it at ρ = 0.97, and by less than 0.005 at ρ = 0.8.
    """
    n = 4000
    noise = sample_ar1(np.full(n, rho), SD, 1000, np.random.default_rng(4))
    found = [periodogram(each, 2e-4) for each in noise]
    frequencies, mean = found[0][0], np.mean([density for _, density in found], axis=0)
    blur = {0.0: 0.0, 0.8: 0.005, 0.97: 0.05}[rho]
    np.testing.assert_allclose(
        mean / spectral_density(Noise(rho, SD), frequencies, 2e-4), 1, atol=5 / np.sqrt(n) + blur
    )
