"""A computation in the background: a thread whose pieces arrive one after the other, until nobody asks any more."""

import logging
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

PATIENCE = 10.0  # s without a question, after which a task ends
GLANCE = 0.2  # s between two looks at whether a task that waits for its lock is still wanted

_log = logging.getLogger(__name__)

Key = TypeVar("Key")
Piece = TypeVar("Piece")


@dataclass(frozen=True)
class Progress:
    """How far a task is.

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


class Task(Generic[Key, Piece]):
    """A computation in a thread of its own. The pieces that have arrived stay when it is stopped.

    work: takes a function that says whether the task is unwanted, and generates (key, piece). It is closed between two
    pieces once the task is unwanted; before a long step it can ask itself.
    total: how many pieces there are.
    lock: of the tasks that share it, one runs at a time.
    """

    def __init__(
        self,
        work: Callable[[Callable[[], bool]], Generator[tuple[Key, Piece]]],
        total: int,
        lock: "threading.Lock | None" = None,
    ):
        self._work, self._total, self._lock = work, total, lock
        self._pieces: dict[Key, Piece] = {}
        self._state = "waiting"
        self._began = self._asked = time.monotonic()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def pieces(self) -> dict[Key, Piece]:
        """Return what has arrived so far."""
        return dict(self._pieces)

    def progress(self) -> Progress:
        """Return how far the task is; asked less often than every PATIENCE seconds, it ends."""
        self._asked = time.monotonic()
        done, state = len(self._pieces), self._state
        if self._stopping.is_set() and state in ("waiting", "running"):
            state = "stopped"
        left = (time.monotonic() - self._began) / done * (self._total - done) if done and state == "running" else None
        return Progress(state, done, self._total, left)

    def stop(self) -> None:
        """End the task after the piece that is being computed."""
        self._stopping.set()

    def wait(self, seconds: float) -> bool:
        """Wait for the task's thread to end, so long at most; return whether it has."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _unwanted(self) -> bool:
        return self._stopping.is_set() or time.monotonic() - self._asked > PATIENCE

    def _run(self) -> None:
        while self._lock and not self._lock.acquire(timeout=GLANCE):
            if self._unwanted():
                self._state = "stopped"
                return
        try:
            self._compute()
        except Exception:
            self._state = "failed"
            _log.exception("What was computed in the background has failed.")
        finally:
            if self._lock:
                self._lock.release()

    def _compute(self) -> None:
        self._began, self._state = time.monotonic(), "running"
        with closing(self._work(self._unwanted)) as arriving:
            for key, piece in arriving:
                if self._unwanted():
                    break
                self._pieces[key] = piece
        self._state = "done" if len(self._pieces) == self._total else "stopped"


class HasTask:
    """What a session holds of a computation. task: None where nothing is under way."""

    task: "Task[Any, Any] | None"

    @property
    def progress(self) -> Progress | None:
        """How far the computation is; None where there is none."""
        return None if self.task is None else self.task.progress()

    @property
    def is_active(self) -> bool:
        """Whether more is to come."""
        progress = self.progress
        return progress is not None and progress.active
