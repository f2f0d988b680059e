"""The likelihood of residuals under AR(1) noise, with ρ and s known, or integrated out over their prior.

log p(r | ρ, s) = −n log s − ½ (n − 1) log(1 − ρ²) − Q(ρ) / (2 s²) − ½ n log 2π, with Q the quadratic form of
`ResidualSums`. The integral is a Gauss–Legendre sum over the region of (ρ, s) that the data leave probable.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from core.noise import Noise, ResidualSums
from core.priors import TruncatedGaussian
from core.published import SAMPLING_INTERVAL

NODES = 16  # along each of two directions; the error is 1e-4, or 1e-3 at the edge of the prior
REACH_SDS = 6.0  # half-width of the nodes' window, in standard deviations given the data
SEARCH_NODES = 48  # along each direction, while the window is being found
PRIOR_REACH_SDS = 9.0  # the prior is cut this many of its standard deviations from its mean
HIGHEST_CORRELATION = 0.9999
SERIES_AT_ONCE = 256  # residual series whose terms at all nodes stay in the processor's cache

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class NoiseNodes:
    """Nodes of a quadrature over the noise: rho (m,), marginal_sd (m,) and log_weights (m,)."""

    rho: Array
    marginal_sd: Array
    log_weights: Array

    def log_terms(self, sums: ResidualSums, n_times: int) -> Array:
        """Return log weight + log p(r | ρ, s) of every node, (..., m), for residuals of n_times samples."""
        lost = ~np.isfinite(np.asarray(sums.squares))  # the sums of a diverged trajectory are infinite
        first, squares, products, last = (np.where(lost, 0.0, part) for part in sums)
        # The quadratic form is linear in three sums, so that one product of matrices gives it for all nodes.
        columns = np.stack([first + squares, products, squares - last], axis=-1)
        scale = -0.5 / (self.marginal_sd**2 * (1 - self.rho**2))
        terms = columns @ np.stack([scale, -2 * self.rho * scale, self.rho**2 * scale])
        log_determinant = n_times * np.log(self.marginal_sd) + 0.5 * (n_times - 1) * np.log(1 - self.rho**2)
        terms += self.log_weights - log_determinant - 0.5 * n_times * np.log(2 * np.pi)
        terms[lost] = -np.inf
        return np.asarray(terms)

    def log_likelihood(self, sums: ResidualSums, n_times: int) -> Array:
        """Return log p(r), (...), with the noise integrated out, for residuals of n_times samples."""
        flat = [np.ravel(part) for part in sums]
        found = np.empty(flat[0].size)
        for first in range(0, found.size, SERIES_AT_ONCE):
            part = slice(first, first + SERIES_AT_ONCE)
            found[part] = self._summed(self.log_terms(ResidualSums(*(each[part] for each in flat)), n_times))
        return found.reshape(np.shape(sums.first))

    @staticmethod
    def _summed(terms: Array) -> Array:
        """Return the logarithm of the sum over the nodes, (n,), of terms (n, m) that are given as logarithms."""
        highest = np.max(terms, axis=-1)
        finite = np.where(np.isneginf(highest), 0.0, highest)
        terms -= finite[:, None]
        with np.errstate(divide="ignore"):  # the likelihood of a diverged trajectory is zero
            return np.asarray(finite + np.log(np.sum(np.exp(terms, out=terms), axis=-1)))

    def mean(self, sums: ResidualSums, n_times: int) -> Noise:
        """Return the noise whose ρ and s are the posterior means given one residual series."""
        terms = self.log_terms(sums, n_times)
        weights = np.exp(terms - np.max(terms))
        means = (float(np.average(values, weights=weights)) for values in (self.rho, self.marginal_sd))
        return Noise(*means)


def known_noise(noise: Noise) -> NoiseNodes:
    """Return a single node for a known noise."""
    return NoiseNodes(np.array([noise.rho], float), np.array([noise.marginal_sd], float), np.zeros(1))


def check_noise_prior(prior: TruncatedGaussian) -> None:
    """Raise ValueError unless this is a prior of (rho, sigma) with rho between −1 and 1, and sigma at or above zero."""
    if prior.names != ("rho", "sigma"):
        raise ValueError(f"A prior of the noise names rho and sigma, in this order; it names {', '.join(prior.names)}.")
    if prior.lower[0] < -1 or prior.upper[0] > 1 or prior.lower[1] < 0:
        raise ValueError(
            "The prior of the noise must be of (rho, sigma), with ρ between −1 and 1, and σ at or above zero."
        )


def _probable(prior: TruncatedGaussian) -> TruncatedGaussian:
    """Return the prior with narrower bounds, which leave out ρ = ±1 and a negligible share of its mass."""
    mean, reach = np.array(prior.mean), PRIOR_REACH_SDS * np.array(prior.sd)
    lower, upper = np.maximum(prior.lower, mean - reach), np.minimum(prior.upper, mean + reach)
    lower[0], upper[0] = np.clip([lower[0], upper[0]], -HIGHEST_CORRELATION, HIGHEST_CORRELATION)
    return TruncatedGaussian(prior.names, prior.mean, prior.sd, tuple(lower), tuple(upper))


def noise_nodes(prior: TruncatedGaussian, sums: ResidualSums, n_times: int) -> NoiseNodes:
    """Return nodes over the part of a prior of (rho, sigma [ms]) that one residual series leaves probable.

    The nodes form a grid in ρ and the innovations' sd s √(1 − ρ²), because the data determine these two nearly
    independently.
    """
    check_noise_prior(prior)
    prior = _probable(prior)
    ends = prior.lower[0], prior.upper[0]
    window = np.array([ends, [0.0, np.inf]])
    for n in (SEARCH_NODES, SEARCH_NODES, SEARCH_NODES, NODES):
        nodes = _product_nodes(prior, window, n)
        terms = nodes.log_terms(sums, n_times)
        weights = np.exp(terms - np.max(terms))
        values = np.stack([nodes.rho, nodes.marginal_sd * np.sqrt(1 - nodes.rho**2)])
        mean = np.average(values, axis=1, weights=weights)
        sd = np.sqrt(np.average((values - mean[:, None]) ** 2, axis=1, weights=weights))
        # Where one node has all the weight, the distance between nodes replaces the standard deviation.
        reach = REACH_SDS * np.maximum(sd, np.ptp(values, axis=1) / n)
        window = np.column_stack([mean - reach, mean + reach])
        window[0] = np.clip(window[0], *ends)
    return nodes


@cache
def _legendre(n: int) -> tuple[Array, Array]:
    """Return the n points and weights of the Gauss–Legendre quadrature between −1 and 1."""
    points, weights = np.polynomial.legendre.leggauss(n)
    points.setflags(write=False)
    weights.setflags(write=False)
    return points, weights


def _product_nodes(prior: TruncatedGaussian, window: Array, n: int) -> NoiseNodes:
    """Return n² Gauss–Legendre nodes over the part of the prior inside a window, (2, 2), of ρ and s √(1 − ρ²)."""
    points, weights = _legendre(n)
    share, log_weights = (points + 1) / 2, np.log(weights / 2)
    rho = (window[0, 0] + (window[0, 1] - window[0, 0]) * share)[:, None]
    low, high = (
        np.clip(end / np.sqrt(1 - rho**2) * SAMPLING_INTERVAL, prior.lower[1], prior.upper[1]) for end in window[1]
    )
    sigma = low + (high - low) * share
    both = np.stack(np.broadcast_arrays(rho, sigma), axis=-1)
    with np.errstate(divide="ignore"):  # zero weight for a ρ at which the window lies outside the prior
        areas = np.log(window[0, 1] - window[0, 0]) + np.log(high - low)
    logs = log_weights[:, None] + log_weights + areas + prior.log_density(both)
    return NoiseNodes(both[..., 0].ravel(), both[..., 1].ravel() / SAMPLING_INTERVAL, logs.ravel())
