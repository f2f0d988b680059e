"""A map's estimates brought nearer to the exact answer: Gauss–Newton steps to the nearest minimum of the loss."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.estimate import Estimate
from core.optimisation.minima import descend_together
from core.priors import TruncatedGaussian
from core.problem.likelihood import noise_nodes
from core.problem.problem import Problem

MOST_STEPS = 30


def _fitted_noise(problem: Problem, theta: NDArray[np.float64], noise_prior: TruncatedGaussian) -> Problem:
    """Return the problem with the noise that the residual at θ, (p,), makes most plausible."""
    sums = problem.residual_sums(theta, problem.step)
    if not np.isfinite(sums.squares):
        return problem
    return problem.with_noise(noise_nodes(noise_prior, sums, problem.times.size).mean(sums, problem.times.size))


def polish(problem: Problem, data: ArrayLike, mean: ArrayLike, noise_prior: TruncatedGaussian) -> Estimate:
    """Return for each trace, (n, n_times), where Gauss–Newton leads from a map's estimate, (n, p).

    Steps are damped as Levenberg and Marquardt have it, so that the end never has a higher loss than the start. The
    noise is taken from the residual at the start, under noise_prior, of (rho, sigma [ms]); problem: everything but the
    trace and its noise. The covariance is the inverse of the Gauss–Newton Hessian at the end.
    """
    ends, covariances = [], []
    for trace, start in zip(np.asarray(data, dtype=float), np.asarray(mean, dtype=float), strict=True):
        each = _fitted_noise(problem.with_data(trace), start, noise_prior)
        descent = descend_together(each, start[None], MOST_STEPS)
        ends.append(descent.positions[0])
        covariances.append(np.linalg.inv(descent.hessians[0]))
    return Estimate(np.array(ends), np.array(covariances), problem.unknown)
