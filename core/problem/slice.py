"""The loss along a straight line through the box of the unknowns: its valleys, and the ridges between two of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.signal import find_peaks

from core.models.spikes import spike_counts
from core.problem.landscape import misfit
from core.problem.problem import Problem

COARSE = 121  # points along the line, before it is refined
FINER = 5  # points that a step of the coarse ones is filled with, where the number of spikes changes or a valley lies
RIPPLE_SHARE = 0.002  # of the range of the loss: shallower dips are no valleys
SAME_SHARE = 1e-9  # of the way from start to end: places closer than this are one
SPLIT_SHARE = 0.1  # of the range: two valleys of one number of spikes are two if the ridge between them is as high

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Slice:
    """The loss along a line through the box.

    points: (n, p), from one edge of the box to another.
    shares: (n,), of the way from `start` (0) to `end` (1), rising; start and end are among the points.
    loss: (n,), infinite where a trajectory diverges. spikes: (n,), of each trajectory.
    valleys: indices (k,) of the minima, one for each number of spikes unless a high ridge parts two of them.
    """

    points: Array
    shares: Array
    loss: Array
    spikes: NDArray[np.int64]
    valleys: NDArray[np.int64]

    def valley_of(self, share: float) -> int | None:
        """Return the position among the valleys of the one that lies downhill of a place on the line, None for none."""
        if not self.valleys.size:
            return None
        place = int(np.abs(self.shares - share).argmin())
        later = int(np.searchsorted(self.valleys, place))
        sides = [each for each in (later - 1, later) if 0 <= each < self.valleys.size]

        def ridge(number: int) -> float:
            low, high = sorted((place, int(self.valleys[number])))
            return float(np.max(self.loss[low : high + 1]))

        return min(sides, key=ridge)

    def spikes_at(self, share: float) -> int:
        """Return the number of spikes at the place on the line that is nearest to a share."""
        return int(self.spikes[np.abs(self.shares - share).argmin()])

    def ridges_between(self, share: float, other: float) -> int:
        """Return how many ridges part the valleys of two places on the line."""
        one, two = self.valley_of(share), self.valley_of(other)
        return 0 if one is None or two is None else abs(one - two)


def line_slice(problem: Problem, start: ArrayLike, end: ArrayLike) -> Slice:
    """Return the loss along the line through two points, (p,) each, as far as the edges of the box.

    Where both are the same point, the line runs along the first unknown. Points outside the box are taken to its edge.
    Raises ValueError for data that are not one trace without gaps.
    """
    problem.observation.check_trace()
    lower, upper = problem.bounds.T
    origin, target = (np.clip(np.asarray(point, dtype=float), lower, upper).astype(float) for point in (start, end))
    direction: Array = target - origin
    if not np.any(direction):
        direction = np.where(np.arange(lower.size) == 0, upper - lower, 0.0)
    moves = direction != 0
    edges = (np.stack([lower, upper]) - origin)[:, moves] / direction[moves]
    low, high = float(np.max(np.min(edges, axis=0))), float(np.min(np.max(edges, axis=0)))
    ends = np.array([0.0, 1.0] if high >= 1 else [0.0])
    coarse = np.linspace(low, high, COARSE)
    shares: Array = np.union1d(coarse[np.abs(coarse[:, None] - ends).min(axis=1) > SAME_SHARE], ends)

    def points(at: Array) -> Array:
        return np.minimum(np.maximum(origin + at[:, None] * direction, lower), upper)

    loss, spikes = _computed(problem, points(shares))
    finer = _finer(shares, loss, spikes)
    added, counted = _computed(problem, points(finer))
    order = np.argsort(np.concatenate([shares, finer]), kind="stable")
    shares, loss = np.concatenate([shares, finer])[order], np.concatenate([loss, added])[order]
    spikes = np.concatenate([spikes, counted])[order]
    return Slice(points(shares), shares, loss, spikes, _valleys(loss, spikes))


def _computed(problem: Problem, points: Array) -> tuple[Array, NDArray[np.int64]]:
    """Return the loss and the number of spikes, (n,) each, at points, (n, p)."""
    potentials: NDArray[Any]
    if problem.fused:
        potentials = problem.fused.observed(problem.parameters(points), problem.times)
    else:
        potentials = problem.observed(points)
    loss = misfit(problem.data, potentials, problem.noise[0]) + problem.prior.regularisation(points)
    return loss, spike_counts(potentials, spike_level=problem.model.spike_level)


def _finer(shares: Array, loss: Array, spikes: NDArray[np.int64]) -> Array:
    """Return the places between those, (n,), around which the loss may have more valleys, or deeper ones."""
    lower = (loss[1:-1] <= loss[:-2]) & (loss[1:-1] <= loss[2:])
    changes = np.diff(spikes) != 0
    steps = changes.copy()
    steps[:-1] |= lower | changes[1:]
    steps[1:] |= lower
    fractions = np.arange(1, FINER + 1) / (FINER + 1)
    return (shares[:-1][steps, None] + np.diff(shares)[steps, None] * fractions).ravel()


def _valleys(loss: Array, spikes: NDArray[np.int64]) -> NDArray[np.int64]:
    finite = np.isfinite(loss)
    if not np.any(finite):
        return np.zeros(0, np.int64)
    top = float(np.max(loss[finite]))
    reach = top - float(np.min(loss[finite]))
    # Beyond an edge of the box lies a wall.
    walled = np.concatenate([[-top - 1], -np.where(finite, loss, top), [-top - 1]])
    peaks, found = find_peaks(walled, prominence=max(RIPPLE_SHARE * reach, 1e-12))
    valleys = list(zip((peaks - 1).tolist(), found["prominences"].tolist(), strict=True))
    kept: list[tuple[int, float]] = []
    for place, prominence in valleys:
        last = kept[-1] if kept else None
        if last and spikes[last[0]] == spikes[place] and min(last[1], prominence) < SPLIT_SHARE * reach:
            if loss[place] < loss[last[0]]:
                kept[-1] = (place, prominence)
        else:
            kept.append((place, prominence))
    return np.array([place for place, _ in kept], dtype=np.int64)
