"""Importance sampling: the posterior's mean and covariance from weighted draws around an estimate.

The first draws come from a Student distribution around the estimate, further ones from a Student distribution around
the weighted mean so far. The weights come from the exact posterior, noise integrated out (Tokdar and Kass 2010).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

from core.checks import with_gaps
from core.estimate import Estimate, Finding, remark
from core.noise import ResidualSums
from core.posterior.student_mixture import StudentMixture
from core.priors import TruncatedGaussian
from core.problem.likelihood import noise_nodes
from core.problem.problem import Problem

DRAWS = 500  # in each round
ROUNDS = 2  # the second round is centred on the weighted mean of the first
STRETCH = 1.3  # scale of the Student distribution over the estimate's standard deviations
FEWEST_EFFECTIVE_DRAWS = 20.0  # with fewer, the weighted mean is too inaccurate


def reweight(
    problem: Problem, data: ArrayLike, estimate: Estimate, noise_prior: TruncatedGaussian, rng: np.random.Generator
) -> Estimate:
    """Return for each trace, (n, n_times), the posterior's mean and covariance from weighted draws around an estimate.

    The noise is integrated out over noise_prior, of (rho, sigma [ms]). Where too few draws have
    weight, the original estimate is returned, and a remark says for how many traces. Raises ValueError unless there is
    a finite estimate of the problem's unknowns for each trace, with a covariance that is positive definite.
    """
    if estimate.covariance is None:
        raise ValueError("Draws need an estimate with a covariance.")
    data = with_gaps(data)
    estimate.check(problem.unknown, len(data))
    try:
        np.linalg.cholesky(np.nan_to_num(estimate.covariance))
    except np.linalg.LinAlgError:
        raise ValueError("Draws need covariances that are positive definite, and not all of these are.") from None
    means, covariances = estimate.mean.copy(), estimate.covariance.copy()
    kept = 0
    for i, trace in enumerate(data):
        found = _reweighted(problem.with_data(trace), means[i], covariances[i], noise_prior, rng)
        if found is None:
            kept += 1
        else:
            means[i], covariances[i] = found
    remarks = (remark(Finding.FEW_DRAWS, n=kept, of=len(means)),) if kept else ()
    return Estimate(means, covariances, problem.unknown, remarks)


def _reweighted(
    problem: Problem,
    mean: NDArray[np.float64],
    covariance: NDArray[np.float64],
    noise_prior: TruncatedGaussian,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return mean (p,) and covariance (p, p), or None where too few draws have weight."""
    p, n_times = mean.size, problem.times.size
    proposals: list[StudentMixture] = []
    draws, logs = np.empty((0, p)), np.empty(0)
    nodes = None
    for _ in range(ROUNDS):
        factors = np.asarray(np.linalg.cholesky(STRETCH**2 * covariance[None]), dtype=np.float64)
        proposals.append(StudentMixture(np.ones(1), mean[None], factors))
        new = proposals[-1].draws(DRAWS, rng)
        new = new[np.isfinite(problem.prior.log_density(new))]
        if not len(new):
            return None
        sums = problem.residual_sums(new, problem.step)
        if not np.any(np.isfinite(sums.squares)):
            return None
        if nodes is None:
            best = np.argmin(sums.quadratic_form(problem.noise[0].rho))
            nodes = noise_nodes(noise_prior, ResidualSums(*(part[best] for part in sums)), n_times)
        draws = np.concatenate([draws, new])
        logs = np.concatenate([logs, nodes.log_likelihood(sums, n_times) + problem.prior.log_density(new)])
        # All draws so far are weighted as draws from the mixture of all proposals so far (Owen and Zhou 2000).
        mixture = logsumexp([proposal.log_density(draws) for proposal in proposals], axis=0)
        weights = np.exp(logs - mixture - np.max(logs - mixture))
        weights /= weights.sum()
        if not 1 / np.sum(weights**2) >= p + 1:
            return None
        mean = weights @ draws
        deviations = draws - mean
        covariance = (weights[:, None] * deviations).T @ deviations
    return (mean, covariance) if 1 / np.sum(weights**2) >= FEWEST_EFFECTIVE_DRAWS else None
