"""The profile likelihood of one parameter: how well the data alone fix it when the other is free.

For each value of the parameter the misfit is minimised over the other one within the prior's bounds. By Wilks (1938) a
rise of ½ χ²₁ above the lowest misfit bounds a confidence interval.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from core.estimate import GoodnessOfFit
from core.optimisation.minima import HOPELESS_RISE, check_found, coarse_grid, descend_together, find_minima
from core.problem.problem import Problem

RISE_95 = float(0.5 * chi2.ppf(0.95, 1))  # 1.92
WIDE = 41  # values across the prior's bounds
NEAR = 41  # values around the best one
NEAR_REACH = 5.0  # standard deviations
OTHERS = 48  # values of the other parameter from which minima are sought
STARTS = 3  # for each value


@dataclass(frozen=True, eq=False)
class Profile:
    """How far the misfit rises, (n,), above its lowest as one parameter is held at values, (n,), ascending.

    Rises beyond a hundred are cut there.

    interval: the ends of the 95 % interval, None where the bounds of the prior come first; fit: whether the noise
    explains what the lowest misfit leaves of the data; verdict: "identifiable", "bounded below only", "bounded above
    only" or "not identifiable"; sentence: what that means; status: what speaks against it, or "".
    """

    name: str
    values: NDArray[np.float64]
    rises: NDArray[np.float64]
    interval: tuple[float | None, float | None]
    fit: GoodnessOfFit

    @property
    def status(self) -> str:
        """Say where the noise does not explain the data even at the lowest misfit."""
        return self.fit.sentence

    @property
    def verdict(self) -> str:
        """Say in words on which sides the data bound the parameter."""
        low, high = self.interval
        if low is not None and high is not None:
            return "identifiable"
        if low is None and high is None:
            return "not identifiable"
        return "bounded below only" if high is None else "bounded above only"

    @property
    def sentence(self) -> str:
        """Say what the verdict means."""
        return {
            "identifiable": "The data alone bound it on both sides.",
            "bounded below only": "The data bound it below only: they do not rule out the prior’s upper bound.",
            "bounded above only": "The data bound it above only: they do not rule out the prior’s lower bound.",
            "not identifiable": "The data rule out neither end of what the prior allows.",
        }[self.verdict]


def profile_likelihood(problem: Problem, name: str) -> Profile:
    """Return the profile likelihood of one of a problem's two unknown parameters; the prior counts only as bounds.

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
    low, high = problem.bounds[axis]
    spread = np.linalg.pinv(curvature)
    sd = min(float(np.sqrt(max(spread[axis, axis], 0.0))) or high - low, high - low)
    near = np.clip(best[axis] + sd * np.linspace(-NEAR_REACH, NEAR_REACH, NEAR), low, high)
    values = np.unique(np.concatenate([np.linspace(low, high, WIDE), near, [best[axis]]]))
    losses = _lowest_along(free, axis, values, best, float(spread[1 - axis, axis] / max(spread[axis, axis], 1e-300)))
    # A descent that is well under way and as far above the lowest has been given up.
    rises = np.minimum(losses - min(float(np.min(losses)), float(minima.losses[0])), HOPELESS_RISE)
    return Profile(name, values, rises, _interval(values, rises), free.goodness_of_fit(best))


def _lowest_along(
    problem: Problem, axis: int, values: NDArray[np.float64], best: NDArray[np.float64], slope: float
) -> NDArray[np.float64]:
    """Return the lowest misfit, (n,), with one parameter at values (n,), over the other one."""
    low, high = problem.bounds[1 - axis]
    others = np.linspace(low, high, OTHERS)
    grid = np.empty((values.size, OTHERS, 2))
    grid[..., axis], grid[..., 1 - axis] = values[:, None], others
    order = np.argsort(problem.loss(grid), axis=1, kind="stable")[:, :STARTS]
    starts = np.empty((values.size, STARTS + 1, 2))
    starts[..., axis] = values[:, None]
    starts[:, :STARTS, 1 - axis] = others[order]
    # A valley narrower than the grid is followed from the best point along its slope.
    starts[:, STARTS, 1 - axis] = np.clip(best[1 - axis] + slope * (values - best[axis]), low, high)
    losses = descend_together(problem, starts.reshape(-1, 2), fixed=(axis,)).losses
    return np.min(losses.reshape(values.size, STARTS + 1), axis=1)


def _interval(values: NDArray[np.float64], rises: NDArray[np.float64]) -> tuple[float | None, float | None]:
    """Return the outermost crossings of the 95 % rise, None where the values end below it."""
    inside = np.flatnonzero(rises <= RISE_95)
    first, last = inside[0], inside[-1]
    ends: list[float | None] = [None, None]
    for k, (i, j) in enumerate(((first, first - 1), (last, last + 1))):
        if 0 <= j < values.size:
            # An infinite rise leaves the value inside.
            share = (RISE_95 - rises[i]) / (rises[j] - rises[i])
            ends[k] = float(values[i] + share * (values[j] - values[i]))
    return ends[0], ends[1]
