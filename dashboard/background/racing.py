"""A race computed in the background: its runs two at a time, until it is stopped or no page asks about it any more."""

import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

from core.optimisation.methods import descend
from core.optimisation.path import OptimiserPath
from core.problem.problem import Problem
from dashboard.background.exploration import PATIENCE

Run = tuple[tuple[float, float], str]  # a start and a method


class Racing:
    """Runs of a problem's race, which end one after the other; those that have ended stay when it is stopped."""

    def __init__(self, problem: Problem, runs: Sequence[Run]):
        _ = problem.step  # computed once, here, rather than in each thread
        self.runs = tuple(runs)
        self._asked = time.monotonic()
        self._pool = ThreadPoolExecutor(2)
        self._ends = {run: self._pool.submit(self._descend, problem, run) for run in runs}

    def wait(self, seconds: float) -> None:
        """Wait for all runs to end, for so long at most."""
        wait(self._ends.values(), timeout=seconds)

    def ended(self) -> dict[Run, OptimiserPath]:
        """Return the paths of the runs that have ended; to be asked for every few seconds, or no more begin."""
        self._asked = time.monotonic()
        paths = {run: _result(end) for run, end in self._ends.items()}
        return {run: path for run, path in paths.items() if path is not None}

    @property
    def active(self) -> bool:
        """Whether more is to come."""
        return not all(end.done() for end in self._ends.values())

    def stop(self) -> None:
        """Begin no more runs."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _descend(self, problem: Problem, run: Run) -> OptimiserPath | None:
        start, method = run
        return descend(problem, start, method) if time.monotonic() - self._asked < PATIENCE else None


def _result(end: "Future[OptimiserPath | None]") -> OptimiserPath | None:
    return end.result() if end.done() and not end.cancelled() else None
