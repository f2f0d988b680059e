"""Classical filters of one trace: Savitzky and Golay's with the best window, and Wiener's with the noise known."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.fft import dct, idct
from scipy.signal import savgol_filter

from core.noise import Noise

WINDOWS = range(5, 102, 2)  # samples
ORDERS = (2, 3, 4)  # of the polynomials

Array = NDArray[np.float64]


def best_savitzky_golay(data: ArrayLike, truth: ArrayLike) -> Array:
    """Return a trace, (n,), smoothed with the window and the order that come nearest to the truth, (n,).

    Nobody without the truth can choose so well: it is the most that this filter can do (Savitzky and Golay 1964).
    Raises ValueError for a trace that is shorter than the shortest window.
    """
    data, truth = np.asarray(data, dtype=float), np.asarray(truth, dtype=float)
    if data.size < WINDOWS[0]:
        raise ValueError(f"The filter takes a trace of {WINDOWS[0]} samples or more; this one has {data.size}.")
    curves = [
        savgol_filter(data, window, order)
        for window in WINDOWS
        if window <= data.size
        for order in ORDERS
        if order < window
    ]
    return np.asarray(min(curves, key=lambda curve: float(np.sum((curve - truth) ** 2))), dtype=float)


def wiener(data: ArrayLike, examples: ArrayLike, noise: Noise) -> Array:
    """Return a trace, (n,), filtered by S / (S + N) in the frequencies of a cosine transform, about a mean.

    Mean and spectrum S are those of clean examples, (k, n). N is the spectrum of the known noise. Among all linear
    filters that act on each frequency alone, it has the smallest mean squared error (Wiener 1949).
    """
    data, examples = np.asarray(data, dtype=float), np.asarray(examples, dtype=float)
    mean = examples.mean(axis=0)
    signal = np.mean(dct(examples - mean, norm="ortho", axis=1) ** 2, axis=0)
    gain = signal / (signal + _noise_spectrum(noise, data.size))
    return np.asarray(mean + idct(gain * dct(data - mean, norm="ortho"), norm="ortho"), dtype=float)


def _noise_spectrum(noise: Noise, n: int) -> Array:
    """Return the variance of each cosine coefficient of AR(1) noise, (n,)."""
    lags = np.arange(n)
    covariance = noise.marginal_sd**2 * noise.rho ** np.abs(lags[:, None] - lags)
    return np.asarray(np.diag(dct(dct(covariance, norm="ortho", axis=0), norm="ortho", axis=1)), dtype=float)
