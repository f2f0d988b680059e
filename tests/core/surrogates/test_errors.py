"""Measures of surrogates, against closed forms."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from core.surrogates.errors import PLACES, delays, places, relative_error, spike_times
from core.surrogates.neuron import INTERVAL, TIMES, trajectories
from tests.reference import right_hand_side

THETA = np.array([[0.2, 0.4], [0.4, 0.4], [0.3, 0.1]])  # all of them spike


def test_a_relative_error_of_a_multiple_is_its_distance_from_one():
    truth = np.random.default_rng(0).standard_normal((3, 50))
    factors = np.array([1.0, 1.25, -1.0])
    assert relative_error(factors[:, None] * truth, truth) == pytest.approx([0.0, 0.25, 2.0])


def test_a_shifted_wave_is_off_by_twice_the_sine_of_half_the_shift():
    """Over whole periods ‖sin(t − φ) − sin t‖ = 2 sin(φ/2) ‖sin‖; out of phase it is 2, on average over φ √2."""
    t = np.linspace(0, 20 * np.pi, 2000, endpoint=False)
    shifts = np.array([0.01, 0.5, np.pi])
    found = relative_error(np.sin(t - shifts[:, None]), np.sin(t))
    assert found == pytest.approx(2 * np.sin(shifts / 2), rel=1e-9)


def test_spikes_are_where_the_potential_rises_through_the_level():
    times = np.linspace(0, 10, 101)
    u = np.stack([3 * np.sin(2 * np.pi * times / 4), np.full(101, 1.0), 3 * (times > 5.05)])
    found = spike_times(u, times, 3)
    # A sine of height 3 is at 1.5 after a twelfth of its period; the chord errs by 0.1² / 8 times curvature over slope.
    assert found[0] == pytest.approx(4 / 12 + 4 * np.arange(3), abs=0.1**2 / 8 * np.pi / 2 * np.tan(np.pi / 6) * 1.1)
    assert np.all(np.isnan(found[1]))
    assert found[2, 0] == pytest.approx(5.05, abs=1e-9)
    assert np.all(np.isnan(found[2, 1:]))


@pytest.mark.parametrize("shift", [1e-5, -1e-5])
def test_a_state_from_earlier_on_the_cycle_comes_late_by_that_time(shift):
    """The state a little earlier is x − shift · dx/dt, at first order."""
    cycles = trajectories(THETA)
    for sample in range(150, 300, 15):
        exact = cycles[:, sample]
        slopes = np.array([right_hand_side(x, (*theta, -0.4, 3.0)) for x, theta in zip(exact, THETA, strict=True)])
        # The solver's own errors of 1e-9 are a thousandth of the move, at a speed of 0.1 in a ms and more.
        assert delays(THETA, exact, exact - shift * slopes) == pytest.approx([shift] * 3, rel=0.01)


def test_what_is_off_the_cycle_comes_late_by_what_an_event_locator_finds():
    """SciPy's time of the third spike after a move of the state, found as a root of u = 1.5."""
    theta, move = THETA[1], np.array([1e-3, -2e-3])
    exact = trajectories(theta)[237]

    def spike(_, state):
        return state[0] - 1.5

    spike.direction = 1.0
    thirds = [
        solve_ivp(
            lambda _, state: right_hand_side(state, (*theta, -0.4, 3.0)), (0, 60), start, "DOP853",
            events=spike, rtol=1e-11, atol=1e-12,
        ).t_events[0][2]
        for start in (exact, exact + move)
    ]  # fmt: skip
    found = delays(theta[None], exact[None], (exact + move)[None])
    assert found[0] == pytest.approx(thirds[1] - thirds[0], rel=0.03)  # the second order of a move by 1e-3


def test_a_cycle_passes_its_places_in_order():
    states = trajectories(THETA[0])[300:]
    visited = places(states)
    order = visited[np.flatnonzero(np.diff(visited)) + 1]
    assert set(order) == set(range(len(PLACES)))
    # From the rise to the active branch, its knee, the fall, and so on; the top of a rise may touch the knee's range.
    steps = np.diff(order) % len(PLACES)
    assert np.mean(steps == 1) > 0.9


def test_the_solver_is_followed_at_the_published_times():
    assert trajectories(THETA).shape == (3, TIMES.size, 2)
    assert np.diff(TIMES) == pytest.approx(INTERVAL)
