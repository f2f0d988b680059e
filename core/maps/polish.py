"""Refine a map's estimates by Gauss–Newton steps to the nearest minimum of the loss."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.checks import with_gaps
from core.estimate import Estimate
from core.optimisation.minima import descend_together
from core.priors import TruncatedGaussian
from core.problem.likelihood import noise_nodes
from core.problem.problem import Problem

MOST_STEPS = 30  # for each trace


def fitted_noise(problem: Problem, theta: NDArray[np.float64], noise_prior: TruncatedGaussian) -> Problem:
    """Return the problem with the posterior mean of the noise given the residual at θ, (p,)."""
    sums = problem.residual_sums(theta, problem.step)
    if not np.isfinite(sums.squares):
        return problem
    return problem.with_noise(noise_nodes(noise_prior, sums, problem.times.size).mean(sums, problem.times.size))


def polish(problem: Problem, data: ArrayLike, mean: ArrayLike, noise_prior: TruncatedGaussian) -> Estimate:
    """Refine a map's estimates, (n, p), of traces, (n, n_times), by Gauss–Newton steps.

    Steps are damped as in Levenberg–Marquardt, so that the loss never rises. The covariance is the inverse of the
    Gauss–Newton Hessian at the end.

    problem: its trace and noise are replaced by those of each trace.
    noise_prior: of (rho, sigma [ms]); the noise is its posterior mean given the residual at the start.
    Raises ValueError unless there is a mean of the problem's unknowns for each trace.
    """
    data, mean = with_gaps(data), np.asarray(mean, dtype=float)
    if mean.shape != (len(data), len(problem.unknown)):
        raise ValueError(
            f"The means of {len(data)} traces need the shape ({len(data)}, {len(problem.unknown)}); it is {mean.shape}."
        )
    ends, covariances = [], []
    for trace, start in zip(data, mean, strict=True):
        each = fitted_noise(problem.with_data(trace), start, noise_prior)
        descent = descend_together(each, start[None], MOST_STEPS)
        ends.append(descent.positions[0])
        covariances.append(np.linalg.inv(descent.hessians[0]))
    return Estimate(np.array(ends), np.array(covariances), problem.unknown)
