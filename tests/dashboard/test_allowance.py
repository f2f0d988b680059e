from types import SimpleNamespace

import pytest

from dashboard import allowance
from dashboard.allowance import MOST_COUNTED, Allowance


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """The time in s, which the test sets."""
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(allowance, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


def test_each_visitor_takes_what_is_allowed_within_an_hour_and_is_told_how_long_to_wait(clock):
    limit = Allowance(10, "Wait {minutes}.")
    limit.take("anna", 6)
    clock.now = 600
    limit.take("anna", 4)
    with pytest.raises(ValueError, match=r"^Wait 50 minutes\.$"):
        limit.take("anna", 1)
    with pytest.raises(ValueError, match=r"^Wait 60 minutes\.$"):
        limit.take("anna", 7)
    limit.take("bert", 10)
    clock.now = 3541
    with pytest.raises(ValueError, match=r"^Wait 1 minute\.$"):
        limit.take("anna", 1)
    clock.now = 3600
    limit.take("anna", 6)


def test_what_was_refused_is_not_counted():
    limit = Allowance(3, "Wait {minutes}.")
    for _ in range(5):
        with pytest.raises(ValueError, match="Wait"):
            limit.take("anna", 4)
    limit.take("anna", 3)


def test_the_visitors_that_are_counted_are_bounded():
    limit = Allowance(1, "Wait {minutes}.")
    for i in range(MOST_COUNTED + 10):
        limit.take(str(i))
    assert len(limit._taken) == MOST_COUNTED
