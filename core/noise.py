"""Stationary AR(1) noise: η_i = ρ η_{i−1} + ε_i with marginal standard deviation s.

The first sample has the stationary distribution, N(0, s²). White noise is the case ρ = 0.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.checks import as_float
from core.compiled import kernel_as_written

SMALLEST_SD, LARGEST_SD = 1e-50, 1e30  # squares, and quotients of squares, neither overflow nor underflow
LARGEST_CORRELATION = 0.999  # limit at other sampling intervals: nearer to 1, the likelihood would be too narrow
WHOLE_RATIO_TOLERANCE = 1e-6  # a ratio of intervals this close to a whole number counts as whole


@dataclass(frozen=True)
class Noise:
    """AR(1) noise of one observed state: ρ between neighbouring samples, and the marginal standard deviation s > 0.

    marginal_sd: in the unit of the state.
    Raises ValueError unless |ρ| < 1 and s lies between SMALLEST_SD and LARGEST_SD.
    """

    rho: float
    marginal_sd: float

    def __post_init__(self) -> None:
        for name in ("rho", "marginal_sd"):
            object.__setattr__(self, name, as_float(getattr(self, name)))
        if not 0 < self.marginal_sd < np.inf or not -1 < self.rho < 1:
            raise ValueError(
                "A noise needs a standard deviation above zero and a correlation ρ strictly between −1 and 1."
            )
        if not SMALLEST_SD <= self.marginal_sd <= LARGEST_SD:
            raise ValueError("The standard deviation of a noise must lie between 1e−50 and 1e30.")

    @property
    def white(self) -> "Noise":
        """White noise of the same standard deviation."""
        return Noise(0.0, self.marginal_sd)

    def at_interval(self, ratio: float) -> "Noise":
        """Return the noise of samples that lie ratio times as far apart: ρ becomes ρ^ratio.

        A negative ρ has no real power for a ratio that is not whole; the noise then becomes white. Raises ValueError
        unless ratio is above zero.
        """
        ratio = as_float(ratio)
        if not 0 < ratio < np.inf:
            raise ValueError(f"Samples lie some finite, positive number of intervals apart; {ratio} is none.")
        if ratio == 1:
            return self
        whole = round(ratio)
        power = self.rho**whole if whole and abs(ratio - whole) < WHOLE_RATIO_TOLERANCE else max(self.rho, 0.0) ** ratio
        return Noise(min(power, LARGEST_CORRELATION), self.marginal_sd)


class ResidualSums(NamedTuple):
    """Four sums over residuals r, each (...), that determine the misfit; infinite where a trajectory diverged.

    The white misfit is ½ Σ (r_i/s)², with s the marginal sd. The AR(1) misfit is the negative log-likelihood up to a
    constant: ½ (r₀/s)² + ½ Σ_{i≥1} (r_i − ρ r_{i−1})² / (s² (1 − ρ²)). The four sums give both misfits for every ρ and
    s, so that one integration is enough.

    first: r₀².
    squares: Σ_{i≥1} r_i².
    products: Σ_{i≥1} r_i r_{i−1}.
    last: the square of the last residual.
    """

    first: NDArray[np.float64]
    squares: NDArray[np.float64]
    products: NDArray[np.float64]
    last: NDArray[np.float64]

    def quadratic_form(self, rho: ArrayLike) -> NDArray[np.float64]:
        """Return r₀² + Σ_{i≥1} (r_i − ρ r_{i−1})² / (1 − ρ²), (...), which is twice the misfit times s²."""
        rho = np.asarray(rho, dtype=float)
        before = self.first + self.squares - self.last
        innovations = self.squares - 2 * rho * self.products + rho**2 * before
        return self.first + innovations / (1 - rho**2)

    def misfit(self, noise: Noise) -> NDArray[np.float64]:
        """Return the misfit, (...), under a noise; infinite where a trajectory diverged."""
        with np.errstate(invalid="ignore"):  # the sums of a diverged trajectory are infinite
            misfits = 0.5 * self.quadratic_form(noise.rho) / noise.marginal_sd**2
        return np.where(np.isfinite(self.squares), misfits, np.inf)


def residual_sums(residuals: ArrayLike) -> ResidualSums:
    """Return the sums over residuals, (..., n_times). Residuals of a diverged trajectory contain NaN."""
    residuals = np.asarray(residuals, dtype=float)
    rest = residuals[..., 1:]
    sums = (
        residuals[..., 0] ** 2,
        np.sum(rest**2, axis=-1),
        np.sum(rest * residuals[..., :-1], axis=-1),
        residuals[..., -1] ** 2,
    )
    diverged = np.isnan(residuals).any(axis=-1)
    return ResidualSums(*(np.where(diverged, np.inf, part) for part in sums))


@kernel_as_written
def _colour(
    normals: NDArray[np.float64], rho: NDArray[np.float64], marginal_sd: NDArray[np.float64], out: NDArray[np.float64]
) -> None:
    for i in range(normals.shape[0]):
        innovation_sd = marginal_sd[i] * np.sqrt(1 - rho[i] ** 2)
        out[i, 0] = marginal_sd[i] * normals[i, 0]
        for t in range(1, normals.shape[1]):
            out[i, t] = rho[i] * out[i, t - 1] + innovation_sd * normals[i, t]


def _broadcast(rho: ArrayLike, marginal_sd: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rho, marginal_sd = np.broadcast_arrays(np.asarray(rho, dtype=float), np.asarray(marginal_sd, dtype=float))
    if not np.all(np.abs(rho) < 1):
        raise ValueError("The correlation ρ must lie strictly between −1 and 1.")
    if not np.all((marginal_sd >= 0) & np.isfinite(marginal_sd)):
        raise ValueError("The marginal standard deviation must be finite and not negative.")
    return rho, marginal_sd


def colour(normals: ArrayLike, rho: ArrayLike, marginal_sd: ArrayLike) -> NDArray[np.float64]:
    """Turn independent standard normals (..., n_times) into AR(1) noise of the same shape.

    rho and marginal_sd: scalars or arrays that broadcast to the leading axes. The same normals give the same
    realisation, stretched, for every rho and marginal_sd. Raises ValueError for |rho| ≥ 1 or a negative marginal_sd.
    """
    normals = np.asarray(normals, dtype=float)
    rho, marginal_sd = _broadcast(rho, marginal_sd)
    batch = normals.shape[:-1]
    flat = np.array(normals.reshape(-1, normals.shape[-1]))
    out = np.empty_like(flat)
    _colour(flat, np.broadcast_to(rho, batch).flatten(), np.broadcast_to(marginal_sd, batch).flatten(), out)
    return out.reshape(normals.shape)


def sample_ar1(rho: ArrayLike, marginal_sd: ArrayLike, n_times: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw AR(1) noise, (..., n_times), for each element of rho and marginal_sd broadcast together.

    marginal_sd = σ/Δt with the published σ [ms] and Δt = 0.2 ms. Raises ValueError as `colour` does.
    """
    shape = np.broadcast_shapes(np.shape(rho), np.shape(marginal_sd))
    return colour(rng.standard_normal((*shape, n_times)), rho, marginal_sd)


