"""The learned posterior of one trace: a mixture of Gaussians and of the prior, cut at the edges of the prior."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp, ndtri
from scipy.stats import qmc

from core.maps.learned_posterior.frame import Frame
from core.priors import TruncatedGaussian

NODES = 128  # of each component, at which means and masses are summed; a power of two (Sobol)
REDRAWS = 1000  # of the draws beyond an edge of the prior; at least one in NODES lies inside

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LearnedPosterior:
    """A law of p parameters, given one trace.

    prior: of the parameters; its density is the last component, and nothing lies beyond its bounds.
    frame: of one trace, in whose coordinates the Gaussians stand.
    log_weights: (k + 1,). means: (k, p). factors: (k, p, p), lower triangles A for which A'A is a precision matrix.
    """

    prior: TruncatedGaussian
    frame: Frame
    log_weights: Array
    means: Array
    factors: Array

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters."""
        return self.prior.names

    def log_density(self, values: ArrayLike) -> Array:
        """Return the normalised log density, (...), at values (..., p); −∞ beyond the bounds of the prior."""
        values = np.asarray(values, dtype=float)
        flat = values.reshape(-1, values.shape[-1])
        return (self._uncut(flat) - np.log(self._inside)).reshape(values.shape[:-1])

    def _uncut(self, values: Array) -> Array:
        """Return the log density, (n,), at values (n, p), as if the Gaussians had no mass beyond the bounds."""
        coordinates = self.frame.coordinates(values[None])[0]
        white = np.einsum("kij,nkj->nki", self.factors, coordinates[:, None] - self.means)
        log_diagonal = np.log(np.einsum("kii->ki", self.factors)).sum(axis=1)
        constant = 0.5 * values.shape[1] * np.log(2 * np.pi) + self.frame.log_scale[0]
        background = self.prior.log_density(values)
        terms = np.column_stack([log_diagonal - 0.5 * np.sum(white**2, axis=2) - constant, background])
        return np.where(np.isneginf(background), -np.inf, logsumexp(terms + self.log_weights, axis=1))

    @cached_property
    def _gaussian_nodes(self) -> tuple[Array, NDArray[np.bool_]]:
        """Nodes of equal weight for each Gaussian, (k, NODES, p), and which lie inside the bounds, (k, NODES)."""
        p = self.means.shape[1]
        normals = ndtri(qmc.Sobol(p, seed=0).random(NODES))
        white = np.broadcast_to(normals.T, (len(self.means), p, NODES))
        coordinates = self.means[:, None] + np.swapaxes(np.linalg.solve(self.factors, white), 1, 2)
        nodes = self.frame.values(coordinates.reshape(1, -1, p))[0].reshape(coordinates.shape)
        low, high = self.prior.bounds.T
        return nodes, np.all((nodes >= low) & (nodes <= high), axis=2)

    @cached_property
    def _inside(self) -> float:
        """The mass inside the bounds, before the law is cut there."""
        weights = np.exp(self.log_weights)
        return float(weights[-1] + weights[:-1] @ self._gaussian_nodes[1].mean(axis=1))

    @cached_property
    def points(self) -> tuple[Array, Array]:
        """Points, (n, p), and their masses, (n,), which add up to one: a quadrature of the law."""
        (nodes, inside), weights = self._gaussian_nodes, np.exp(self.log_weights)
        background = self.prior.sample(NODES, np.random.default_rng(0))
        masses = np.concatenate([(weights[:-1, None] * inside / NODES).ravel(), np.full(NODES, weights[-1] / NODES)])
        points = np.concatenate([nodes.reshape(-1, nodes.shape[2]), background])
        return points[masses > 0], masses[masses > 0] / masses.sum()

    @property
    def mean(self) -> Array:
        """The mean, (p,)."""
        points, masses = self.points
        return masses @ points

    @property
    def covariance(self) -> Array:
        """The covariance, (p, p)."""
        points, masses = self.points
        deviations = points - self.mean
        return (masses[:, None] * deviations).T @ deviations

    def distribution(self, values: ArrayLike) -> Array:
        """Return for each parameter the probability, (p,), that it lies below its value in values (p,)."""
        points, masses = self.points
        return np.asarray(masses @ (points < np.asarray(values, dtype=float)))

    @cached_property
    def _by_density(self) -> tuple[Array, Array]:
        """The log densities at the points in falling order, and their cumulative masses."""
        points, masses = self.points
        densities = self.log_density(points)
        order = np.argsort(-densities, kind="stable")
        return densities[order], np.minimum(np.cumsum(masses[order]), 1.0)

    def threshold(self, mass: float) -> float:
        """Return the log density on the edge of the highest-density region that holds a mass between 0 and 1."""
        densities, cumulative = self._by_density
        return float(densities[min(int(np.searchsorted(cumulative, mass)), densities.size - 1)])

    def credibility(self, values: ArrayLike) -> Array:
        """Return the mass, (...), of the region whose density is higher than at values (..., p)."""
        densities, cumulative = self._by_density
        return np.concatenate([[0.0], cumulative])[np.searchsorted(-densities, -self.log_density(values))]

    def draws(self, n: int, rng: np.random.Generator) -> Array:
        """Draw n values, (n, p)."""
        weights = np.exp(self.log_weights)
        weights[:-1] *= self._gaussian_nodes[1].mean(axis=1)
        which = rng.choice(len(weights), size=n, p=weights / weights.sum())
        low, high = self.prior.bounds.T
        draws, left = self.prior.sample(n, rng), np.flatnonzero(which < len(self.means))
        for _ in range(REDRAWS):
            chosen = which[left]
            normals = rng.standard_normal((left.size, draws.shape[1], 1))
            coordinates = self.means[chosen] + np.linalg.solve(self.factors[chosen], normals)[..., 0]
            trial = self.frame.values(coordinates[None])[0]
            inside = np.all((trial >= low) & (trial <= high), axis=1)
            draws[left[inside]], left = trial[inside], left[~inside]
            if not left.size:
                break
        return draws
