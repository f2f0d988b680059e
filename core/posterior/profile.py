"""The profile likelihood of one parameter: how well the data alone determine it when the other parameter is free.

For each value of the parameter, the misfit is minimised over the other one within the prior's bounds. By Wilks (1938),
a confidence interval ends where this minimum has risen by ½ χ²₁ above the lowest misfit.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from core.estimate import GoodnessOfFit
from core.optimisation.minima import HOPELESS_RISE, check_found, coarse_grid, descend_together, find_minima
from core.problem.problem import Problem

RISE_95 = float(0.5 * chi2.ppf(0.95, 1))  # 1.92, the rise at the ends of a 95 % interval
WIDE_VALUES = 41  # values of the parameter across the prior's bounds
NEAR_VALUES = 41  # further values around the best one
NEAR_REACH_SDS = 5.0  # distance of the farthest of these from the best one
OTHER_VALUES = 48  # grid points of the other parameter, from which descents are started
STARTS = 3  # descents for each value of the parameter


@dataclass(frozen=True, eq=False)
class Profile:
    """The profile of one parameter.

    values: (n,), ascending, at which the parameter is fixed.
    rises: (n,), the misfit minimised over the other parameter, minus the lowest misfit; at most HOPELESS_RISE.
    interval: the ends of the 95 % interval, None for an end that the data do not bound within the prior.
    fit: whether the noise explains the residuals at the lowest misfit.
    """

    name: str
    values: NDArray[np.float64]
    rises: NDArray[np.float64]
    interval: tuple[float | None, float | None]
    fit: GoodnessOfFit

    @property
    def status(self) -> str:
        """A warning where the noise does not explain the residuals at the lowest misfit, or ""."""
        return self.fit.sentence

    @property
    def verdict(self) -> str:
        """One of "identifiable", "bounded below only", "bounded above only" and "not identifiable"."""
        low, high = self.interval
        if low is not None and high is not None:
            return "identifiable"
        if low is None and high is None:
            return "not identifiable"
        return "bounded below only" if high is None else "bounded above only"

    @property
    def sentence(self) -> str:
        """The meaning of the verdict, in a sentence."""
        return {
            "identifiable": "The data alone bound it on both sides.",
            "bounded below only": "The data bound it below only: they do not rule out the prior’s upper bound.",
            "bounded above only": "The data bound it above only: they do not rule out the prior’s lower bound.",
            "not identifiable": "The data rule out neither end of what the prior allows.",
        }[self.verdict]


def profile_likelihood(problem: Problem, name: str) -> Profile:
    """Return the profile likelihood of one of a problem's two unknown parameters; only the prior's bounds are used.

    Raises ValueError unless exactly two parameters are unknown and name is one of them, or where no point of the box
    can be simulated.
    """
    if len(problem.unknown) != 2 or name not in problem.unknown:
        raise ValueError(f"A profile needs two unknown parameters, and {name!r} to be one of them.")
    axis = problem.unknown.index(name)
    free = problem.with_flat_prior()
    minima = find_minima(free, coarse_grid(free))
    check_found(minima)
    best, curvature = minima.positions[0], minima.hessians[0]
    covariance = np.linalg.pinv(curvature)
    values = values_around(best[axis], covariance[axis, axis], problem.bounds[axis])
    slope = float(covariance[1 - axis, axis] / max(covariance[axis, axis], 1e-300))
    losses = _lowest_along(free, axis, values, best, slope)
    # Descents this far above the lowest misfit have been given up, so that higher rises are not exact.
    rises = np.minimum(losses - min(float(np.min(losses)), float(minima.losses[0])), HOPELESS_RISE)
    return Profile(name, values, rises, interval_of(values, rises), free.goodness_of_fit(best))


def values_around(best: float, variance: float, bounds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values of a parameter, ascending, across its bounds (2,) and closer together around the best one."""
    low, high = bounds
    sd = min(float(np.sqrt(max(variance, 0.0))) or high - low, high - low)
    near = np.clip(best + sd * np.linspace(-NEAR_REACH_SDS, NEAR_REACH_SDS, NEAR_VALUES), low, high)
    return np.unique(np.concatenate([np.linspace(low, high, WIDE_VALUES), near, [best]]))


def _lowest_along(
    problem: Problem, axis: int, values: NDArray[np.float64], best: NDArray[np.float64], slope: float
) -> NDArray[np.float64]:
    """Return the misfit, (n,), minimised over the other parameter, with one parameter fixed at values (n,)."""
    low, high = problem.bounds[1 - axis]
    others = np.linspace(low, high, OTHER_VALUES)
    grid = np.empty((values.size, OTHER_VALUES, 2))
    grid[..., axis], grid[..., 1 - axis] = values[:, None], others
    order = np.argsort(problem.loss(grid), axis=1, kind="stable")[:, :STARTS]
    starts = np.empty((values.size, STARTS + 1, 2))
    starts[..., axis] = values[:, None]
    starts[:, :STARTS, 1 - axis] = others[order]
    # One more start on a line through the best point, along the valley, which may be narrower than the grid.
    starts[:, STARTS, 1 - axis] = np.clip(best[1 - axis] + slope * (values - best[axis]), low, high)
    losses = descend_together(problem, starts.reshape(-1, 2), fixed=(axis,)).losses
    return np.min(losses.reshape(values.size, STARTS + 1), axis=1)


def interval_of(values: NDArray[np.float64], rises: NDArray[np.float64]) -> tuple[float | None, float | None]:
    """Return the outermost crossings of RISE_95, None on a side where the rise at the last value is below it."""
    inside = np.flatnonzero(rises <= RISE_95)
    first, last = inside[0], inside[-1]
    ends: list[float | None] = [None, None]
    for k, (i, j) in enumerate(((first, first - 1), (last, last + 1))):
        if 0 <= j < values.size:
            # With an infinite rise beyond, the interval ends at the last value inside.
            share = (RISE_95 - rises[i]) / (rises[j] - rises[i])
            ends[k] = float(values[i] + share * (values[j] - values[i]))
    return ends[0], ends[1]
