"""What the Neuron page says: the rate of the neuron and not of the window, and no rest that was not reached."""

import json

import numpy as np
import pytest

from dashboard.pictures import neuron
from tests.dashboard.conftest import told
from tests.reference import reference_solution


def stage(app):
    """Return what the stage of the page receives."""
    parts = [json.loads(part.proto.json) for part in app.get("bidi_component")]
    return next(part for part in parts if part["kind"] == "plots")


def period(theta):
    """Return the period of the limit cycle, between the last two up-crossings of u = 1.5, from steps of 0.002 ms."""
    times = np.arange(30_000) * 0.002
    u = reference_solution((*theta, -0.4, 3.0), times)[:, 0]
    before = np.flatnonzero((u[1:] > 1.5) & (u[:-1] <= 1.5))
    places = times[before] + 0.002 * (1.5 - u[before]) / (u[before + 1] - u[before])
    return np.diff(places)[-1]


@pytest.mark.parametrize("t_end", [200, 100, 64])
@pytest.mark.parametrize("theta", [(0.4, 0.4), (0.865, 0.4)])
def test_the_spike_rate_on_screen_is_that_of_the_limit_cycle(visit, theta, t_end):
    """Three digits are shown, and the ends of the mean interval lie between samples 0.2 ms apart."""
    metrics = {
        label: value for label, value, _ in stage(visit("", theta0=theta[0], theta1=theta[1], t_end=t_end))["metrics"]
    }
    shown, unit = metrics["spike rate"].split(" ", 1)
    exact = 1000 / period(theta)
    half_digit = 0.5 if exact >= 100 else 0.05
    assert unit == "per s"
    assert float(shown) == pytest.approx(exact, abs=half_digit + exact * 0.2 / (t_end - 30))


def test_the_map_of_the_rate_has_no_terraces():
    """At θ = (0.4, 0.4), which is on its grid, the rate is the limit cycle's; hardly two points have the same one."""
    x, y, rate = neuron.rates(-0.4, 3.0, 1000)[:3]
    at = rate[np.abs(y - 0.4).argmin(), np.abs(x - 0.4).argmin()]
    assert at == pytest.approx(1000 / period((0.4, 0.4)), rel=0.002)
    found = np.round(rate[np.isfinite(rate)], 3)
    assert len(np.unique(found)) > 0.5 * found.size


def test_a_neuron_that_has_not_come_to_rest_is_not_said_to_settle(visit):
    """In 9 ms the excited neuron is still on its way to the fixed point near u = 1."""
    excited = {"theta0": 0.95, "theta1": 0.9}
    assert "settles at a stable fixed point" in told(stage(visit("", **excited)))[0]
    end = reference_solution((0.95, 0.9, -0.4, 3.0), np.arange(45) * 0.2)[-1]
    rest = reference_solution((0.95, 0.9, -0.4, 3.0), np.arange(2000) * 0.2)[-1]
    assert np.hypot(*(end - rest)) > 1.5 * neuron.AT_REST
    assert told(stage(visit("", **excited, t_end=9))) == [
        "The neuron stays up in the second half of this window. A longer one may show that it falls."
    ]


def test_the_direction_field_is_drawn_when_it_is_chosen(visit):
    for choice, drawn in (("trajectory", False), ("field", True)):
        phase = next(plot for plot in stage(visit("", phase_plane=choice))["plots"] if plot["id"] == "phase")
        assert ("direction field" in {trace["name"] for trace in phase["figure"]["data"]}) == drawn


@pytest.mark.parametrize("hidden", [0, 1])
def test_what_the_phase_plane_shows_can_be_chosen_where_there_is_one(visit, hidden):
    fields = [item["field"] for group in stage(visit("", hidden=hidden))["options"] for item in group["items"]]
    assert fields == ([] if hidden else ["phase_plane"])
