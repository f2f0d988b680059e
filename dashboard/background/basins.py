"""The basins of a session: a method run from many starts in the background, and the minima that were found."""

import threading
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from core.optimisation.basins import Basins, basins, explore, prior_starts, start_grid
from core.optimisation.path import OptimiserPath
from core.problem.problem import Problem
from dashboard.background.task import Task
from dashboard.background.wish import Wish

_one_at_a_time = threading.Lock()  # explorations of several sessions: each uses all the cores


@dataclass(frozen=True)
class StartSet:
    """Where the runs of an exploration start.

    kind: on a grid of number × number points, or at a number of draws of the prior.
    """

    kind: Literal["grid", "prior"]
    number: int

    @property
    def label(self) -> str:
        """What the choice of these starts is called."""
        if self.kind == "grid":
            return f"{self.number} × {self.number} starts"
        return f"{self.number} draws of the prior"

    def points(self, problem: Problem, seed: int) -> NDArray[np.float64]:
        """Return the starts, (n, p); seed: of the draws."""
        if self.kind == "grid":
            return start_grid(problem.bounds, self.number)
        return prior_starts(problem, self.number, np.random.default_rng([seed, 2]))


@dataclass(frozen=True, eq=False)
class Exploration:
    """A method that is run from many starts, (n, p)."""

    problem: Problem
    method: str
    starts: NDArray[np.float64]
    task: Task[int, OptimiserPath]


@dataclass(frozen=True, eq=False)
class Explored:
    """What a session holds of its basins. It is replaced as a whole, so that another thread can read it.

    exploration: the last one, which may have ended.
    found: what was found at the last look.
    gone: basins of another problem were dropped.
    """

    exploration: Exploration | None = None
    found: Basins | None = None
    gone: bool = False

    def is_of(self, problem: Problem) -> bool:
        """Say whether this problem is the one that was explored."""
        return self.exploration is not None and self.exploration.problem.identity == problem.identity

    def found_for(self, problem: Problem) -> Basins | None:
        """Return what was found, if it is of this problem."""
        return self.found if self.is_of(problem) else None

    @property
    def is_active(self) -> bool:
        """Whether more is to come."""
        return self.exploration is not None and self.exploration.task.progress().active


def coarse_to_fine(starts: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return an order of starts, (n, p), in which each next one lies furthest from those before it, (n,)."""
    scaled = (starts - starts.min(axis=0)) / np.maximum(np.ptp(starts, axis=0), 1e-300)
    order = [int(np.argmin(np.sum((scaled - 0.5) ** 2, axis=1)))]
    nearest = np.full(len(starts), np.inf)
    while len(order) < len(starts):
        nearest = np.minimum(nearest, np.sum((scaled - scaled[order[-1]]) ** 2, axis=1))
        nearest[order[-1]] = -1.0  # is there already, whatever lies at the same place
        order.append(int(np.argmax(nearest)))
    return np.array(order)


def exploration(problem: Problem, method: str, starts: NDArray[np.float64]) -> Exploration:
    """Begin to run a method from each of the starts, (n, p): far ones first, so that a part shows the whole."""
    order = coarse_to_fine(starts)

    def work(_: Callable[[], bool]) -> Generator[tuple[int, OptimiserPath]]:
        ends = cast(Generator[tuple[int, OptimiserPath]], explore(problem, method, starts[order]))
        with closing(ends):
            for place, path in ends:
                yield int(order[place]), path

    return Exploration(problem, method, starts, Task(work, len(starts), _one_at_a_time))


def attended(
    held: Explored, problem: Problem | None, method: str, starts: StartSet, seed: int, wish: str | None
) -> Explored:
    """Return the basins after looking at them: an exploration of another problem is dropped, ends are collected.

    seed: of the starts that are drawn. wish: what the page was asked to do; a browser can send any text.
    """
    running = held.exploration
    if running is not None and (problem is None or not held.is_of(problem)):
        running.task.stop()
        running, held = None, Explored(gone=True)
    if running is not None and wish in (Wish.EXPLORE, Wish.STOP_EXPLORING):
        running.task.stop()
    if wish == Wish.EXPLORE and problem is not None:
        held = Explored(exploration(problem, method, starts.points(problem, seed)))
    return with_ends(held)


def with_ends(held: Explored) -> Explored:
    """Return the basins with the minima that the ends of all runs so far lead to."""
    running = held.exploration
    if running is None:
        return held
    ends = running.task.pieces()
    if held.found is not None and np.count_nonzero(held.found.evaluations) == len(ends):
        return held
    found = basins(running.problem, running.method, running.starts, ends, held.found)
    return replace(held, found=found)
