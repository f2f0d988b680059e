"""Basins explored in the background: a thread that ends when it is stopped, or when no page asks about it any more."""

import threading
import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from core.optimisation.basins import Basins, basins, explore
from core.optimisation.path import OptimiserPath
from core.problem.problem import Problem

PATIENCE = 10.0  # s without a question after which nobody is taken to look on

# Explorations of several sessions take turns: each uses all the cores.
_turn = threading.Lock()


@dataclass(frozen=True)
class Progress:
    """How far an exploration is.

    state: waiting, running, done, stopped or failed; seconds_left: None if not known.
    """

    state: str
    done: int
    total: int
    seconds_left: float | None = None

    @property
    def active(self) -> bool:
        """Whether more is to come."""
        return self.state in ("waiting", "running")


class Exploration:
    """A method run from many starts, (n, p), in a thread of its own; what was found stays when it is stopped."""

    def __init__(self, problem: Problem, method: str, starts: NDArray[np.float64]):
        self.method, self.starts = method, starts
        self.problem = problem
        self._identity = problem.identity
        self._ends: dict[int, OptimiserPath] = {}
        self._found: Basins | None = None
        self._state = "waiting"
        self._began = self._asked = time.monotonic()
        self._stopping = threading.Event()
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    def is_of(self, problem: Problem) -> bool:
        """Say whether this problem is the one that is explored."""
        return problem.identity == self._identity

    def stop(self) -> None:
        """End it as soon as the runs that are under way have ended."""
        self._stopping.set()

    def progress(self) -> Progress:
        """Return how far it is; to be asked for every few seconds, or it ends."""
        self._asked = time.monotonic()
        done, total = len(self._ends), len(self.starts)
        state = "stopped" if self._stopping.is_set() and self._state in ("waiting", "running") else self._state
        left = (time.monotonic() - self._began) / done * (total - done) if done and state == "running" else None
        return Progress(state, done, total, left)

    def basins(self, anew: bool = True) -> Basins:
        """Return what has been found so far, or, if not anew, what had been when this was last asked."""
        if self._found is not None and not anew:
            return self._found
        ends = dict(self._ends)
        if self._found is None or np.count_nonzero(self._found.evaluations) != len(ends):
            self._found = basins(self.problem, self.method, self.starts, ends, self._found)
        return self._found

    def _unwanted(self) -> bool:
        return self._stopping.is_set() or time.monotonic() - self._asked > PATIENCE

    def _work(self) -> None:
        while not _turn.acquire(timeout=0.2):
            if self._unwanted():
                self._state = "stopped"
                return
        try:
            self._began, self._state = time.monotonic(), "running"
            found = explore(self.problem, self.method, self.starts)
            with closing(cast(Generator[tuple[int, OptimiserPath]], found)) as paths:
                for i, path in paths:
                    if self._unwanted():
                        break
                    self._ends[i] = path
            self._state = "done" if len(self._ends) == len(self.starts) else "stopped"
        finally:
            if self._state == "running":
                self._state = "failed"
            _turn.release()
