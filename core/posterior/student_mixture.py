"""Mixtures of Student distributions: densities, draws, and their fit to points by expectation and maximisation.

Their tails are heavier than those of a posterior, as proposals of importance sampling need. The fit is that of Peel and
McLachlan (2000) with fixed degrees of freedom.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.special import gammaln, logsumexp

DEGREES_OF_FREEDOM = 4.0
FIT_STEPS = 12  # of expectation and maximisation
FEWEST_POINTS = 3  # times the dimension: a component with fewer is dropped
STRETCH = 1.2  # scale of a proposal's components over the fitted ones
WIDE_SHARE, WIDE_SDS = 0.1, 2.5  # share and scale of the component around all points
SMALLEST_VARIANCE = 1e-6  # of a component, in units of the covariance of all points

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StudentMixture:
    """A mixture of k Student distributions in p dimensions.

    shares: (k,), which add up to one.
    means: (k, p).
    factors: (k, p, p), lower triangles L of the scale matrices L L′.
    """

    shares: Array
    means: Array
    factors: Array

    def log_density(self, points: Array) -> Array:
        """Return the log density, (n,), at points (n, p)."""
        return np.asarray(logsumexp(self._components(points)[0], axis=0))

    def draws(self, n: int, rng: np.random.Generator) -> Array:
        """Draw n points, (n, p)."""
        which = np.repeat(np.arange(self.shares.size), rng.multinomial(n, self.shares))
        normals = rng.standard_normal((n, self.means.shape[1]))
        stretches = np.sqrt(DEGREES_OF_FREEDOM / rng.chisquare(DEGREES_OF_FREEDOM, (n, 1)))
        return self.means[which] + np.einsum("nij,nj->ni", self.factors[which], normals) * stretches

    def _components(self, points: Array) -> tuple[Array, Array]:
        """Return at points (n, p) each component's log share + log density, (k, n), and squared distance, (k, n)."""
        p, dof = self.means.shape[1], DEGREES_OF_FREEDOM
        constant = gammaln((dof + p) / 2) - gammaln(dof / 2) - 0.5 * p * np.log(dof * np.pi)
        distances = np.empty((self.shares.size, len(points)))
        for k, (mean, factor) in enumerate(zip(self.means, self.factors, strict=True)):
            distances[k] = np.sum(solve_triangular(factor, (points - mean).T, lower=True) ** 2, axis=0)
        heights = np.log(self.shares) - np.sum(np.log(np.einsum("kii->ki", self.factors)), axis=1) + constant
        return heights[:, None] - 0.5 * (dof + p) * np.log1p(distances / dof), distances


def proposal_for(points: Array, n_components: int, rng: np.random.Generator) -> StudentMixture:
    """Return a mixture of at most n_components fitted to points (n, p), stretched, and a wide distribution over all.

    The points may repeat. What is stretched and wide finds the parts of a posterior that no point has reached yet.
    """
    mixture = _fitted(points, n_components, rng)
    wide = WIDE_SDS * np.linalg.cholesky(np.cov(points.T).reshape(2 * points.shape[1:]))
    return StudentMixture(
        np.append((1 - WIDE_SHARE) * mixture.shares, WIDE_SHARE),
        np.vstack([mixture.means, points.mean(axis=0)]),
        np.concatenate([STRETCH * mixture.factors, wide[None]]),
    )


def _fitted(points: Array, n_components: int, rng: np.random.Generator) -> StudentMixture:
    p = points.shape[1]
    covariance = np.cov(points.T).reshape(p, p)
    ridge = SMALLEST_VARIANCE * covariance
    distinct = np.unique(points, axis=0)
    means = distinct[rng.permutation(len(distinct))[:n_components]]
    k = len(means)
    factor = np.linalg.cholesky(covariance * k ** (-2 / p) + ridge)
    mixture = StudentMixture(np.full(k, 1 / k), means, np.broadcast_to(factor, (k, p, p)))
    for _ in range(FIT_STEPS):
        mixture = _improved(mixture, points, ridge)
    return mixture


def _improved(mixture: StudentMixture, points: Array, ridge: Array) -> StudentMixture:
    """Return the mixture after a step of expectation and maximisation, without components of too few points."""
    p, dof = points.shape[1], DEGREES_OF_FREEDOM
    logs, distances = mixture._components(points)
    memberships = np.exp(logs - logsumexp(logs, axis=0))
    counts = memberships.sum(axis=1)
    kept = counts >= min(FEWEST_POINTS * p, counts.max())
    memberships, distances, counts = memberships[kept], distances[kept], counts[kept]
    weights = memberships * (dof + p) / (dof + distances)
    means = weights @ points / weights.sum(axis=1, keepdims=True)
    factors = np.empty((len(means), p, p))
    for k, (mean, weight, count) in enumerate(zip(means, weights, counts, strict=True)):
        deviations = points - mean
        factors[k] = np.linalg.cholesky((weight[:, None] * deviations).T @ deviations / count + ridge)
    return StudentMixture(counts / counts.sum(), means, factors)
