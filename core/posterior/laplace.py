"""The Laplace approximation: a normal distribution with the curvature of the loss at its lowest point."""

import numpy as np
from numpy.typing import NDArray

from core.estimate import Estimate, Finding, Remark, remark
from core.optimisation.minima import map_estimate
from core.problem.problem import Problem

NEAR_EDGE_SDS = 2.0  # standard deviations from an edge of the prior, within which it cuts the approximation off


def laplace(problem: Problem, found: Estimate | None = None) -> Estimate:
    """Return the MAP estimate with the inverse of the loss's exact Hessian there as covariance.

    found: the MAP estimate, if it is there already. The covariance is None, and a remark says why, where the
    approximation does not hold: on an edge of the prior, where the gradient is not zero, or where the loss is no bowl.
    """
    found = map_estimate(problem) if found is None else found
    covariance, remarks = _curvature(problem, found.mean[0])
    return Estimate(found.mean, None if covariance is None else covariance[None], found.names, remarks, fit=found.fit)


def _curvature(
    problem: Problem, position: NDArray[np.float64]
) -> tuple[NDArray[np.float64] | None, tuple[Remark, ...]]:
    """Return the covariance, (p, p), at the lowest loss, and why it is refused or doubtful."""
    lower, upper = problem.bounds.T
    if np.any((position <= lower) | (position >= upper)):
        return None, (remark(Finding.LAPLACE_REFUSED_ON_EDGE),)
    hessian = problem.hessian(position)
    if not np.all(np.isfinite(hessian)) or np.linalg.eigvalsh(hessian)[0] <= 0:
        return None, (remark(Finding.LAPLACE_REFUSED_WITHOUT_CURVATURE),)
    covariance = np.asarray(np.linalg.inv(hessian), dtype=np.float64)
    distance = float(np.min(np.minimum(position - lower, upper - position) / np.sqrt(np.diag(covariance))))
    return covariance, (remark(Finding.LAPLACE_NEAR_EDGE, distance=distance),) if distance < NEAR_EDGE_SDS else ()
