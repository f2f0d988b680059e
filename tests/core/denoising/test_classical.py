"""Classical filters: a polynomial passes, and Wiener's filter is the best linear estimate where its law holds."""

import numpy as np
import pytest
from scipy.fft import idct
from scipy.signal import savgol_filter

from core.denoising.classical import ORDERS, WINDOWS, best_savitzky_golay, wiener
from core.noise import Noise, sample_ar1


def test_a_parabola_passes_the_filter_unchanged():
    parabola = np.linspace(-1, 2, 200) ** 2
    assert best_savitzky_golay(parabola, parabola) == pytest.approx(parabola, abs=1e-12)


def test_the_best_window_is_no_worse_than_any_other():
    rng = np.random.default_rng(0)
    truth = np.sin(np.linspace(0, 20, 300))
    data = truth + 0.3 * rng.standard_normal(truth.size)
    error = np.sum((best_savitzky_golay(data, truth) - truth) ** 2)
    others = [np.sum((savgol_filter(data, window, order) - truth) ** 2) for window in WINDOWS for order in ORDERS]
    assert error == min(others)


@pytest.mark.parametrize("rho", [0.0, 0.8])
def test_wiener_s_error_is_that_of_the_bayesian_mean(rho):
    """Of Gaussian signals with independent cosine coefficients S in noise N it leaves Σ SN/(S + N)."""
    rng, n, noise = np.random.default_rng(1), 128, Noise(rho, 0.5)
    spectrum = 4.0 / (1 + np.arange(n)) ** 1.5
    signals = idct(np.sqrt(spectrum) * rng.standard_normal((4000, n)), norm="ortho", axis=1)
    errors = [
        np.sum((wiener(each + sample_ar1(rho, 0.5, n, rng), signals, noise) - each) ** 2) for each in signals[:400]
    ]
    lags = np.arange(n)
    basis = idct(np.eye(n), norm="ortho", axis=0)
    variances = np.diag(basis.T @ (0.25 * rho ** np.abs(lags[:, None] - lags)) @ basis)
    expected = np.sum(spectrum * variances / (spectrum + variances))
    # The spectrum from 4,000 examples costs less than 1 %.
    assert np.mean(errors) == pytest.approx(expected, rel=0.01 + 4 * np.std(errors) / np.sqrt(400) / expected)


def test_a_trace_shorter_than_the_shortest_window_is_refused():
    with pytest.raises(ValueError, match="5 samples or more; this one has 4"):
        best_savitzky_golay(np.zeros(4), np.zeros(4))
