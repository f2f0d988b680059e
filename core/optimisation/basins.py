"""Run a method from many starts: which minima it finds, and from which starts it reaches each."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import ArrayLike, NDArray

from core.checks import as_count
from core.optimisation.distinct_minima import distinct, lowest_of_each
from core.optimisation.methods import checked_starts, descend
from core.optimisation.minima import minima_below
from core.optimisation.objective_protocol import Objective
from core.optimisation.path import OptimiserPath
from core.problem.problem import Problem

NEAR_LOSS = 0.5  # rise of the loss at one standard deviation from a minimum
SAME_BOX_SHARE = 1e-6  # minima closer together than this share of the box are equal within rounding

Array = NDArray[np.float64]


def start_grid(bounds: ArrayLike, n: int) -> Array:
    """Return the centres of n^p equal cells of a box with bounds (p, 2), as (n^p, p).

    The first unknown varies fastest, so that for two unknowns the starts can be reshaped to an image (n, n) whose rows
    belong to values of the second unknown.
    Raises ValueError unless n is at least one.
    """
    n = as_count(n, "points a side")
    lower, upper = np.asarray(bounds, dtype=float).T
    fractions = (np.arange(n) + 0.5) / n
    unit = np.stack(np.meshgrid(*[fractions] * lower.size, indexing="ij"), axis=-1)[..., ::-1]
    return lower + unit.reshape(-1, lower.size) * (upper - lower)


def prior_starts(problem: Problem, n: int, rng: np.random.Generator) -> Array:
    """Return n draws of the prior of the problem's unknown parameters, (n, p)."""
    return problem.prior.sample(n, rng)


class _StoppedError(Exception):
    """Ends a run whose result the caller no longer needs."""


class _Stoppable:
    """A problem that raises _StoppedError once stop is set, so that a run ends within one evaluation."""

    def __init__(self, problem: Objective, stop: threading.Event):
        self._problem, self._stop = problem, stop

    def __getattr__(self, name: str) -> Any:
        if self._stop.is_set():
            raise _StoppedError
        return getattr(self._problem, name)


def _run(problem: Objective, start: Array, method: str, seed: int) -> tuple[int, OptimiserPath | None]:
    try:
        return seed, descend(problem, start, method, seed)
    except _StoppedError:
        return seed, None


def explore(problem: Objective, method: str, starts: ArrayLike, n_jobs: int = 2) -> Iterator[tuple[int, OptimiserPath]]:
    """Run the method from each of the starts (n, p), n_jobs at a time; yield (i, path) in the order in which runs end.

    Start i has the seed i, so that a path does not depend on the others. When the generator is closed, all runs end
    within one evaluation.
    """
    starts, stop = checked_starts(problem, starts), threading.Event()
    stoppable = cast(Objective, _Stoppable(problem, stop))
    _ = problem.step  # computed once here, not in each thread

    def tasks() -> Iterator[Any]:
        for i, start in enumerate(starts):
            if stop.is_set():
                return
            yield delayed(_run)(stoppable, start, method, i)

    # Threads are enough, as the kernels release Python's lock; processes would take seconds to start.
    pool = Parallel(n_jobs, backend="threading", return_as="generator_unordered", pre_dispatch=n_jobs, batch_size=1)
    ended = pool(tasks())
    try:
        for i, path in ended:
            if path is not None:
                yield i, path
    finally:
        stop.set()
        for _ in ended:
            pass


@dataclass(frozen=True, eq=False)
class Minimum:
    """A minimum in which runs ended.

    position: (p,).
    eigenvalues: (p,) of the exact Hessian, ascending.
    on_edge: whether it lies on an edge of the box, where the gradient may differ from zero and eigenvalues from
    positive. share: of the starts that lead to it, among all starts, run or not.
    """

    position: Array
    loss: float
    eigenvalues: Array
    on_edge: bool
    share: float


@dataclass(frozen=True, eq=False)
class Basins:
    """Which minimum each of n starts leads to.

    starts: (n, p).
    labels: (n,), indices into minima, −1 where not yet run or where the end leads to no minimum.
    losses: (n,), at the ends, NaN where not yet run.
    evaluations: (n,), 0 where not yet run.
    minima: in ascending order of the loss.
    bottoms: (n, p), the minimum below each end, NaN where there is none; the next call of `basins` reuses it.
    """

    method: str
    starts: Array
    labels: NDArray[np.int64]
    losses: Array
    evaluations: NDArray[np.int64]
    minima: tuple[Minimum, ...]
    bottoms: Array | None = None


def _distinct(problem: Objective, bottoms: Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the indices (k,) of distinct minima among bottoms (n, p), the lowest first, and a label (n,) for each."""
    lower, upper = problem.bounds.T
    # Most bottoms are equal within rounding, so that each group needs only one Hessian.
    _, firsts, groups = np.unique(
        np.round((bottoms - lower) / (upper - lower) / SAME_BOX_SHARE), axis=0, return_index=True, return_inverse=True
    )
    positions = bottoms[firsts]
    losses = problem.loss(positions, problem.step)
    labels = distinct(positions, losses, problem.hessian(positions))
    return firsts[lowest_of_each(labels, losses)], labels[groups.ravel()]


def basins(
    problem: Objective, method: str, starts: ArrayLike, ends: Mapping[int, OptimiserPath], before: Basins | None = None
) -> Basins:
    """Return which minimum each of the starts (n, p) leads to.

    Methods stop at different distances from a minimum. So Newton's method with the exact Hessian descends from each
    end, within the box. The start leads to the minimum that it reaches, if the loss falls by at most NEAR_LOSS on the
    way. Higher ends, saddles and infinite losses lead to no minimum.

    ends: the paths that have ended, by the index of their start.
    before: an earlier result for the same problem, method and starts. Descents from its ends are not repeated.
    """
    starts = checked_starts(problem, starts)
    n = len(starts)
    losses, evaluations, labels = np.full(n, np.nan), np.zeros(n, np.int64), np.full(n, -1)
    for i, path in ends.items():
        losses[i], evaluations[i] = path.losses[-1], path.evaluations[-1]
    bottoms, fresh = np.full(starts.shape, np.nan), evaluations > 0
    if before is not None and before.bottoms is not None:
        known = before.evaluations > 0
        bottoms[known], fresh = before.bottoms[known], fresh & ~known
    if np.any(fresh):
        last = np.array([ends[int(i)].positions[-1] for i in np.flatnonzero(fresh)])
        bottoms[fresh] = minima_below(problem, last, NEAR_LOSS)
    arrived = np.flatnonzero(~np.isnan(bottoms[:, 0]))
    minima: tuple[Minimum, ...] = ()
    if arrived.size:
        heads, labels[arrived] = _distinct(problem, bottoms[arrived])
        minima = _minima(problem, bottoms[arrived[heads]], np.bincount(labels[arrived]) / n)
    return Basins(method, starts, labels, losses, evaluations, minima, bottoms)


def _minima(problem: Objective, positions: Array, shares: Array) -> tuple[Minimum, ...]:
    lower, upper = problem.bounds.T
    losses = problem.loss(positions, problem.step)
    eigenvalues = np.linalg.eigvalsh(problem.hessian(positions))
    on_edge = np.any((positions <= lower) | (positions >= upper), axis=1)
    values = zip(positions, losses, eigenvalues, on_edge, shares, strict=True)
    return tuple(
        Minimum(position, float(loss), eigen, bool(edge), float(share)) for position, loss, eigen, edge, share in values
    )
