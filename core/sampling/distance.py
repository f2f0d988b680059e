"""How far particles are from the exact posterior: energy distance, and total variation of each marginal."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

from core.optimisation.objective_protocol import Array
from core.posterior.exact import Posterior

DRAWS = 1500  # of the exact posterior, that stand for it
BINS = 10  # of equal probability, along each axis
LEAST_SPREAD = 1e-12  # of the exact posterior in both directions; avoids division by zero


@dataclass(frozen=True, eq=False)
class Reference:
    """An exact posterior, as draws.

    whitening: (p, p), which turns deviations into standard deviations of the posterior.
    draws: (m, p), whitened. spread: the mean distance between two of them.
    edges: (p, BINS − 1), between bins of equal probability along each axis.
    """

    whitening: Array
    draws: Array
    spread: float
    edges: Array

    @property
    def positions(self) -> Array:
        """The draws in the units of the parameters, (m, p)."""
        return np.asarray(np.linalg.solve(self.whitening, self.draws.T).T)

    def energy_distance(self, positions: Array) -> Array:
        """Return D, (k,), of k sets of n points, (k, n, p); D² is a length in standard deviations of the posterior.

        D² = 2 E‖X − Y‖ − E‖X − X′‖ − E‖Y − Y′‖ with X a point of the set and Y of the posterior (Székely and Rizzo
        2013). It is zero only for equal distributions. D² of n independent draws is E‖Y − Y′‖ / n in the mean.
        """
        found = np.empty(len(positions))
        for i, points in enumerate(positions @ self.whitening.T):
            square = 2 * np.mean(cdist(points, self.draws)) - np.mean(cdist(points, points)) - self.spread
            found[i] = np.sqrt(max(square, 0.0))
        return found

    def of_independent_draws(self, n: int) -> float:
        """Return the energy distance of n independent draws of the posterior: the root of the mean of D²."""
        return float(np.sqrt(self.spread / n))

    def total_variation(self, positions: Array) -> Array:
        """Return ½ Σ |share − probability| over the bins of each marginal, (k, p), of k sets of points (k, n, p)."""
        k, n, p = positions.shape
        found = np.empty((k, p))
        for axis, edges in enumerate(self.edges):
            bins = np.searchsorted(edges, positions[..., axis])
            shares = [np.bincount(each, minlength=BINS) / n for each in bins]
            found[:, axis] = 0.5 * np.sum(np.abs(np.array(shares) - 1 / BINS), axis=1)
        return found


def reference(found: Posterior, rng: np.random.Generator) -> Reference:
    """Return what stands for an exact posterior."""
    return reference_of(found.draws(DRAWS, rng), found.covariance)


def reference_of(draws: Array, covariance: Array) -> Reference:
    """Return what stands for a distribution with this covariance, (p, p), of which there are draws, (m, p)."""
    whitening = np.linalg.inv(np.linalg.cholesky(covariance + LEAST_SPREAD**2 * np.eye(len(covariance))))
    white, m = draws @ whitening.T, len(draws)
    spread = float(np.sum(cdist(white, white)) / (m * (m - 1)))
    edges = np.quantile(draws, np.arange(1, BINS) / BINS, axis=0).T
    return Reference(whitening, white, spread, edges)
