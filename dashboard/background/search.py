"""The search for the smallest perturbation that takes an estimate to a target, in the background, for one session."""

import threading
from collections.abc import Callable, Generator, Hashable, Iterator
from dataclasses import dataclass, replace

from core.perturbations.target import CORRECTIONS, ITERATIONS, SmallestPerturbation
from dashboard.background.task import HasTask, Task
from dashboard.background.wish import Wish

_one_at_a_time = threading.Lock()  # searches of several sessions: each keeps a core busy


@dataclass(frozen=True, eq=False)
class Wanted:
    """What is searched. key: what tells it from other searches. begin: generates what each iteration finds."""

    key: Hashable
    begin: Callable[[], Iterator[SmallestPerturbation]]


@dataclass(frozen=True, eq=False)
class Sought(HasTask):
    """What a session holds of a search. It is replaced as a whole, so that another thread can read it.

    key: of what is searched; None for nothing.
    task: the computation. found: by the last iteration.
    """

    key: Hashable = None
    task: Task[int, SmallestPerturbation] | None = None
    found: SmallestPerturbation | None = None


def _search(wanted: Wanted) -> Task[int, SmallestPerturbation]:
    def work(_: Callable[[], bool]) -> Generator[tuple[int, SmallestPerturbation]]:
        yield from enumerate(wanted.begin())

    return Task(work, ITERATIONS + CORRECTIONS, _one_at_a_time)


def attended(held: Sought, wanted: Wanted | None, wish: str | None) -> Sought:
    """Return the search after looking at it: one of something else is stopped, and what is wanted is searched.

    wish: what the page was asked to do; a browser can send any text.
    """
    key = None if wanted is None else wanted.key
    if held.task is not None and (held.key != key or wish == Wish.STOP_SEARCHING):
        held.task.stop()
    if wanted is None:
        return Sought()
    if held.task is None or held.key != key:
        return Sought(key, _search(wanted))
    pieces = held.task.pieces()
    return replace(held, found=pieces[max(pieces)] if pieces else None)
