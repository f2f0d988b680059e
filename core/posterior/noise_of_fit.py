"""The posterior of the noise for known parameters, such as those of the best fit: its mean and covariance."""

import numpy as np
from numpy.typing import ArrayLike

from core.estimate import Estimate
from core.priors import TruncatedGaussian
from core.problem.likelihood import noise_nodes
from core.problem.problem import Problem
from core.published import SAMPLING_INTERVAL


def noise_of_fit(problem: Problem, position: ArrayLike, noise_prior: TruncatedGaussian) -> Estimate:
    """Return the posterior mean and covariance of rho and sigma [ms], given the residuals at a position, (p,).

    p(ρ, σ | m, d) ∝ p(d | m, ρ, σ) p(ρ, σ). Parameters and noise are nearly independent, so that at the best fit the
    result is nearly that of all unknowns together, in a thousandth of the time. ρ holds for neighbouring samples.
    noise_prior: of (rho, sigma [ms]). Raises ValueError where the trajectory diverges.
    """
    problem.observation.check_trace()
    sums, n_times = problem.residual_sums(np.asarray(position, dtype=float)), problem.times.size
    if not np.isfinite(sums.squares):
        raise ValueError("The trajectory diverges here, so that no noise can be estimated: choose other values.")
    nodes = noise_nodes(noise_prior, sums, n_times)
    terms = nodes.log_terms(sums, n_times)
    weights = np.exp(terms - np.max(terms))
    values = np.column_stack([nodes.rho, SAMPLING_INTERVAL * nodes.marginal_sd])
    mean = np.average(values, axis=0, weights=weights)
    return Estimate(mean[None], np.cov(values.T, aweights=weights, ddof=0)[None], noise_prior.names)
