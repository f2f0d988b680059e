"""The Hodgkin–Huxley neuron against the equations as the paper prints them, and against published figures."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from core.models.catalogue import MODELS
from core.models.hodgkin_huxley import HODGKIN_HUXLEY
from core.models.spikes import regime, spike_count

START = np.array([quantity.default for quantity in HODGKIN_HUXLEY.states])
WIDTHS = np.array([quantity.upper - quantity.lower for quantity in HODGKIN_HUXLEY.states])
SQUID = (120.0, 36.0)  # mS/cm²
LEVELS = {"spike_level": HODGKIN_HUXLEY.spike_level, "excited_floor": HODGKIN_HUXLEY.excited_floor}


def drawn(n, seed=0):
    """Draw parameters over the ranges of the model's quantities, (n, 3)."""
    lower, upper = np.array([(quantity.lower, quantity.upper) for quantity in HODGKIN_HUXLEY.parameters]).T
    return np.random.default_rng(seed).uniform(lower, upper, (n, 3))


def gates(v):
    """Return α and β of m, h and n, each (3, ...), as printed, with the paper's V: our potential is −(V + 65)."""
    opening = (
        0.1 * (v + 25) / (np.exp((v + 25) / 10) - 1),
        0.07 * np.exp(v / 20),
        0.01 * (v + 10) / (np.exp((v + 10) / 10) - 1),
    )
    return np.array(opening), np.array([4 * np.exp(v / 18), 1 / (np.exp((v + 30) / 10) + 1), 0.125 * np.exp(v / 80)])


def current(v, m, h, n, sodium, potassium):
    """Return the ionic current as printed: positive inwards."""
    return potassium * n**4 * (v - 12) + sodium * m**3 * h * (v + 115) + 0.3 * (v + 10.613)


def rates_as_printed(states, parameters):
    """Return our states' rates, (4, ...), of states (4, ...) and parameters (3, ...)."""
    (v, *gating), (sodium, potassium, applied) = states, parameters
    v = -(v + 65)
    opening, closing = gates(v)
    return np.array([applied + current(v, *gating, sodium, potassium), *(opening - (opening + closing) * gating)])


def by_dop853(parameters, starts, times, **settings):
    """Return states, (n, n_times, 4), of all trajectories as one system, at the same steps."""
    columns = np.transpose(parameters)

    def rates(_, state):
        return rates_as_printed(state.reshape(4, -1), columns).ravel()

    start = np.broadcast_to(starts, (len(parameters), 4)).T.ravel()
    solved = solve_ivp(rates, (times[0], times[-1]), start, "DOP853", times, **settings)
    return np.moveaxis(solved.y.reshape(4, len(parameters), -1), 0, -1)


def test_trajectories_against_dop853(backend):
    """Within 1e-6 mV, by heyoka; errors of SciPy's method follow the width of an axis."""
    n, error = {"heyoka": (200, 1e-6), "SciPy": (4, 1e-6 * WIDTHS)}[backend]
    times = np.linspace(0.0, 60.0, 121)
    parameters = drawn(n)
    expected = by_dop853(parameters, START, times, rtol=1e-11, atol=1e-12)
    assert np.all(np.abs(HODGKIN_HUXLEY.simulate(parameters, times) - expected) <= error)


@pytest.mark.parametrize("beside", [0.0, 1e-14, 1e-9, -1e-9])
@pytest.mark.parametrize("potential", [-40.0, -55.0])
def test_trajectories_from_the_removable_singularities(potential, beside, backend):
    """The rates as printed are 0/0 there; the reference starts 1e-7 mV beside, and ours is moved by its derivative."""
    times, start = np.linspace(0.0, 20.0, 41), START.copy()
    start[0] = potential + beside
    parameters = np.array([[*SQUID, 10.0]])
    states, derivatives = HODGKIN_HUXLEY.sensitivities(parameters[0], times, start)
    moved = np.add(start, [1e-7, 0, 0, 0])
    expected = by_dop853(parameters, moved, times, rtol=1e-11, atol=1e-12)[0]
    assert np.allclose(HODGKIN_HUXLEY.simulate(parameters[0], times, start), states, rtol=0, atol=1e-7)
    assert np.abs(states + 1e-7 * derivatives[:, :, 3] - expected).max() <= 1e-7


def differences(parameters, start, times, scale):
    """Return derivatives, (n_times, 4, 7), from Richardson's extrapolation of central differences."""
    point = np.array([*parameters, *start])
    neighbours = point + np.einsum("k,ij->kij", [-2.0, -1.0, 1.0, 2.0], np.diag(scale)).reshape(-1, 7)
    values = by_dop853(neighbours[:, :3], neighbours[:, 3:], times, rtol=1e-12, atol=1e-13)
    return np.einsum("k,kdts->tsd", np.array([1, -8, 8, -1]) / 12, values.reshape(4, 7, len(times), 4)) / scale


