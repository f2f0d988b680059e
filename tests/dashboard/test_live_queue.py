import asyncio

import pytest

from dashboard.live_queue import LiveQueue, SupersededError


async def settle():
    """Let everything that can go on do so."""
    for _ in range(10):
        await asyncio.sleep(0)


class Asked:
    """Requests to a queue: which of them are being answered, were answered, or were superseded."""

    def __init__(self, at_once=2, heavy_at_once=1):
        self.queue = LiveQueue(at_once, heavy_at_once)
        self.now, self.ended, self.superseded, self.ends = [], [], [], {}

    async def _ask(self, name, session, heavy):
        self.ends[name] = asyncio.Event()
        try:
            async with self.queue.admitted(session, heavy):
                self.now.append(name)
                await self.ends[name].wait()
                self.now.remove(name)
                self.ended.append(name)
        except SupersededError:
            self.superseded.append(name)

    async def ask(self, name, session=None, heavy=False):
        """Ask once more; the session's name is the first letter of the request's."""
        self._task = asyncio.ensure_future(self._ask(name, session or name[0], heavy))
        await settle()

    async def end(self, name):
        """End an answer."""
        self.ends[name].set()
        await settle()


def played(play, **limits):
    """Return the requests after a play."""

    async def run():
        asked = Asked(**limits)
        await play(asked)
        return asked

    return asyncio.run(run())


def test_a_newer_request_of_a_session_is_answered_in_the_place_of_the_older():
    async def play(asked):
        for name in ("a1", "b1", "c1", "d1"):
            await asked.ask(name)
        for name in ("c2", "c3"):
            await asked.ask(name)
        assert asked.superseded == ["c1", "c2"]  # at once, while the first two are still being answered
        assert asked.now == ["a1", "b1"]
        assert asked.queue.n_waiting == 2
        await asked.end("b1")
        assert asked.now == ["a1", "c3"]  # not d1, which came after c1

    played(play)


def test_a_session_has_one_answer_at_a_time():
    async def play(asked):
        for name in ("a1", "a2", "b1"):
            await asked.ask(name)
        assert asked.now == ["a1", "b1"]
        await asked.end("b1")
        assert asked.now == ["a1"]
        await asked.end("a1")
        assert asked.now == ["a2"]

    assert played(play).superseded == []


def test_heavy_requests_leave_a_thread_to_light_ones():
    async def play(asked):
        for name in ("a1", "b1", "c1"):
            await asked.ask(name, heavy=True)
        assert asked.now == ["a1"]
        await asked.ask("d1")
        assert asked.now == ["a1", "d1"]
        await asked.end("d1")
        assert asked.now == ["a1"]
        await asked.end("a1")
        assert asked.now == ["b1"]

    played(play)


def test_thirty_sessions_that_ask_without_end_have_the_same_number_of_answers():
    async def play(asked):
        counts = dict.fromkeys(range(30), 0)

        async def drag(session):
            for _ in range(20):
                try:
                    async with asked.queue.admitted(str(session), False):
                        await asyncio.sleep(0)
                        counts[session] += 1
                except SupersededError:
                    pass

        tasks = [asyncio.ensure_future(drag(session)) for session in counts]
        while min(counts.values()) < 10:
            await asyncio.sleep(0)
            assert max(counts.values()) - min(counts.values()) <= 1
        await asyncio.gather(*tasks)

    played(play)


def test_an_answer_that_fails_gives_its_thread_back():
    async def fail(queue):
        async with queue.admitted("a", True):
            raise OSError("broken")

    async def play(asked):
        for _ in range(3):
            with pytest.raises(OSError, match="broken"):
                await fail(asked.queue)
        await asked.ask("b1", heavy=True)
        assert asked.now == ["b1"]

    played(play)
