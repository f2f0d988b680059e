"""The order in which the live route answers: one request of a session at a time, and its newest in place of older ones.

It belongs to the server's event loop, and so needs no lock.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass


class SupersededError(Exception):
    """A newer request of the same session took the place of one that was waiting."""


@dataclass(frozen=True, eq=False)
class _Waiting:
    heavy: bool
    begun: asyncio.Future[None]


class LiveQueue:
    """Sessions in the order in which they came. A session's newest request takes the place of the one that waits.

    at_once: requests that are answered at the same time. heavy_at_once: how many of them may be heavy ones, so that
    light ones find a thread.
    """

    def __init__(self, at_once: int, heavy_at_once: int):
        self._free = at_once
        self._free_heavy = heavy_at_once
        self._waiting: dict[str, _Waiting] = {}
        self._answering: set[str] = set()

    @property
    def n_waiting(self) -> int:
        """How many requests wait."""
        return len(self._waiting)

    @asynccontextmanager
    async def admitted(self, session: str, heavy: bool) -> AsyncIterator[None]:
        """Run the block, which answers a request of a session, once there is room.

        Raises SupersededError where the session's next request came meanwhile.
        """
        own = _Waiting(heavy, asyncio.get_running_loop().create_future())
        older = self._waiting.get(session)
        self._waiting[session] = own  # a session that waits keeps its place
        if older is not None:
            older.begun.set_exception(SupersededError())
        self._begin()
        await own.begun
        try:
            yield
        finally:
            self._end(session, heavy)

    def _begin(self) -> None:
        """Admit those that wait, as far as there is room."""
        for session, waiting in list(self._waiting.items()):
            if self._free == 0:
                return
            if session in self._answering or (waiting.heavy and self._free_heavy == 0):
                continue
            del self._waiting[session]
            self._answering.add(session)
            self._free -= 1
            self._free_heavy -= waiting.heavy
            waiting.begun.set_result(None)

    def _end(self, session: str, heavy: bool) -> None:
        self._answering.remove(session)
        self._free += 1
        self._free_heavy += heavy
        self._begin()
