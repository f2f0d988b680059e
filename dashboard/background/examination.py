"""The examination of a map in the background; once it has ended, all sessions have it."""

import threading
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast
from weakref import WeakKeyDictionary

from cachetools import LRUCache

from dashboard.background.task import HasTask, Task

if TYPE_CHECKING:
    from core.maps.examination.examination import Examination
    from core.maps.inverse_map import InverseMap
    from core.maps.task import Task as MapTask

MOST_KEPT = 64  # examinations, of some 100 kB each

_one_at_a_time = threading.Lock()  # examinations of several sessions: each uses all the cores
_kept: "LRUCache[str, Examination]" = LRUCache(MOST_KEPT)
_lock = threading.Lock()
# Of loaded maps: a picture asks for it at each movement of a hand, and hashing all weights takes long.
_fingerprints: "WeakKeyDictionary[InverseMap, str]" = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Wanted:
    """A map to be examined, and the task whose traces it is examined on."""

    trained: "InverseMap"
    task: "MapTask"

    @property
    def key(self) -> str:
        """What an examination of the same map on the same traces is kept under."""
        if self.trained not in _fingerprints:
            _fingerprints[self.trained] = self.trained.fingerprint
        return f"{_fingerprints[self.trained]} {self.task}"


@dataclass(frozen=True, eq=False)
class Examined(HasTask):
    """What a session holds of an examination. It is replaced as a whole, so that another thread can read it.

    key: of what is examined; "" for nothing. found: what is known so far.
    task: the computation, while it goes on. failed: it has ended before its time.
    """

    key: str = ""
    found: "Examination | None" = None
    task: "Task[int, Examination] | None" = None
    failed: bool = False


def examination(wanted: Wanted) -> "Task[int, Examination]":
    """Begin to examine a map. A piece is all that is found up to a part of the traces."""
    from core.maps.examination.examination import examined, n_parts

    def work(_: Callable[[], bool]) -> "Generator[tuple[int, Examination]]":
        parts = cast("Generator[tuple[float, Examination]]", examined(wanted.trained, wanted.task))
        with closing(parts):
            for number, (_share, found) in enumerate(parts):
                yield number, found

    return Task(work, n_parts(wanted.task), _one_at_a_time)


def attended(held: Examined, wanted: Wanted | None) -> Examined:
    """Return the examination after looking at it: one of another map is dropped, and one that is wanted begins."""
    key = "" if wanted is None else wanted.key
    if held.key != key:
        if held.task is not None:
            held.task.stop()
        held = Examined(key)
    if wanted is None or held.failed or (held.found is not None and held.task is None):
        return held
    with _lock:
        kept = _kept.get(key)
    if kept is not None:
        if held.task is not None:
            held.task.stop()
        return Examined(key, kept)
    if held.task is None:
        return replace(held, task=examination(wanted))
    return _looked_at(held)


def _looked_at(held: Examined) -> Examined:
    """Return an examination under way with what has arrived; one that has ended is kept for all."""
    assert held.task is not None
    progress, pieces = held.task.progress(), held.task.pieces()
    found = pieces[max(pieces)] if pieces else None
    if progress.active:
        return replace(held, found=found)
    if progress.state == "done" and found is not None:
        with _lock:
            _kept[held.key] = found
    return Examined(held.key, found, failed=progress.state != "done")
