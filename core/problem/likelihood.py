"""The likelihood of residuals under AR(1) noise whose ρ and s are known, or follow a law and are integrated out.

log p(r | ρ, s) = −n log s − ½ (n − 1) log(1 − ρ²) − Q(ρ) / (2 s²) − ½ n log 2π, with Q of `ResidualSums`. The mean over
the law is a Gauss–Legendre sum over the part of it that the data leave probable.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.noise import Noise, ResidualSums
from core.priors import TruncatedGaussian
from core.published import SAMPLING_INTERVAL

NODES = 16  # along each of two directions: with this reach their sums err by 1e-4, by 1e-3 at the edge of the law
REACH = 6.0  # standard deviations, given the data, that the nodes span
SEARCH = 48  # nodes along each from which mean and sd are found
LAW_REACH = 9.0  # standard deviations of the law itself
HIGHEST_CORRELATION = 0.9999


@dataclass(frozen=True, eq=False)
class NoiseNodes:
    """Values of the noise with the logarithms of their weights: rho (m,), marginal_sd (m,), log_weights (m,)."""

    rho: NDArray[np.float64]
    marginal_sd: NDArray[np.float64]
    log_weights: NDArray[np.float64]

    def log_terms(self, sums: ResidualSums, n_times: int) -> NDArray[np.float64]:
        """Return log weight + log p(r | ρ, s) of every node, (..., m), for residuals of n_times samples."""
        column = ResidualSums(*(np.asarray(part)[..., None] for part in sums))
        with np.errstate(invalid="ignore"):  # where a trajectory was lost, the sums are infinite
            terms = -0.5 * column.quadratic_form(self.rho) / self.marginal_sd**2
        terms[np.isnan(terms)] = -np.inf
        log_determinant = n_times * np.log(self.marginal_sd) + 0.5 * (n_times - 1) * np.log(1 - self.rho**2)
        return terms + (self.log_weights - log_determinant - 0.5 * n_times * np.log(2 * np.pi))

    def log_likelihood(self, sums: ResidualSums, n_times: int) -> NDArray[np.float64]:
        """Return log p(r), (...), the noise integrated out, for residuals of n_times samples."""
        terms = self.log_terms(sums, n_times)
        highest = np.max(terms, axis=-1)
        finite = np.where(np.isneginf(highest), 0.0, highest)
        with np.errstate(divide="ignore"):  # a lost trajectory has no likelihood
            return finite + np.log(np.sum(np.exp(terms - finite[..., None]), axis=-1))

    def mean(self, sums: ResidualSums, n_times: int) -> Noise:
        """Return the noise with the mean of ρ and of s given one residual."""
        terms = self.log_terms(sums, n_times)
        weights = np.exp(terms - np.max(terms))
        means = (float(np.average(values, weights=weights)) for values in (self.rho, self.marginal_sd))
        return Noise(*means)


def known_noise(noise: Noise) -> NoiseNodes:
    """Return the one node of a noise that is known."""
    return NoiseNodes(np.array([noise.rho], float), np.array([noise.marginal_sd], float), np.zeros(1))


def check_noise_law(law: TruncatedGaussian) -> None:
    """Raise ValueError unless it is a law of (rho, sigma) with rho within ±1 and sigma at or above zero."""
    if law.names != ("rho", "sigma"):
        raise ValueError(f"A noise law names rho and sigma, in this order; this one names {', '.join(law.names)}.")
    if law.lower[0] < -1 or law.upper[0] > 1 or law.lower[1] < 0:
        raise ValueError("A noise law is one of (rho, sigma): ρ between −1 and 1, and σ at or above zero.")


def _probable(law: TruncatedGaussian) -> TruncatedGaussian:
    """Return the law within bounds that leave out a negligible share of it, and ρ = ±1."""
    mean, reach = np.array(law.mean), LAW_REACH * np.array(law.sd)
    lower, upper = np.maximum(law.lower, mean - reach), np.minimum(law.upper, mean + reach)
    lower[0], upper[0] = np.clip([lower[0], upper[0]], -HIGHEST_CORRELATION, HIGHEST_CORRELATION)
    return TruncatedGaussian(law.names, law.mean, law.sd, tuple(lower), tuple(upper))


def noise_nodes(law: TruncatedGaussian, sums: ResidualSums, n_times: int) -> NoiseNodes:
    """Return nodes over the part of a law of (rho, sigma [ms]) that one residual of n_times samples leaves probable.

    Data tell ρ and the innovations' sd s √(1 − ρ²) nearly independently: the nodes are laid over these two.
    """
    check_noise_law(law)
    law = _probable(law)
    ends = law.lower[0], law.upper[0]
    window = np.array([ends, [0.0, np.inf]])
    for n in (SEARCH, SEARCH, SEARCH, NODES):
        nodes = _product_nodes(law, window, n)
        terms = nodes.log_terms(sums, n_times)
        weights = np.exp(terms - np.max(terms))
        values = np.stack([nodes.rho, nodes.marginal_sd * np.sqrt(1 - nodes.rho**2)])
        mean = np.average(values, axis=1, weights=weights)
        sd = np.sqrt(np.average((values - mean[:, None]) ** 2, axis=1, weights=weights))
        # Where all weight falls on one node, the spread is that of the nodes.
        reach = REACH * np.maximum(sd, np.ptp(values, axis=1) / n)
        window = np.column_stack([mean - reach, mean + reach])
        window[0] = np.clip(window[0], *ends)
    return nodes


def _product_nodes(law: TruncatedGaussian, window: NDArray[np.float64], n: int) -> NoiseNodes:
    """Return n² Gauss–Legendre nodes over the part of the law inside a window, (2, 2), of ρ and s √(1 − ρ²)."""
    points, weights = np.polynomial.legendre.leggauss(n)
    share, log_weights = (points + 1) / 2, np.log(weights / 2)
    rho = (window[0, 0] + (window[0, 1] - window[0, 0]) * share)[:, None]
    low, high = (
        np.clip(end / np.sqrt(1 - rho**2) * SAMPLING_INTERVAL, law.lower[1], law.upper[1]) for end in window[1]
    )
    sigma = low + (high - low) * share
    both = np.stack(np.broadcast_arrays(rho, sigma), axis=-1)
    with np.errstate(divide="ignore"):  # a ρ whose window lies beside the law has no weight
        areas = np.log(window[0, 1] - window[0, 0]) + np.log(high - low)
    logs = log_weights[:, None] + log_weights + areas + law.log_density(both)
    return NoiseNodes(both[..., 0].ravel(), both[..., 1].ravel() / SAMPLING_INTERVAL, logs.ravel())
