"""The noise that the residuals of traces show."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_CORRELATION = 0.99
SMALLEST_VARIANCE = 1e-12  # added to variances, against division by zero

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ResidualNoise:
    """The noise of n residuals: correlation, innovation_sd and tails, (n,) each.

    innovation_sd: the root mean square of r_i − ρ r_{i−1}.
    tails: the innovations' fourth moment over the square of the second, which is 3 for Gaussian noise.
    """

    correlation: Array
    innovation_sd: Array
    tails: Array

    @property
    def marginal_sd(self) -> Array:
        """The marginal standard deviation, (n,)."""
        return self.innovation_sd / np.sqrt(1 - self.correlation**2)


def residual_noise(residuals: Array, lengths: NDArray[np.int64]) -> ResidualNoise:
    """Describe residuals, (n, n_times), of which the first lengths, (n,), count; infinite samples and NaN are zero."""
    real = np.arange(residuals.shape[1]) < lengths[:, None]
    residuals = np.where(real, np.nan_to_num(residuals, posinf=0.0, neginf=0.0), 0.0)
    earlier, later = np.where(real[:, 1:], residuals[:, :-1], 0.0), residuals[:, 1:]
    correlation = np.sum(earlier * later, axis=1) / (np.sum(earlier**2, axis=1) + SMALLEST_VARIANCE)
    correlation = np.clip(correlation, -MAX_CORRELATION, MAX_CORRELATION)
    innovations = later - correlation[:, None] * earlier
    variance = np.sum(innovations**2, axis=1) / (lengths - 1) + SMALLEST_VARIANCE
    tails = np.sum(innovations**4, axis=1) / (lengths - 1) / variance**2
    return ResidualNoise(correlation, np.sqrt(variance), tails)
