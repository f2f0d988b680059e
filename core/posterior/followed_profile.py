"""The profile likelihood of one of many unknown parameters, followed outward from a minimum of the misfit.

No grid covers a box of many parameters. So each value's descent over the other parameters begins where the last one
ended, moved on along the valley. Another valley that lies lower elsewhere is not found: start from the lowest minimum.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.optimisation.minima import FURTHER_ITERATIONS, HOPELESS_RISE, descend_together
from core.posterior.profile import Profile, interval_of, values_around
from core.problem.problem import Problem


def followed_profile(problem: Problem, name: str, start: ArrayLike) -> Profile:
    """Return the profile likelihood of one unknown parameter; only the prior's bounds are used.

    start: (p,), values of the unknown parameters, from which a descent leads to the lowest minimum.
    Raises ValueError unless name is an unknown parameter, or where the start cannot be simulated.
    """
    if name not in problem.unknown:
        raise ValueError(f"A profile needs an unknown parameter; {name!r} is none.")
    axis, free = problem.unknown.index(name), problem.with_flat_prior()
    found = descend_together(free, np.asarray(start, dtype=float)[None], FURTHER_ITERATIONS)
    if not np.isfinite(found.losses[0]):
        raise ValueError("The trajectory of the start diverges: choose other values.")
    best, covariance = found.positions[0], np.linalg.pinv(found.hessians[0])
    values = values_around(best[axis], covariance[axis, axis], problem.bounds[axis])
    valley = covariance[axis] / max(covariance[axis, axis], 1e-300)
    losses = np.full(values.size, np.inf)
    at_best = int(np.searchsorted(values, best[axis]))
    losses[at_best] = found.losses[0]
    for outward in (range(at_best + 1, values.size), range(at_best - 1, -1, -1)):
        losses[list(outward)] = _followed(free, axis, values[list(outward)], best, valley)
    rises = np.minimum(losses - np.min(losses), HOPELESS_RISE)
    return Profile(name, values, rises, interval_of(values, rises), free.goodness_of_fit(best))


def _followed(
    problem: Problem, axis: int, values: NDArray[np.float64], best: NDArray[np.float64], valley: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the misfit, (n,), minimised over the other parameters at values (n,) ever farther from the best one.

    valley: (p,), the change of the parameters along the valley at the best ones, for a change of one by 1.
    """
    losses, last, slope = np.full(values.size, np.inf), best, valley
    lowest = float("inf")
    for i, value in enumerate(values):
        starts = np.array([last + slope * (value - last[axis]), last, best + valley * (value - best[axis])])
        starts[:, axis] = value
        ends = descend_together(problem, starts, fixed=(axis,))
        chosen = int(np.argmin(ends.losses))
        losses[i], lowest = ends.losses[chosen], min(lowest, ends.losses[chosen])
        if not losses[i] <= lowest + HOPELESS_RISE:
            break
        slope, last = (ends.positions[chosen] - last) / (value - last[axis]), ends.positions[chosen]
    return losses
