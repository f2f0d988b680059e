"""Measures of accuracy: R², Median-APE and RMSE of each parameter, and distances from the truth."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def r_squared(truth: ArrayLike, estimate: ArrayLike) -> NDArray[np.float64]:
    """Return 1 − Σ(estimate − truth)² / Σ(truth − mean truth)² over n samples, (p,), of truth and estimate, (n, p)."""
    truth, estimate = np.asarray(truth, dtype=float), np.asarray(estimate, dtype=float)
    return 1 - np.sum((estimate - truth) ** 2, axis=0) / np.sum((truth - truth.mean(axis=0)) ** 2, axis=0)


def median_ape(truth: ArrayLike, estimate: ArrayLike) -> NDArray[np.float64]:
    """Return the median over n samples of |estimate − truth| / |truth|, (p,), of truth and estimate, (n, p).

    The published Median-APE is the mean of these over the parameters.
    """
    truth, estimate = np.asarray(truth, dtype=float), np.asarray(estimate, dtype=float)
    return np.median(np.abs(estimate - truth) / np.abs(truth), axis=0)


def rmse(truth: ArrayLike, estimate: ArrayLike) -> NDArray[np.float64]:
    """Return the root mean squared error over n samples, (p,), of truth and estimate, (n, p)."""
    truth, estimate = np.asarray(truth, dtype=float), np.asarray(estimate, dtype=float)
    return np.sqrt(np.mean((estimate - truth) ** 2, axis=0))


def median_relative_error(truth: ArrayLike, estimate: ArrayLike) -> float:
    """Return the median over n samples of ‖estimate − truth‖ / ‖truth‖.

    truth, estimate: (n, p), vectors with their 2-norm, or (n, p, p), matrices with their Frobenius norm.
    """
    truth, estimate = np.asarray(truth, dtype=float), np.asarray(estimate, dtype=float)
    axes = tuple(range(1, truth.ndim))
    return float(np.median(np.linalg.norm(estimate - truth, axis=axes) / np.linalg.norm(truth, axis=axes)))


METRICS = {"r2": r_squared, "median_ape": median_ape, "rmse": rmse}  # by their codes in the results of experiments


def squared_distances(deviations: ArrayLike, covariance: ArrayLike) -> NDArray[np.float64]:
    """Return d′ C⁻¹ d, (n,), of deviations d, (n, p), under covariances C, (n, p, p) or one (p, p) (Mahalanobis)."""
    deviations = np.asarray(deviations, dtype=float)
    solved = np.linalg.solve(np.asarray(covariance, dtype=float), deviations[..., None])[..., 0]
    return np.asarray(np.sum(deviations * solved, axis=-1))


def squared_distances_by_precision(
    deviations: NDArray[np.float64], precision: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return d′ P d, (n,), of deviations d, (n, p), under one precision P, (p, p), the inverse of a covariance."""
    return np.asarray(np.einsum("ni,ij,nj->n", deviations, precision, deviations))


def squared_bias_and_centred_mse(
    reference: ArrayLike, series: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Split the mean squared error over time into squared bias, (n,), and centred error, (n,), which add up to it.

    reference, series: (n, n_times). The squared bias is (mean over time of series − reference)².
    """
    error = np.asarray(series, dtype=float) - np.asarray(reference, dtype=float)
    bias = error.mean(axis=-1) ** 2
    return bias, np.mean(error**2, axis=-1) - bias