def test_derivatives_against_differences(backend):
    times, start = np.linspace(0.0, 30.0, 61), np.add(START, [3.0, 0.05, 0.02, -0.03])
    parameters = drawn({"heyoka": 4, "SciPy": 1}[backend], seed=1)
    states, derivatives = HODGKIN_HUXLEY.sensitivities(parameters, times, start)
    assert np.allclose(states, HODGKIN_HUXLEY.simulate(parameters, times, start), rtol=0, atol=1e-6)
    for row, found in zip(parameters, derivatives, strict=True):
        expected = differences(row, start, times, np.array([1e-2, 1e-2, 1e-2, 1e-2, 1e-4, 1e-4, 1e-4]) / 2)
        assert np.all(np.abs(found - expected).max(axis=0) <= 1e-6 * np.abs(expected).max(axis=0)), row


def at_rest(potential, sodium=SQUID[0], potassium=SQUID[1]):
    """Return the state whose gates rest at a potential [mV], and the current under which it is a fixed point."""
    opening, closing = gates(-(potential + 65))
    gating = opening / (opening + closing)
    return np.array([potential, *gating]), -current(-(potential + 65), *gating, sodium, potassium)


def test_a_neuron_may_rest_at_a_removable_singularity(backend):
    """At −40 mV. The derivative of its potential by the current is one over that of the current by its potential."""
    resting = {offset: at_rest(-40 + offset) for offset in (-0.02, -0.01, -1e-5, 1e-5, 0.01, 0.02)}
    state, applied = (np.mean([resting[sign * 1e-5][part] for sign in (-1, 1)], axis=0) for part in (0, 1))
    slopes = [(resting[offset][1] - resting[-offset][1]) / (2 * offset) for offset in (0.01, 0.02)]
    states, derivatives = HODGKIN_HUXLEY.sensitivities([*SQUID, applied], [0.0, 100.0, 200.0], state)
    assert np.allclose(states[:, 0], -40, rtol=0, atol=1e-6)
    assert derivatives[-1, 0, 2] == pytest.approx(3 / (4 * slopes[0] - slopes[1]), rel=1e-6)


def growth(potential):
    """Return the largest real part of the eigenvalues at the fixed point, by differences of the printed rates."""
    state, applied = at_rest(potential)
    offsets = 1e-5 * np.eye(4) * WIDTHS
    sides = [rates_as_printed((state + sign * offsets).T, (*SQUID, applied)) for sign in (1, -1)]
    return np.linalg.eigvals((sides[0] - sides[1]) / (2 * np.diag(offsets))).real.max()


def test_the_neuron_rests_where_it_is_published_to():
    """At −65 mV, with m, h and n as in every textbook, to the digits that these print."""
    potential = brentq(lambda v: at_rest(v)[1], -70, -60, xtol=1e-12)
    assert np.allclose(START, at_rest(potential)[0], rtol=0, atol=1e-6)
    assert np.round(START[0], 1) == -65.0
    assert np.array_equal(np.round(START[1:], 3), [0.053, 0.596, 0.318])
    assert np.abs(HODGKIN_HUXLEY.time_derivatives(START, (*SQUID, 0.0))).max() <= 1e-4


@pytest.mark.parametrize(("low", "high", "published", "digits"), [(-62.0, -57.0, 9.78, 2), (-45.0, -41.0, 154.5, 1)])
def test_the_fixed_point_is_unstable_between_its_published_currents(low, high, published, digits):
    potential = brentq(growth, low, high, xtol=1e-9)
    state, applied = at_rest(potential)
    assert round(applied, digits) == published
    assert np.abs(HODGKIN_HUXLEY.time_derivatives(state, (*SQUID, applied))).max() <= 1e-9


@pytest.mark.parametrize(("applied", "spikes"), [(6.255, False), (6.265, True)])
def test_spikes_repeat_from_the_published_current_on(applied, spikes):
    """From a state on the limit cycle of a current just above. The published 6.26 is between the two, by its digits."""
    pytest.importorskip("heyoka")
    times = np.linspace(0, 400, 4001)
    near = HODGKIN_HUXLEY.simulate([*SQUID, 6.3], times, HODGKIN_HUXLEY.simulate([*SQUID, 10.0], times)[-1])[-1]
    v = HODGKIN_HUXLEY.simulate([*SQUID, applied], np.linspace(0, 1500, 15_001), near)[10_000:, 0]
    assert (spike_count(v, spike_level=HODGKIN_HUXLEY.spike_level) > 20) == spikes


@pytest.mark.parametrize(
    ("applied", "name"), [(0.0, "silent"), (6.0, "silent"), (10.0, "spiking"), (110.0, "spiking"), (160.0, "excited")]
)
def test_the_neuron_has_its_regimes_by_its_own_levels(applied, name):
    v = HODGKIN_HUXLEY.simulate([*SQUID, applied], np.linspace(0, 400, 4001))[:, 0]
    assert regime(v, **LEVELS) == name


def test_no_neuron_of_the_ranges_is_given_up():
    """Not at their corners either, where most steps are needed, over two seconds."""
    pytest.importorskip("heyoka")
    quantities = [(quantity.lower, quantity.upper) for quantity in HODGKIN_HUXLEY.parameters]
    parameters = np.vstack([np.reshape(np.meshgrid(*quantities), (3, -1)).T, drawn(24, seed=2)])
    assert np.all(np.isfinite(HODGKIN_HUXLEY.simulate(parameters, [0.0, 20.0, 2000.0])))


def test_the_model_is_in_the_catalogue():
    assert MODELS["hodgkin-huxley"].names == ("sodium", "potassium", "current", "v0", "m0", "h0", "n0")
