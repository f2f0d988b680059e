"""Perturbations of a trace measured by its noise: the whitened norm √(δ'C⁻¹δ), with C the covariance of the noise.

Noise itself has the size √n_times, 31.6 for 1,000 samples. An observer who knows δ can tell a trace with it from one
without at as many standard deviations as its size.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.signal import lfilter

from core.noise import Noise, colour, whiten

Array = NDArray[np.float64]


def whitened_size(perturbation: ArrayLike, noise: Noise) -> Array:
    """Return √(δ'C⁻¹δ), (...), of perturbations δ, (..., n_times)."""
    return np.linalg.norm(whiten(perturbation, noise), axis=-1)


def perturbation_of(white: ArrayLike, noise: Noise) -> Array:
    """Return the perturbations, (..., n_times), whose whitened forms are white; their sizes are the norms of these."""
    return colour(white, noise.rho, noise.marginal_sd)


def by_whitened_trace(derivatives: ArrayLike, noise: Noise) -> Array:
    """Turn derivatives by the samples of a trace, (..., n_times), into those by the samples of the whitened trace."""
    derivatives = np.asarray(derivatives, dtype=float)
    summed = lfilter([1.0], [1.0, -noise.rho], derivatives[..., ::-1], axis=-1)[..., ::-1]
    return np.asarray(summed * _innovation_sds(noise, derivatives.shape[-1]))


def by_trace(derivatives: ArrayLike, noise: Noise) -> Array:
    """Turn derivatives by the samples of the whitened trace, (..., n_times), into those by the samples of the trace."""
    scaled = np.asarray(derivatives, dtype=float) / _innovation_sds(noise, np.shape(derivatives)[-1])
    found = scaled.copy()
    found[..., :-1] -= noise.rho * scaled[..., 1:]
    return found


def _innovation_sds(noise: Noise, n_times: int) -> Array:
    """Return the standard deviation of each sample given all samples before, (n_times,)."""
    sds = np.full(n_times, noise.marginal_sd * np.sqrt(1 - noise.rho**2))
    sds[0] = noise.marginal_sd
    return sds
