import time
from math import cosh, tanh

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from core.models.catalogue import MODELS
from core.models.equations import most_steps
from core.models.morris_lecar import HOPF, MORRIS_LECAR_HOPF, MORRIS_LECAR_SNIC, SNIC

SETS = {"Hopf": (HOPF, MORRIS_LECAR_HOPF, (2.0, 30.0, 0.04)), "SNIC": (SNIC, MORRIS_LECAR_SNIC, (12.0, 17.4, 0.067))}
TIMES = np.linspace(0.0, 200.0, 201)


def drawn(model, n, seed=0):
    """Draw parameters over the ranges of the model's quantities, (n, 2)."""
    lower, upper = np.array([(quantity.lower, quantity.upper) for quantity in model.parameters]).T
    return np.random.default_rng(seed).uniform(lower, upper, (n, 2))


def independent_rates(v, w, current, g_ca, constants, tanh=tanh, cosh=cosh):
    """Return the rates as Rinzel and Ermentrout print them, of plain floats unless other functions are given."""
    v3, v4, phi = constants
    m = 0.5 * (1 + tanh((v + 1.2) / 18))
    w_inf = 0.5 * (1 + tanh((v - v3) / v4))
    tau = 1 / cosh((v - v3) / (2 * v4))
    ionic = g_ca * m * (v - 120) + 8 * w * (v + 84) + 2 * (v + 60)
    return (current - ionic) / 20, phi * (w_inf - w) / tau


def by_dop853(parameters, start, constants, rtol):
    """Return the states, (n_times, 2)."""

    def rates(_, state):
        v, w = state.tolist()
        return independent_rates(v, w, *parameters, constants)

    solved = solve_ivp(rates, (0, TIMES[-1]), start, "DOP853", TIMES, rtol=rtol, atol=rtol * np.array([100, 1]))
    return solved.y.T


def start_of(model):
    return [quantity.default for quantity in model.states]


def widths_of(model):
    return np.array([quantity.upper - quantity.lower for quantity in model.states])


@pytest.mark.parametrize("name", SETS)
def test_trajectories_against_dop853(name, backend):
    n = {"heyoka": 100, "SciPy": 8}[backend]
    _, model, constants = SETS[name]
    parameters, start, widths = drawn(model, n), start_of(model), widths_of(model)
    found = model.simulate(parameters, TIMES)
    compared = 0
    for row, states in zip(parameters, found, strict=True):
        fine, finer = (by_dop853(row, start, constants, rtol) for rtol in (1e-9, 1e-11))
        if np.all(np.abs(fine - finer) <= 1e-6 * widths):
            compared += 1
            assert np.all(np.abs(states - finer) <= 1e-6 * widths), row
    assert compared >= 0.95 * n


def differences(parameters, start, constants, scale):
    """Return derivatives, (n_times, 2, 4), from Richardson's extrapolation of central differences.

    All neighbours are solved as one system, at the same steps, so that their errors cancel.
    """
    offsets = np.array([-2.0, -1.0, 1.0, 2.0])
    point = np.array([*parameters, *start])
    neighbours = point + np.einsum("k,ij->kij", offsets, np.diag(scale))  # (4, 4, 4): offset, direction, number
    current, g_ca, v, w = np.moveaxis(neighbours, -1, 0).reshape(4, -1)

    def rates(_, state):
        return np.concatenate(independent_rates(*state.reshape(2, -1), current, g_ca, constants, np.tanh, np.cosh))

    solved = solve_ivp(
        rates, (0, TIMES[-1]), np.concatenate([v, w]), "DOP853", TIMES, rtol=1e-12, atol=1e-12, max_step=1.0
    )
    values = solved.y.reshape(2, 4, 4, -1)
    return np.einsum("k,skdt->tsd", np.array([1, -8, 8, -1]) / 12, values) / scale


@pytest.mark.parametrize("name", SETS)
def test_derivatives_against_differences(name, backend):
    _, model, constants = SETS[name]
    parameters = drawn(model, {"heyoka": 6, "SciPy": 2}[backend], seed=1)
    start = np.add(start_of(model), [3.0, 0.05])
    states, derivatives = model.sensitivities(parameters, TIMES, start)
    assert np.allclose(states, model.simulate(parameters, TIMES, start), rtol=0, atol=1e-6)
    for row, found in zip(parameters, derivatives, strict=True):
        expected = differences(row, start, constants, np.array([1e-3, 1e-4, 1e-3, 1e-5]))
        assert np.all(np.abs(found - expected).max(axis=0) <= 1e-6 * np.abs(expected).max(axis=0)), row


