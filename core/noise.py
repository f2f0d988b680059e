"""Stationary AR(1) noise: η_i = ρ η_{i−1} + ε_i with marginal standard deviation s, started from its stationary law."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.compiled import kernel_as_written


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


def whiten(residual: ArrayLike, rho: float, marginal_sd: float) -> NDArray[np.float64]:
    """Turn AR(1) residuals (..., n_times) back into independent standard normals: the inverse of `colour`."""
    residual = np.asarray(residual, dtype=float)
    _broadcast(rho, marginal_sd)
    white = residual / marginal_sd
    white[..., 1:] = (white[..., 1:] - rho * white[..., :-1]) / np.sqrt(1 - rho**2)
    return white


def autocorrelation(white: ArrayLike, n_lags: int) -> NDArray[np.float64]:
    """Return Σ w_i w_{i+k} / Σ w_i², (n_lags + 1,), of a whitened residual (n_times,) for the lags k = 0 … n_lags.

    Where the noise model is right it is that of independent numbers: beyond lag 0, 95 % of it lies within
    ±1.96/√n_times (Bartlett 1946). Raises ValueError unless there are more samples than lags.
    """
    white = np.asarray(white, dtype=float)
    if not 0 <= n_lags < white.size:
        raise ValueError(f"A residual of {white.size} samples has no autocorrelation at lag {n_lags}.")
    products = [white[: white.size - lag] @ white[lag:] for lag in range(n_lags + 1)]
    return np.array(products) / products[0]


def log_density(residual: ArrayLike, rho: float, marginal_sd: float) -> NDArray[np.float64]:
    """Return the log density of residuals (..., n_times) under AR(1) noise, of shape (...)."""
    white = whiten(residual, rho, marginal_sd)
    n = white.shape[-1]
    log_determinant = n * np.log(marginal_sd) + 0.5 * (n - 1) * np.log(1 - rho**2)
    return -0.5 * np.sum(white**2, axis=-1) - log_determinant - 0.5 * n * np.log(2 * np.pi)
