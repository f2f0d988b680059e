"""The posterior of any number of parameters by adaptive importance sampling, with the noise integrated out.

The first proposal is a mixture of Student distributions around the minima of the loss. Each further one is a mixture
fitted to the weighted draws so far (Cappé, Douc, Guillin, Marin and Robert 2008). All draws are weighted as draws from
the mixture of all proposals (Owen and Zhou 2000; Cornuet, Marin, Mira and Robert 2012).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import logsumexp

from core.optimisation.minima import descend_together
from core.optimisation.thorough_search import thorough_search
from core.posterior.importance import STRETCH
from core.posterior.student_mixture import StudentMixture, proposal_for
from core.priors import TruncatedGaussian
from core.problem.likelihood import NoiseNodes, noise_nodes
from core.problem.problem import Problem

DRAWS = 4000  # of each proposal
FEWEST_PROPOSALS, MOST_PROPOSALS = 6, 160
SETTLED_PROPOSALS = 40  # from here on, enough effective draws end the sampling though the moments still move
COMPONENTS = 24  # of a fitted mixture
FITTED_POINTS = 3000  # drawn from the weighted draws to fit a mixture
FITTED_SHARE = 0.2  # share of effective draws in a fit; with fewer, the weights are flattened
SMALLEST_POWER = 1e-3  # of the weights, when they are flattened
LARGEST_MOVE = 0.04  # of a mean in standard deviations, and of the logarithm of a standard deviation
PROBABLE_RISE = 20.0  # descents that end this far above the lowest are left out

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SampledPosterior:
    """Weighted draws of a posterior. draws: (n, p) of the named parameters; weights: (n,), which add up to one."""

    names: tuple[str, ...]
    draws: Array
    weights: Array

    @property
    def effective_size(self) -> float:
        """The number of independent draws of equal weight that are worth as much (Kong 1992)."""
        return float(1 / np.sum(self.weights**2))

    @property
    def mean(self) -> Array:
        """The mean, (p,)."""
        return self.weights @ self.draws

    @property
    def covariance(self) -> Array:
        """The covariance, (p, p)."""
        deviations = self.draws - self.mean
        return (self.weights[:, None] * deviations).T @ deviations

    def distribution(self, values: ArrayLike) -> Array:
        """Return for each parameter the probability, (p,), that it lies below its value in values (p,)."""
        return self.weights @ (self.draws < np.asarray(values, dtype=float))


def sampled_posterior(
    problem: Problem,
    noise_prior: TruncatedGaussian,
    effective_size: float,
    rng: np.random.Generator,
    starts: Array | None = None,
) -> SampledPosterior:
    """Return weighted draws of a posterior, worth effective_size independent ones at least.

    The search for minima covers the whole box, under the problem's own noise. Sampling ends when enough draws are
    effective and the moments no longer move or SETTLED_PROPOSALS are made; or after MOST_PROPOSALS, then with fewer
    effective draws.
    noise_prior: of (rho, sigma [ms]). starts: (k, p), further points to descend from. Raises ValueError where no point
    of the box can be simulated.
    """
    problem.observation.check_trace()
    n_times, p = problem.times.size, len(problem.unknown)
    ends = thorough_search(problem, np.empty((0, p)) if starts is None else starts).positions
    best = problem.residual_sums(ends[0], problem.step)
    nodes = noise_nodes(noise_prior, best, n_times)
    proposals = [_around(problem.with_noise(nodes.mean(best, n_times)), ends)]
    draws, logs, mixture = np.empty((0, p)), np.empty(0), np.empty(0)
    so_far: list[SampledPosterior] = []
    while True:
        new = proposals[-1].draws(DRAWS, rng)
        new = new[np.isfinite(problem.prior.log_density(new))]
        mixture = np.logaddexp(mixture, proposals[-1].log_density(draws))
        of_new = np.logaddexp.reduce([each.log_density(new) for each in proposals])
        draws, mixture = np.concatenate([draws, new]), np.concatenate([mixture, of_new])
        logs = np.concatenate([logs, _log_joint(problem, nodes, new)])
        ratios = logs - mixture
        so_far.append(SampledPosterior(problem.unknown, draws, np.exp(ratios - logsumexp(ratios))))
        if _enough(so_far, effective_size) or len(proposals) == MOST_PROPOSALS:
            return so_far[-1]
        points = draws[rng.choice(len(draws), FITTED_POINTS, p=_flattened(ratios))]
        proposals.append(proposal_for(points, COMPONENTS, rng))


def _log_joint(problem: Problem, nodes: NoiseNodes, values: Array) -> Array:
    sums = problem.residual_sums(values, problem.step)
    return nodes.log_likelihood(sums, problem.times.size) + problem.prior.log_density(values)


def _enough(so_far: list[SampledPosterior], effective_size: float) -> bool:
    """Say whether enough draws are effective, and half as many proposals gave the same moments.

    Many effective draws alone do not show that the proposals have reached the tails of the posterior. From
    SETTLED_PROPOSALS on the moments are no longer compared, which bounds the time of a trace.
    """
    last, n = so_far[-1], len(so_far)
    if n < FEWEST_PROPOSALS or last.effective_size < effective_size:
        return False
    if n >= SETTLED_PROPOSALS:
        return True
    before = so_far[n // 2 - 1]
    sd, sd_before = (np.sqrt(np.diag(each.covariance)) for each in (last, before))
    moves = np.abs([(last.mean - before.mean) / sd, np.log(sd / sd_before)])
    return bool(np.max(moves) <= LARGEST_MOVE)


def _around(problem: Problem, ends: Array) -> StudentMixture:
    """Return a mixture of Student distributions around where descents from ends (k, p) lead, with equal shares.

    None is wider than the uniform distribution over the box.
    """
    found = descend_together(problem, ends)
    near = found.losses <= np.min(found.losses) + PROBABLE_RISE
    uniform = np.diag(12 / np.ptp(problem.bounds, axis=1) ** 2)
    factors = np.linalg.cholesky(STRETCH**2 * np.linalg.inv(found.hessians[near] + uniform))
    return StudentMixture(np.full(len(factors), 1 / len(factors)), found.positions[near], factors)


def _flattened(ratios: Array) -> Array:
    """Return weights, (n,), proportional to a power of exp(ratios), with enough effective draws for a fit.

    The power is one where that is enough. A lower one keeps some width where a few draws are heavy (Koblents and Míguez
    2015).
    """

    def powered(power: float) -> Array:
        return np.exp(power * ratios - logsumexp(power * ratios))

    def lacking(power: float) -> float:
        return float(np.log(FITTED_SHARE * ratios.size) + np.log(np.sum(powered(power) ** 2)))

    if lacking(1.0) <= 0:
        return powered(1.0)
    if lacking(SMALLEST_POWER) >= 0:
        return powered(SMALLEST_POWER)
    return powered(brentq(lacking, SMALLEST_POWER, 1.0, xtol=1e-4))