def fixed_point(equations, v, g_ca):
    """Return w and the current at which the model rests at V, from its rates, which are linear in w and in I."""
    at_0, at_1 = (equations.rates((v, w), (0.0, g_ca), np)[1] for w in (0.0, 1.0))
    w = at_0 / (at_0 - at_1)
    at_0, at_1 = (equations.rates((v, w), (current, g_ca), np)[0] for current in (0.0, 1.0))
    return w, at_0 / (at_0 - at_1)


def jacobian(equations, v, g_ca):
    """Return the derivatives of the model's rates by V and w at the fixed point, by complex steps."""
    w, current = fixed_point(equations, v, g_ca)
    moved = np.array([v, w])[:, None] + 1e-30j * np.eye(2)
    return np.array(equations.rates(moved, (current, g_ca), np)).imag / 1e-30


@pytest.mark.parametrize(("low", "high", "current"), [(-40.0, -15.0, 93.858), (0.0, 20.0, 212.019)])
def test_the_hopf_set_has_its_published_bifurcations(low, high, current):
    v = brentq(lambda v: np.trace(jacobian(HOPF, v, 4.4)), low, high)
    assert fixed_point(HOPF, v, 4.4)[1] == pytest.approx(current, rel=1e-5)
    eigenvalues = np.linalg.eigvals(jacobian(HOPF, v, 4.4))
    assert np.abs(eigenvalues.real).max() <= 1e-12
    assert np.abs(eigenvalues.imag).min() > 0.01


def test_the_snic_set_has_its_published_fold():
    """The lower of the two, where the stable rest and the saddle meet."""
    v = brentq(lambda v: np.linalg.det(jacobian(SNIC, v, 4.0)), -40.0, -20.0)
    assert fixed_point(SNIC, v, 4.0)[1] == pytest.approx(39.96, rel=1e-3)
    assert np.trace(jacobian(SNIC, v, 4.0)) < 0


@pytest.mark.parametrize(("current", "spikes"), [(39.8, False), (40.1, True)])
def test_trajectories_of_the_snic_set_spike_beyond_the_fold(current, spikes, backend):
    """Just beyond it, a spike takes the neuron hundreds of milliseconds."""
    v = MORRIS_LECAR_SNIC.simulate([current, 4.0], np.linspace(0, 1500, 3001))[:, 0]
    assert np.any(v > MORRIS_LECAR_SNIC.spike_level) == spikes


@pytest.mark.parametrize("name", SETS)
def test_the_model_rests_where_it_starts_without_current(name):
    equations, model, _ = SETS[name]
    v, w = start_of(model)
    at_rest = fixed_point(equations, v, model.defaults[1])
    assert at_rest == pytest.approx((w, 0.0), abs=1e-6)


@pytest.mark.parametrize("name", SETS)
def test_one_rate_vanishes_on_each_nullcline(name):
    _, model, constants = SETS[name]
    for curve, component in zip(model.nullclines([70.0, 4.2], n=9), (0, 1), strict=True):
        rates = [independent_rates(v, w, 70.0, 4.2, constants)[component] for v, w in curve]
        assert curve.shape == (9, 2)
        assert np.abs(rates).max() <= 1e-12


def test_both_sets_are_in_the_catalogue():
    assert {"morris-lecar-hopf", "morris-lecar-snic"} <= MODELS.keys()
    assert MODELS["morris-lecar-hopf"].names == ("current", "calcium", "v0", "w0")


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize(("current", "times"), [(-1e4, TIMES), (-1e5, TIMES), (60.0, [0.0, 1e300])])
def test_a_trajectory_that_needs_far_more_steps_than_a_neuron_is_given_up_at_once(name, current, times):
    """A step takes some ten microseconds; three seconds leave a busy machine fifteen times what all of them take."""
    pytest.importorskip("heyoka")
    _, model, _ = SETS[name]
    model.simulate([60.0, 4.0], TIMES)  # compiles
    begun = time.perf_counter()
    states = model.simulate([current, 4.0], times)
    assert time.perf_counter() - begun < 3
    assert np.all(np.isnan(states[-1]))


def test_the_number_of_steps_is_limited_by_the_time():
    spans = (0.0, 20.0, 200.0, 1e3, 1e300, np.inf)
    assert [most_steps(span) for span in spans] == [1000, 1300, 4000, 16_000, 30_000, 30_000]


@pytest.mark.parametrize("name", SETS)
def test_no_neuron_of_three_times_the_ranges_is_given_up(name):
    pytest.importorskip("heyoka")
    _, model, _ = SETS[name]
    lower, upper = np.array([(quantity.lower, quantity.upper) for quantity in model.parameters]).T
    parameters = (lower + upper) / 2 + 3 * (drawn(model, 200) - (lower + upper) / 2)
    for times in (np.linspace(0, 20, 3), np.linspace(0, 2000, 3)):
        assert np.all(np.isfinite(model.simulate(parameters, times)))
