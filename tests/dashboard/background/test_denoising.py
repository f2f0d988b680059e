import numpy as np
import pytest

from core.denoising import deep_prior
from core.denoising.deep_prior import iterates
from core.noise import Noise
from dashboard.background.denoising import Denoised, NoisyTrace, attended
from dashboard.background.wish import Wish

N = 12  # iterations
TIMES = np.linspace(0, 20, 200)


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    monkeypatch.setattr(deep_prior, "ITERATIONS", N)
    monkeypatch.setattr(deep_prior, "iterates", lambda data, rho: iterates(data, rho, n=N))


def trace_of(frequency):
    truth = np.sin(frequency * TIMES)
    data = truth + np.random.default_rng(0).normal(0, 0.3, TIMES.size)
    return NoisyTrace(data, Noise(0.0, 0.3), 0.0, truth)


def ended(held, trace):
    """Look at a fit until it has ended."""
    for _ in range(1200):
        held = attended(held, trace, None)
        if held.task.wait(0.05):
            return attended(held, trace, None)
    raise AssertionError("A minute is many times what it takes.")


def test_a_fit_begins_when_it_is_asked_for_and_has_the_curves_of_the_engine():
    trace = trace_of(1.0)
    assert attended(Denoised(), trace, None).task is None
    held = ended(attended(Denoised(), trace, Wish.FIT_NETWORK), trace)
    expected = list(iterates(trace.data, 0.0, n=N))
    assert [each.number for each in held.found_for(trace)] == list(range(1, N + 1))
    assert np.array_equal(held.found[-1].curve, np.float32(expected[-1].curve))
    assert held.progress.state == "done"


def test_it_is_stopped_on_demand_and_by_another_trace():
    first, second = trace_of(1.0), trace_of(2.0)
    held = attended(attended(Denoised(), first, Wish.FIT_NETWORK), first, Wish.STOP_FITTING)
    assert held.progress.state in ("stopped", "done")
    other = attended(held, second, None)
    assert (other.key, other.found_for(first), other.found_for(second)) == ("", (), ())
    begun = attended(Denoised(), first, Wish.FIT_NETWORK)
    again = attended(begun, first, Wish.FIT_NETWORK)
    assert begun.task.progress().state in ("stopped", "done")
    assert again.task is not begun.task
    assert attended(again, None, None).task is None
    again.task.wait(30)


def test_what_a_browser_makes_up_is_no_wish():
    assert attended(Denoised(), trace_of(1.0), "fit everything").task is None
