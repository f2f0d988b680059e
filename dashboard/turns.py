"""Turns: of long computations a few run at once, and the others wait in the order in which they came."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice

GLANCE_S = 0.1  # between two looks at whether what waits is still wanted

# Called while a computation waits; it may raise to give the place up. Each session sets its own.
_while_waiting: ContextVar[Callable[[], object]] = ContextVar("while_waiting", default=lambda: None)


def give_up_when(check: Callable[[], object]) -> None:
    """Set what this thread calls, every GLANCE_S, while it waits for others; the check raises to stop waiting."""
    _while_waiting.set(check)


def glance() -> None:
    """Call what `give_up_when` has set; whatever it raises passes through."""
    _while_waiting.get()()


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let nothing stop this thread's waiting, as what it computes is wanted by other sessions too."""
    token = _while_waiting.set(lambda: None)
    try:
        yield
    finally:
        _while_waiting.reset(token)


class Turns:
    """A queue in which at_once computations have their turn, and the others wait: first come, first served."""

    def __init__(self, at_once: int):
        self._at_once = at_once
        self._queue: dict[object, None] = {}  # an ordered set; the first at_once of it have their turn
        self._changed = threading.Condition()
        self._held = threading.local()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for a turn and hold it; a thread that has one takes no second."""
        if getattr(self._held, "by_this_thread", False):
            yield
            return
        place = object()
        with self._changed:
            self._queue[place] = None
        try:
            while not self._is_on(place):
                glance()
            self._held.by_this_thread = True
            yield
        finally:
            self._held.by_this_thread = False
            with self._changed:
                del self._queue[place]
                self._changed.notify_all()

    def _is_on(self, place: object) -> bool:
        """Say whether it is the turn of a place, after a wait of GLANCE_S where it is not."""
        with self._changed:
            return self._changed.wait_for(lambda: place in islice(self._queue, self._at_once), GLANCE_S)
