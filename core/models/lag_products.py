"""Sums over a residual and its derivatives, from which the expansion of the misfit follows for every AR(1) noise."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


class LagProducts(NamedTuple):
    """Sums over n series z of k components: a residual, then the derivatives of the simulation.

    squares: Σ_t z_t z_t', (n, k, k).
    products: Σ_{t≥1} z_t z_{t−1}', (n, k, k).
    first, last: the first and the last samples, (n, k).
    """

    squares: Array
    products: Array
    first: Array
    last: Array

    def of_innovations(self, rho: Array) -> Array:
        """Return Σ_{t≥1} w_t w_t', (n, k, k), of w_t = z_t − ρ z_{t−1} for correlations (n,)."""
        rho = rho[:, None, None]
        both = self.products + self.products.transpose(0, 2, 1)
        return np.asarray(self.squares - _outer(self.first) - rho * both + rho**2 * (self.squares - _outer(self.last)))

    def of(self, components: Sequence[int]) -> "LagProducts":
        """Return the sums over some components of the series alone, in their order."""
        at = np.array(components)
        square = np.ix_(np.arange(len(self.first)), at, at)
        return LagProducts(self.squares[square], self.products[square], self.first[:, at], self.last[:, at])

    def transformed(self, matrices: Array) -> "LagProducts":
        """Return the sums over the series z T, for matrices T, (n, k, l)."""
        turned = matrices.transpose(0, 2, 1)
        return LagProducts(
            turned @ self.squares @ matrices,
            turned @ self.products @ matrices,
            np.einsum("nk,nkl->nl", self.first, matrices),
            np.einsum("nk,nkl->nl", self.last, matrices),
        )


class SumLagProducts(Protocol):
    """Return the `LagProducts` of n traces of the observed state, and its derivatives by some parameters.

    parameters: (n, p). traces: (n, n_times), of which the first lengths, (n,), count. columns: of the parameters, q of
    them; k is 1 + q. From the divergence of a trajectory on, its samples and derivatives count as zero.
    """

    def __call__(
        self,
        parameters: ArrayLike,
        times: ArrayLike,
        traces: ArrayLike,
        lengths: NDArray[np.int64],
        columns: Sequence[int],
    ) -> LagProducts:
        """Integrate and sum."""


def lag_products(series: Array, lengths: NDArray[np.int64]) -> LagProducts:
    """Return the sums over series, (n, n_times, k), of which the first lengths, (n,), count."""
    real = np.arange(series.shape[1]) < lengths[:, None]
    series = np.where(real[..., None], series, 0.0)
    turned = series.transpose(0, 2, 1)
    last = series[np.arange(len(series)), lengths - 1]
    return LagProducts(turned @ series, turned[:, :, 1:] @ series[:, :-1], series[:, 0], last)


def _outer(vectors: Array) -> Array:
    return np.asarray(vectors[:, :, None] * vectors[:, None, :])