def whiten(residual: ArrayLike, noise: Noise) -> NDArray[np.float64]:
    """Turn AR(1) residuals (..., n_times) back into independent standard normals: the inverse of `colour`.

    Under white noise, NaN at a missing sample does not spread to other samples.
    """
    white = np.asarray(residual, dtype=float) / noise.marginal_sd
    if noise.rho == 0:
        return white
    white[..., 1:] = (white[..., 1:] - noise.rho * white[..., :-1]) / np.sqrt(1 - noise.rho**2)
    return white


def autocorrelation(white: ArrayLike, n_lags: int) -> NDArray[np.float64]:
    """Return Σ w_i w_{i+k} / Σ w_i², (n_lags + 1,), of a whitened residual (n_times,) for the lags k = 0 … n_lags.

    Where the noise model is right, whitened residuals are independent, and 95 % of the values beyond lag 0 lie within
    ±1.96/√n_times (Bartlett 1946). Raises ValueError unless there are more samples than lags.
    """
    white = np.asarray(white, dtype=float)
    if not 0 <= n_lags < white.size:
        raise ValueError(f"A residual of {white.size} samples has no autocorrelation at lag {n_lags}.")
    products = [white[: white.size - lag] @ white[lag:] for lag in range(n_lags + 1)]
    return np.array(products) / products[0]


def log_density(residual: ArrayLike, noise: Noise) -> NDArray[np.float64]:
    """Return the log density of residuals (..., n_times) under AR(1) noise, of shape (...)."""
    white = whiten(residual, noise)
    n = white.shape[-1]
    log_determinant = n * np.log(noise.marginal_sd) + 0.5 * (n - 1) * np.log(1 - noise.rho**2)
    return -0.5 * np.sum(white**2, axis=-1) - log_determinant - 0.5 * n * np.log(2 * np.pi)


def spectral_density(noise: Noise, frequencies: ArrayLike, interval: float) -> NDArray[np.float64]:
    """Return the one-sided power spectral density, (...), of AR(1) noise at frequencies (...).

    S(f) = 2 Δt s² (1 − ρ²) / |1 − ρ exp(−2πi f Δt)|² (Percival and Walden 1993, section 9.2). Its integral from 0 to
    the Nyquist frequency 1/(2Δt) is s². interval: Δt; frequencies: in one over its unit.
    """
    turns = np.exp(-2j * np.pi * interval * np.asarray(frequencies, dtype=float))
    scale = 2 * interval * noise.marginal_sd**2 * (1 - noise.rho**2)
    return np.asarray(scale / np.abs(1 - noise.rho * turns) ** 2, dtype=np.float64)


def periodogram(values: ArrayLike, interval: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return frequencies, (k,), and the one-sided periodogram, (k,), of values (n_times,) without their mean.

    The frequencies are the multiples of 1/(n_times Δt) between 0 and the Nyquist frequency, both left out. Each value
    for AR(1) noise is nearly exponential about its `spectral_density`. interval: Δt.
    """
    values = np.asarray(values, dtype=float)
    multiples = np.arange(1, (values.size + 1) // 2)
    amplitudes = np.fft.rfft(values - values.mean())[multiples]
    density = 2 * interval / values.size * np.abs(amplitudes) ** 2
    return multiples / (values.size * interval), np.asarray(density, dtype=np.float64)
