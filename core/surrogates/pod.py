"""Proper orthogonal decomposition: the basis of a given rank that is closest to a set of curves.

For n curves x_i with mean x̄, the first r right singular vectors of the matrix of x_i − x̄ leave the least sum of squares
of all orthonormal bases of r curves; what they leave is Σ_{k>r} s_k² (Eckart and Young 1936).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Pod:
    """A basis of curves. mean: (n_times,); modes: (r, n_times), orthonormal, the most important first."""

    mean: Array
    modes: Array

    def coefficients(self, curves: Array) -> Array:
        """Return the coefficients, (..., r), of the closest curves in the basis to curves (..., n_times)."""
        return (curves - self.mean) @ self.modes.T

    def curves(self, coefficients: Array) -> Array:
        """Return the curves, (..., n_times), with coefficients (..., r)."""
        return self.mean + coefficients @ self.modes


def pod(curves: Array, rank: int) -> Pod:
    """Return the basis of a rank for curves, (n, n_times); raises ValueError for a rank above n or n_times."""
    if not 1 <= rank <= min(curves.shape):
        raise ValueError(f"A basis for {len(curves)} curves has between 1 and {min(curves.shape)} modes, not {rank}.")
    mean = curves.mean(axis=0)
    return Pod(mean, np.linalg.svd(curves - mean, full_matrices=False)[2][:rank])
