"""The noise that the residuals of traces show."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_CORRELATION = 0.99
ADDED_VARIANCE = 1e-12  # added to variances and to sums of squares, against division by zero

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ResidualNoise:
    """The noise of n residuals: correlation, innovation_sd and kurtosis, (n,) each.

    innovation_sd: the root mean square of r_i − ρ r_{i−1}.
    kurtosis: the innovations' fourth moment over the square of the second, which is 3 for Gaussian noise.
    """

    correlation: Array
    innovation_sd: Array
    kurtosis: Array

    @property
    def marginal_sd(self) -> Array:
        """The marginal standard deviation, (n,)."""
        return self.innovation_sd / np.sqrt(1 - self.correlation**2)


def residual_noise(residuals: Array, lengths: NDArray[np.int64]) -> ResidualNoise:
    """Describe residuals, (n, n_times), of which the first lengths, (n,), count; infinite samples and NaN are zero."""
    real = np.arange(residuals.shape[1]) < lengths[:, None]
    residuals = np.where(real, np.nan_to_num(residuals, posinf=0.0, neginf=0.0), 0.0)
    products, sizes = lag_one_sums(residuals, real)
    correlation = np.clip(products / (sizes + ADDED_VARIANCE), -MAX_CORRELATION, MAX_CORRELATION)
    innovations = np.where(real[:, 1:], residuals[:, 1:] - correlation[:, None] * residuals[:, :-1], 0.0)
    squares = innovations**2  # NumPy takes fourth powers fifteen times as slowly
    variance = np.sum(squares, axis=1) / (lengths - 1) + ADDED_VARIANCE
    kurtosis = np.sum(squares**2, axis=1) / (lengths - 1) / variance**2
    return ResidualNoise(correlation, np.sqrt(variance), kurtosis)


def lag_one_sums(residuals: Array, real: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Return Σ r_i r_{i−1} and Σ r²_{i−1}, (n,) each: their ratio estimates the lag-one correlation of residuals.

    residuals: (n, n_times), zero where they are not real, (n, n_times); the last samples of a row may be not real.
    """
    products = np.sum(residuals[:, 1:] * residuals[:, :-1], axis=1)
    squares = np.sum(np.where(real[:, 1:], residuals[:, :-1], 0.0) ** 2, axis=1)
    return products, squares
