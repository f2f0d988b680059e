"""The Laplace approximation: a normal distribution around the MAP estimate, with the curvature of the loss there."""

import numpy as np
from numpy.typing import NDArray

from core.estimate import Estimate, Finding, Remark, remark
from core.optimisation.minima import map_estimate
from core.problem.problem import Problem

NEAR_EDGE_SDS = 2.0  # an edge of the prior nearer than this cuts the approximation off, and a remark warns


def laplace(problem: Problem, found: Estimate | None = None) -> Estimate:
    """Return the MAP estimate with the inverse of the loss's exact Hessian there as covariance.

    found: the MAP estimate, if it is known already. Where the approximation does not hold, the covariance is None and a
    remark says why: the estimate lies on an edge of the prior, or the Hessian is not positive definite.
    Raises ValueError for an estimate that is not a single finite one of the problem's unknowns.
    """
    found = map_estimate(problem) if found is None else found
    found.check(problem.unknown, 1)
    covariance, remarks = _curvature(problem, found.mean[0])
    return Estimate(found.mean, None if covariance is None else covariance[None], found.names, remarks, fit=found.fit)


def _curvature(
    problem: Problem, position: NDArray[np.float64]
) -> tuple[NDArray[np.float64] | None, tuple[Remark, ...]]:
    """Return the covariance, (p, p), at the lowest loss, or None, and remarks that refuse it or warn."""
    lower, upper = problem.bounds.T
    if np.any((position <= lower) | (position >= upper)):
        return None, (remark(Finding.LAPLACE_REFUSED_ON_EDGE),)
    hessian = problem.hessian(position)
    if not np.all(np.isfinite(hessian)) or np.linalg.eigvalsh(hessian)[0] <= 0:
        return None, (remark(Finding.LAPLACE_REFUSED_WITHOUT_CURVATURE),)
    covariance = np.asarray(np.linalg.inv(hessian), dtype=np.float64)
    distance = float(np.min(np.minimum(position - lower, upper - position) / np.sqrt(np.diag(covariance))))
    return covariance, (remark(Finding.LAPLACE_NEAR_EDGE, distance=distance),) if distance < NEAR_EDGE_SDS else ()
