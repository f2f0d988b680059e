"""How good estimates are: R², Median-APE and RMSE, each for every parameter."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def r_squared(truth: ArrayLike, estimate: ArrayLike) -> NDArray[np.float64]:
    """Return 1 − Σ(estimate − truth)² / Σ(truth − mean truth)² over n samples, (p,), of truth and estimate, (n, p)."""
    truth, estimate = np.asarray(truth, dtype=float), np.asarray(estimate, dtype=float)
    return 1 - np.sum((estimate - truth) ** 2, axis=0) / np.sum((truth - truth.mean(axis=0)) ** 2, axis=0)


def median_ape(truth: ArrayLike, estimate: ArrayLike) -> NDArray[np.float64]:
    """Return the median over n samples of |estimate − truth| / |truth|, (p,), of truth and estimate, (n, p).

    The published figure is the mean of this over the parameters.
    """
    truth, estimate = np.asarray(truth, dtype=float), np.asarray(estimate, dtype=float)
    return np.median(np.abs(estimate - truth) / np.abs(truth), axis=0)


def rmse(truth: ArrayLike, estimate: ArrayLike) -> NDArray[np.float64]:
    """Return the root mean squared error over n samples, (p,), of truth and estimate, (n, p)."""
    truth, estimate = np.asarray(truth, dtype=float), np.asarray(estimate, dtype=float)
    return np.sqrt(np.mean((estimate - truth) ** 2, axis=0))
