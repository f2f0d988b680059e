import asyncio

import pytest

from dashboard.scene import holdings as kept
from dashboard.scene.holdings import Holdings, departed, find, keep, n_sessions
from dashboard.serving import departures


class Clock:
    """Stands for the monotonic clock."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        """Return the time that it was set to."""
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(kept, "time", clock)
    monkeypatch.setattr(kept, "_holdings", type(kept._holdings)())
    return clock


def opened(clock, *names):
    """Return the keys of sessions that open now."""
    return {name: keep(Holdings(session=name, here_at=clock.now)) for name in names}


def test_what_a_session_held_is_dropped_once_it_is_away_for_long(clock):
    keys, here = opened(clock, "first", "second"), {"first", "second"}
    assert departed(here.__contains__, 30, 40) == []
    clock.now += 1000
    assert departed(here.__contains__, 30, 40) == []
    here.remove("first")
    clock.now += 29
    assert departed(here.__contains__, 30, 40) == []
    here.add("first")  # it came back
    clock.now += 29
    assert departed(here.__contains__, 30, 40) == []
    here.remove("first")
    clock.now += 31
    assert departed(here.__contains__, 30, 40) == ["first"]
    assert find(keys["first"]) is None
    assert find(keys["second"]) is not None
    assert n_sessions() == 1


def test_of_too_many_that_are_away_the_first_to_leave_go(clock):
    for name in "abcde":
        opened(clock, name)
        clock.now += 1
    assert departed(lambda _: False, 30, 2) == ["a", "b", "c"]


def test_holdings_of_no_session_stay(clock):
    key = keep(Holdings())
    clock.now += 1e6
    assert departed(lambda _: False, 30, 2) == []
    assert find(key) is not None


def test_streamlit_s_sessions_are_closed_and_one_that_fails_keeps_no_other(clock, monkeypatch):
    closed = []

    class Runtime:
        """Stands for Streamlit's."""

        def is_active_session(self, name):
            """Say that a session is there."""
            return name == "here"

        def close_session(self, name):
            """Close it, or fail."""
            closed.append(name)
            if name == "broken":
                raise RuntimeError("broken")

    monkeypatch.setattr(departures, "Runtime", type("Of", (), {"instance": staticmethod(Runtime)}))
    monkeypatch.setattr(departures, "GLANCE_S", 0.0)
    given_back = []
    monkeypatch.setattr(departures, "give_back", lambda: given_back.append(1))
    opened(clock, "broken")
    clock.now += 1
    opened(clock, "gone", "here")
    clock.now += 31

    async def run():
        task = asyncio.ensure_future(departures.free_departed())
        while not given_back:
            await asyncio.sleep(0.001)
        task.cancel()

    asyncio.run(run())
    assert closed == ["broken", "gone"]
    assert given_back == [1]
    assert n_sessions() == 1
