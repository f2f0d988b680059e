"""Results that all sessions share: computed once, also where several ask at once, and kept within a limit in bytes."""

import sys
import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from concurrent.futures import Future, wait
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import wraps
from threading import Lock
from types import FunctionType, ModuleType
from typing import Any, Generic, ParamSpec, TypeVar

import numpy as np
from cachetools import LRUCache
from cachetools.keys import hashkey

from dashboard.threads import shared_out
from dashboard.turns import GLANCE_S, Turns, glance, uninterrupted

MEGABYTE = 2**20
OVERHEAD_BYTES = 128  # of an object beside what it holds

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

_all: list["SharedResults[Any]"] = []


@dataclass(frozen=True)
class _Kept(Generic[Result]):
    result: Result
    seconds: float
    n_bytes: int


class SharedResults(Generic[Result]):
    """Results by key, of which the least recently used are dropped beyond a limit in bytes.

    Sessions get the same object, which nobody changes. A result that is larger than the limit alone is not kept.
    name: what the metrics call it. turns: in which its computations wait for each other, and for others'.
    """

    def __init__(self, name: str, most_bytes: int, turns: Turns | None = None):
        self.name = name
        self.most_bytes = most_bytes
        self._turns = turns
        self._kept: LRUCache[Hashable, _Kept[Result]] = LRUCache(most_bytes, getsizeof=lambda kept: kept.n_bytes)
        self._under_way: dict[Hashable, Future[_Kept[Result]]] = {}
        self._lock = Lock()
        _all.append(self)

    @property
    def n_bytes(self) -> int:
        """The size of all that is kept, in bytes."""
        return int(self._kept.currsize)

    def get(self, key: Hashable, compute: Callable[[], Result]) -> Result:
        """Return the result of a key; who asks for it while it is computed waits, and has what it raises raised."""
        while True:
            with self._lock:
                kept, under_way = self._kept.get(key), self._under_way.get(key)
            if kept is not None:
                return kept.result
            if under_way is not None:
                while not wait([under_way], GLANCE_S).done:
                    glance()
                return under_way.result().result
            with self._turns.taken() if self._turns else nullcontext():
                with self._lock:
                    if key in self._kept or key in self._under_way:
                        continue  # another session was faster
                    promised = self._under_way[key] = Future()
                return self._computed(key, compute, promised).result

    def _computed(self, key: Hashable, compute: Callable[[], Result], promised: Future[_Kept[Result]]) -> _Kept[Result]:
        start = time.monotonic()
        try:
            with uninterrupted(), shared_out():
                result = compute()
            kept = _Kept(result, time.monotonic() - start, _size_with_key(key, result))
        except BaseException as error:
            with self._lock:
                self._under_way.pop(key, None)
            promised.set_exception(error)
            raise
        self._keep(key, kept)
        promised.set_result(kept)
        return kept

    def _keep(self, key: Hashable, kept: _Kept[Result]) -> None:
        with self._lock:
            self._under_way.pop(key, None)
            with suppress(ValueError):  # it is larger than the limit
                self._kept[key] = kept

    def put(self, key: Hashable, result: Result) -> None:
        """Keep a result in the place of the one that is kept for this key."""
        self._keep(key, _Kept(result, 0.0, _size_with_key(key, result)))

    def found(self, key: Hashable) -> Result | None:
        """Return the result that is kept for this key, if there is one."""
        with self._lock:
            kept = self._kept.get(key)
        return None if kept is None else kept.result

    def seconds(self, key: Hashable) -> float | None:
        """Return how long the result that is kept for this key took to compute, in s; None where none is kept."""
        with self._lock:
            kept = self._kept.get(key)
        return None if kept is None else kept.seconds

    def clear(self) -> None:
        """Drop all that is kept."""
        with self._lock:
            self._kept.clear()


def shared(
    megabytes: float, turns: Turns | None = None
) -> Callable[[Callable[Arguments, Result]], Callable[Arguments, Result]]:
    """Share the results of a function of hashable arguments, up to so many MB of them."""

    def decorated(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        name = f"{function.__module__.removeprefix('dashboard.')}.{function.__name__.strip('_')}"
        results: SharedResults[Result] = SharedResults(name, int(megabytes * MEGABYTE), turns)

        @wraps(function)
        def get(*arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
            key = hashkey(*arguments, **named)  # type: ignore[arg-type]
            return results.get(key, lambda: function(*arguments, **named))

        return get

    return decorated


def sizes() -> dict[str, tuple[int, int]]:
    """Return by name how large all shared results are, and how large they may be, in bytes."""
    return {each.name: (each.n_bytes, each.most_bytes) for each in _all}


def _size_with_key(key: Hashable, result: object) -> int:
    # What a key refers to, such as a map, is there without it; the bytes of a trace are not.
    return size(result) + sum(map(sys.getsizeof, key if isinstance(key, tuple) else (key,)))


def size(value: object) -> int:
    """Return about how many bytes a value takes with all that it holds; what it holds twice counts once."""
    total, seen, left = 0, set(), [value]
    while left:
        each = left.pop()
        if id(each) in seen or isinstance(each, type | FunctionType | ModuleType):
            continue
        seen.add(id(each))
        if isinstance(each, np.ndarray):
            total += OVERHEAD_BYTES + each.nbytes
        elif isinstance(each, str | bytes | int | float | bool | None):
            total += sys.getsizeof(each)
        else:
            total += OVERHEAD_BYTES
            left.extend(_held(each))
    return total


def _held(value: object) -> Iterable[object]:
    if isinstance(value, Mapping):
        return [*value.keys(), *value.values()]
    if isinstance(value, list | tuple | set | frozenset):
        return value
    return vars(value).values() if hasattr(value, "__dict__") else ()
