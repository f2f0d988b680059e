"""The Laplace approximation: a normal law with the curvature of the loss at its lowest point."""

import numpy as np

from core.estimate import Estimate
from core.modes import map_estimate
from core.objective import Problem


def laplace(problem: Problem) -> Estimate:
    """Return the MAP estimate with the inverse of the loss's exact Hessian there as covariance.

    The covariance is None, and the status says why, where the approximation does not hold: on an edge of the prior,
    where the gradient is not zero, or where the loss is no bowl.
    """
    found = map_estimate(problem)
    position = found.mean[0]
    lower, upper = problem.bounds.T
    if np.any((position <= lower) | (position >= upper)):
        status = (
            "Refused: the lowest loss lies on the edge of the prior, where its gradient is not zero and half of the "
            "normal law would lie outside."
        )
        return Estimate(found.mean, None, found.names, status)
    hessian = problem.hessian(position)
    if not np.all(np.isfinite(hessian)) or np.linalg.eigvalsh(hessian)[0] <= 0:
        status = "Refused: the loss has no curvature of its own in some direction at its lowest point."
        return Estimate(found.mean, None, found.names, status)
    covariance = np.asarray(np.linalg.inv(hessian), dtype=np.float64)
    distance = np.minimum(position - lower, upper - position) / np.sqrt(np.diag(covariance))
    status = ""
    if np.min(distance) < 2:
        status = (
            f"Doubtful: an edge of the prior lies {np.min(distance):.1f} standard deviations from the lowest loss, and "
            "cuts the normal law off."
        )
    return Estimate(found.mean, covariance[None], found.names, status)
