"""The Laplace approximation: a normal law with the curvature of the loss at its lowest point."""

import numpy as np
from numpy.typing import NDArray

from core.estimate import Estimate
from core.optimisation.minima import map_estimate
from core.problem.problem import Problem


def laplace(problem: Problem) -> Estimate:
    """Return the MAP estimate with the inverse of the loss's exact Hessian there as covariance.

    The covariance is None, and the status says why, where the approximation does not hold: on an edge of the prior,
    where the gradient is not zero, or where the loss is no bowl. The status also says where the noise does not explain
    what the estimate leaves of the data.
    """
    found = map_estimate(problem)
    assert found.fit is not None
    covariance, doubt = _curvature(problem, found.mean[0])
    status = " ".join(filter(None, [found.fit.sentence, doubt]))
    return Estimate(found.mean, None if covariance is None else covariance[None], found.names, status, fit=found.fit)


def _curvature(problem: Problem, position: NDArray[np.float64]) -> tuple[NDArray[np.float64] | None, str]:
    """Return the covariance, (p, p), at the lowest loss, and why it is refused or doubtful, or ""."""
    lower, upper = problem.bounds.T
    if np.any((position <= lower) | (position >= upper)):
        return None, (
            "The Laplace approximation is refused: the lowest loss lies on the edge of the prior, where its gradient "
            "is not zero and half of the normal law would lie outside."
        )
    hessian = problem.hessian(position)
    if not np.all(np.isfinite(hessian)) or np.linalg.eigvalsh(hessian)[0] <= 0:
        return None, (
            "The Laplace approximation is refused: the loss has no curvature of its own in some direction at its "
            "lowest point."
        )
    covariance = np.asarray(np.linalg.inv(hessian), dtype=np.float64)
    distance = np.min(np.minimum(position - lower, upper - position) / np.sqrt(np.diag(covariance)))
    if distance < 2:
        return covariance, (
            f"The Laplace approximation is doubtful: an edge of the prior lies {distance:.1f} standard deviations from "
            "the lowest loss, and cuts the normal law off."
        )
    return covariance, ""
