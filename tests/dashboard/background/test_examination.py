import time

import pytest

from core.maps.examination import examination as engine
from core.maps.inverse_map import PLANTED, load_inverse_map
from core.maps.recipes import published_task
from dashboard.background import examination
from dashboard.background.examination import Examined, Wanted, attended


@pytest.fixture
def wanted(monkeypatch):
    """Return a map that is examined on few traces, and nothing that is kept from before."""
    original = engine.examined
    monkeypatch.setattr(engine, "examined", lambda *arguments: original(*arguments, n=500, n_exact=1))
    monkeypatch.setattr(engine, "n_parts", lambda _: 3)
    examination._kept.clear()
    return Wanted(load_inverse_map(PLANTED / "trained-clean.safetensors"), published_task())


def ended(held, wanted):
    """Look at an examination until it has ended."""
    sizes = []
    for _ in range(600):
        held = attended(held, wanted)
        sizes.append(0 if held.found is None else held.found.n)
        if held.task is None:
            return held, sizes
        time.sleep(0.05)
    raise AssertionError("Half a minute is many times what it takes.")


def test_an_examination_grows_and_is_kept_for_all(wanted):
    held, sizes = ended(attended(Examined(), wanted), wanted)
    assert sizes == sorted(sizes)
    assert (held.found.n, len(held.found.exact), held.failed) == (500, 1, False)
    assert attended(Examined(), wanted).found is held.found
    assert attended(held, wanted) is held


def test_another_map_ends_the_examination_of_the_first(wanted):
    held = attended(Examined(), wanted)
    other = Wanted(load_inverse_map(PLANTED / "white-noise.safetensors"), published_task())
    assert other.key != wanted.key
    assert attended(held, other).key == other.key
    assert held.task.progress().state in ("stopped", "done")
    assert attended(held, None).task is None


def test_one_that_fails_does_not_begin_again(wanted, monkeypatch):
    def fails(*_):
        raise ValueError("No trajectory is finite.")
        yield

    monkeypatch.setattr("core.maps.examination.examination.examined", fails)
    held, _ = ended(attended(Examined(), wanted), wanted)
    assert held.failed
    assert attended(held, wanted).task is None
