import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import cloudpickle
import numba
import numpy as np
import pytest
from scipy.integrate import quad

from core.models.catalogue import MODELS
from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.models.model import Quantity
from core.models.taylor_models import taylor_model
from core.published import full_prior
from tests.core.test_imports import ROOT

TIMES = np.array([0.0, 0.1, 0.5, 2.0, 2.1, 7.0])


def model(rates, *parameters, **changes):
    """Return a model of one state, x in (0, 2), at first 0.25."""
    fields = {
        "name": "test",
        "title": "Test",
        "parameters": tuple(Quantity(name, name, name, "", 0.0, 2.0, 1.0) for name in parameters),
        "states": (Quantity("x", "x", "x", "", 0.0, 2.0, 0.25),),
        "observed": "x",
        "spike_level": 1.0,
        "excited_floor": 0.5,
    }
    return taylor_model(rates, **fields | changes)


def logistic():
    """Return the model of x' = r x (1 − x/c), whose solution is known."""
    return model(lambda state, parameters, _: (parameters[0] * state[0] * (1 - state[0] / parameters[1]),), "r", "c")


def explosive():
    """Return the model of x' = a x², whose solution, 1/(1/x₀ − a t), has a pole, beside an oscillator (y, z)."""

    def rates(state, parameters, _):
        (x, y, z), (a, frequency) = state, parameters
        return a * x * x, frequency * z, -frequency * y

    states = tuple(
        Quantity(name, name, name, "", 0.0, 2.0, start) for name, start in (("x", 0.25), ("y", 1.0), ("z", 0.0))
    )
    return model(rates, "a", "frequency", states=states)


def logistic_solution(r, c, x0, times):
    return c / (1 + (c / x0 - 1) * np.exp(-r * times))


def test_trajectories_are_those_of_the_closed_form(backend):
    parameters = np.random.default_rng(0).uniform(0.2, 2, (3, 5, 2))
    starts = np.random.default_rng(1).uniform(0.1, 1.5, (3, 5, 1))
    found = logistic().simulate(parameters, TIMES + 3, starts)
    expected = logistic_solution(parameters[..., :1], parameters[..., 1:], starts, TIMES)
    assert found.shape == (3, 5, 6, 1)
    assert np.abs(found[..., 0] - expected).max() <= {"heyoka": 1e-12, "SciPy": 1e-8}[backend]


def test_derivatives_are_those_of_the_closed_form(backend):
    r, c, x0 = 0.8, 1.3, 0.25
    states, derivatives = logistic().sensitivities([r, c], TIMES)
    decay = np.exp(-r * TIMES)
    x = logistic_solution(r, c, x0, TIMES)
    expected = np.stack(
        [
            x**2 / c * (c / x0 - 1) * TIMES * decay,
            x / c - x**2 * decay / (c * x0),
            x**2 * decay / x0**2,
        ],
        axis=-1,
    )
    tolerance = {"heyoka": 1e-12, "SciPy": 1e-8}[backend]
    assert np.abs(states[:, 0] - x).max() <= tolerance
    assert derivatives.shape == (6, 1, 3)
    assert np.abs(derivatives[:, 0] - expected).max() <= tolerance


def test_a_single_time_is_the_initial_state(backend):
    states, derivatives = logistic().sensitivities(np.ones((4, 2)), [5.0])
    assert np.array_equal(states, np.full((4, 1, 1), 0.25))
    assert np.array_equal(derivatives, np.broadcast_to([0.0, 0.0, 1.0], (4, 1, 1, 3)))
    assert np.array_equal(logistic().simulate(np.ones((4, 2)), [5.0]), states)


def test_no_trajectories_are_no_states(backend):
    assert logistic().simulate(np.empty((0, 2)), TIMES).shape == (0, 6, 1)


def test_a_trajectory_that_diverges_leaves_its_neighbours_alone(backend):
    """From x₀ = 0.25, x' = 2.5 x² has its pole at 1.6; its fast neighbours are not at their end when it is lost."""
    a = np.array([1.0, 2.5, -50.0, np.nan, 0.3, 2.5, np.inf, 0.1])
    frequency = np.array([0.0, 0.0, 60.0, 1.0, 60.0, 1.0, 1.0, 1.0])
    parameters, system = np.column_stack([a, frequency]), explosive()
    times_over = {"heyoka": 5, "SciPy": 1}[backend]  # more than there are lanes, which are used again
    all_found = system.simulate([parameters] * times_over, TIMES)
    all_derivatives = system.sensitivities([parameters] * times_over, TIMES)[1]
    for i, row in enumerate(parameters):
        alone, derivatives_alone = system.simulate(row, TIMES), system.sensitivities(row, TIMES)[1]
        for found, derivatives in zip(all_found, all_derivatives, strict=True):
            assert np.array_equal(found[i], alone, equal_nan=True)
            assert np.array_equal(derivatives[i], derivatives_alone, equal_nan=True)
    with np.errstate(invalid="ignore"):
        expected = np.where(a[:, None] * TIMES < 4, 1 / (4 - a[:, None] * TIMES), np.nan)
    assert np.array_equal(np.isnan(found).any(axis=2), np.isnan(expected))
    assert np.array_equal(np.isnan(derivatives).any(axis=(2, 3)), np.isnan(expected))
    assert np.nanmax(np.abs(found[..., 0] - expected)) <= 1e-7
    finite = np.flatnonzero(np.isfinite(expected).all(axis=1))
    assert np.array_equal(finite, [2, 4, 7])
    assert np.abs(found[finite, :, 1] - np.cos(frequency[finite, None] * TIMES)).max() <= 1e-6


def test_a_trajectory_at_rest_stays_there(backend):
    """No Taylor term but the first is other than zero, so that no step is too long."""
    assert np.array_equal(explosive().simulate([[0.0, 0.0]] * 40, TIMES)[:, :, 0], np.full((40, 6), 0.25))


def test_a_trajectory_has_diverged_once_it_is_far_from_its_axis(backend):
    """The solution of x' = x, 0.25 e^t, leaves 1 ± 200 at t = 6.69."""
    found = model(lambda state, rate, _: (rate[0] * state[0],), "rate").simulate([1.0], [0.0, 6.68, 6.70])
    assert np.array_equal(np.isnan(found[:, 0]), [False, False, True])


def test_results_do_not_depend_on_threads_or_on_callers_at_the_same_time(backend):
    system, parameters = logistic(), np.random.default_rng(2).uniform(0.2, 2, (60, 2))
    alone = np.array([system.simulate(row, TIMES) for row in parameters])
    threads = numba.get_num_threads()
    for n in (1, 2):
        numba.set_num_threads(n)
        assert np.array_equal(system.simulate(parameters, TIMES), alone)
    numba.set_num_threads(threads)
    with ThreadPoolExecutor(8) as callers:
        for found in callers.map(lambda _: system.simulate(parameters, TIMES), range(16)):
            assert np.array_equal(found, alone)


def test_another_process_integrates_a_model_that_it_was_sent(backend):
    """Joblib sends what its workers need by cloudpickle; a model that has been used holds compiled code and a lock."""
    system = logistic()
    expected = system.simulate([1.0, 1.0], TIMES)
    sent = cloudpickle.loads(cloudpickle.dumps(system))
    assert np.array_equal(sent.simulate([1.0, 1.0], TIMES), expected)


def test_equations_are_compiled_once(monkeypatch):
    heyoka = pytest.importorskip("heyoka")
    compiled, compile_batch = [], heyoka.taylor_adaptive_batch

    def counted(*arguments, **settings):
        compiled.append(settings)
        return compile_batch(*arguments, **settings)

    monkeypatch.setattr(heyoka, "taylor_adaptive_batch", counted)
    system = logistic()
    assert not compiled
    with ThreadPoolExecutor(8) as callers:
        list(callers.map(lambda _: system.simulate(np.ones((30, 2)), TIMES), range(8)))
        list(callers.map(lambda _: system.sensitivities(np.ones((30, 2)), TIMES), range(8)))
    assert len(compiled) == 2


@pytest.mark.parametrize("start", [(0.0, 0.0), (1.0, -0.5)])
def test_the_general_way_agrees_with_the_engine_of_fitzhugh_nagumo(start, backend):
    def rates(state, parameters, _):
        (u, v), (theta0, theta1, zeta, gamma) = state, parameters
        return gamma * (u - u * u * u / 3 + v + zeta), -(u - theta0 + theta1 * v) / gamma

    general = model(
        rates,
        parameters=FITZHUGH_NAGUMO.parameters,
        states=FITZHUGH_NAGUMO.states,
        observed="u",
    )
    parameters = full_prior().sample({"heyoka": 60, "SciPy": 2}[backend], np.random.default_rng(3))
    times = np.linspace(0, 100, 201)
    special = FITZHUGH_NAGUMO.simulate(parameters, times, start, 1e-9)
    found = general.simulate(parameters, times, start)
    assert np.abs(found - special).max() <= 1e-7
    step = FITZHUGH_NAGUMO.frozen_step(parameters, times, start, 1e-9)
    expected = FITZHUGH_NAGUMO.sensitivities(parameters, times, start, step)[1]
    error = np.abs(general.sensitivities(parameters, times, start)[1] - expected).max(axis=1)
    assert np.max(error / np.abs(expected).max(axis=1)) <= 1e-6


def test_a_trajectory_depends_smoothly_on_its_parameters(backend):
    """In fourth differences, errors that jump from one parameter to the next would count up to 16 times."""
    r = 1 + 1e-3 * np.arange(-2, 3)
    x = logistic().simulate(np.column_stack([r, np.ones(5)]), TIMES)[..., 0]
    expected = logistic_solution(r[:, None], 1.0, 0.25, TIMES)
    jump = {"heyoka": 1e-14, "SciPy": 1e-10}[backend]
    assert np.abs(np.diff(x - expected, 4, axis=0)).max() <= 16 * jump
    assert logistic().frozen_step is None


@pytest.mark.parametrize("start", [0.0, 1e-9])
def test_a_solution_whose_series_lacks_most_terms_is_followed(start, backend):
    """That of x' = 1 + a x⁴ from 0 has every fourth term; its time is an integral over x."""
    states = (Quantity("x", "x", "x", "", 0.0, 2.0, start),)
    system = model(lambda state, a, _: (1 + a[0] * state[0] * state[0] * state[0] * state[0],), "a", states=states)
    times = [0.0, 0.3, 0.6, 0.9, 1.0]
    for found in (system.simulate([1.0], times), system.sensitivities([1.0], times)[0]):
        needed = [quad(lambda x: 1 / (1 + x**4), start, x, epsabs=1e-13)[0] for x in found[:, 0]]
        assert np.allclose(needed, times, rtol=0, atol={"heyoka": 1e-12, "SciPy": 1e-8}[backend])


@pytest.mark.parametrize("power", [lambda x: x**3, lambda x: (1 + x) ** 4.0, lambda x: x ** np.int64(12)])
@pytest.mark.parametrize("n_terms", [0, 300])
def test_a_power_that_heyoka_cannot_follow_through_zero_is_refused(power, n_terms, backend):
    """However long the rate is, and whichever integrator this machine has."""

    def rates(state, a, functions):
        return (sum(functions.cos(k * a[0] * state[0]) for k in range(n_terms)) + a[0] - power(state[0]),)

    with pytest.raises(ValueError, match="as products"):
        model(rates, "a")


@pytest.mark.parametrize(
    ("rates", "sentence"),
    [
        (lambda state, a, functions: (functions.arctan(a[0] * state[0]),), "exp, log, .*; arctan is not among them"),
        (lambda state, a, functions: (state[0], a[0]), "rate for each of the 1 states; there are 2"),
    ],
)
def test_rates_that_not_every_integrator_takes_are_refused(rates, sentence):
    with pytest.raises(ValueError, match=sentence):
        model(rates, "a")


@pytest.mark.parametrize("constant", [1, 1.0, np.float64(1.0)])
def test_a_rate_may_be_a_constant(constant, backend):
    """As that of a state t, which lets another rate depend on the time: x' = a t."""
    states = tuple(Quantity(name, name, name, "", 0.0, 2.0, 0.0) for name in ("t", "x"))
    system = model(lambda state, a, _: (constant, a[0] * state[0]), "a", states=states)
    found, derivatives = system.sensitivities([0.8], TIMES)
    assert np.allclose(found, np.column_stack([TIMES, 0.4 * TIMES**2]), rtol=1e-9, atol=1e-12)
    expected = np.stack([TIMES**2 / 2, 0.8 * TIMES, np.ones(6)], axis=-1)
    assert np.allclose(derivatives[:, 1], expected, rtol=1e-8, atol=1e-12)
    assert np.allclose(system.simulate([0.8], TIMES), found, rtol=1e-9, atol=1e-12)


def test_squares_roots_and_quotients_are_followed():
    """The solution of x' = 2 √x − a x²/x with a = 0 is (√x₀ + t)²."""
    system = model(lambda state, a, _: (2 * state[0] ** 0.5 - a[0] * state[0] ** 2 / state[0],), "a")
    assert np.allclose(system.simulate([0.0], TIMES)[:, 0], (0.5 + TIMES) ** 2, rtol=1e-9)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"parameters": [1.0, 1.0, 1.0]}, r"last axis of length 2 \(r, c\); their shape is \(3,\)"),
        ({"times": [0.0, 1.0, 1.0]}, "strictly increasing"),
        ({"times": []}, "strictly increasing"),
        ({"times": [0.0, np.nan]}, "finite"),
        ({"initial_state": [1.0, 1.0]}, r"last axis of length 1 \(x\)"),
        ({"initial_state": np.ones((3, 1))}, "fits the parameters"),
        ({"step": 0.1}, "leave the step out"),
    ],
)
def test_a_wrong_argument_is_refused(changes, sentence):
    arguments = {"parameters": [1.0, 1.0], "times": TIMES, "initial_state": None}
    for function in (logistic().simulate, logistic().sensitivities):
        with pytest.raises(ValueError, match=sentence):
            function(**arguments | changes)


@pytest.mark.parametrize("tolerance", [0.0, -1.0, np.nan, np.inf])
def test_a_tolerance_that_is_no_finite_number_above_zero_is_refused(tolerance):
    with pytest.raises(ValueError, match="tolerance must be a finite number above zero"):
        logistic().simulate([1.0, 1.0], TIMES, tolerance=tolerance)


@pytest.mark.parametrize("width", [2e-6, 2e5])
def test_the_default_tolerance_suits_an_axis_of_any_width(width):
    states = (Quantity("x", "x", "x", "", 0.0, width, width / 8),)
    system = model(lambda state, rate, _: (-rate[0] * state[0],), "rate", states=states)
    assert np.allclose(system.simulate([1.0], TIMES)[:, 0], width / 8 * np.exp(-TIMES), rtol=1e-8)
    assert np.allclose(system.simulate([1.0], TIMES, tolerance=1e-12)[:, 0], width / 8 * np.exp(-TIMES), rtol=1e-8)


def test_the_catalogue_has_every_model_by_its_name():
    assert all(name == model.name for name, model in MODELS.items())
    assert MODELS["fitzhugh-nagumo"] is FITZHUGH_NAGUMO


@pytest.mark.parametrize("pickler", [pickle, cloudpickle])
def test_a_model_of_the_catalogue_is_sent_by_its_name(pickler):
    """So that the other side keeps what it has compiled; a model that was changed is sent whole."""
    for name in MODELS:
        assert pickler.loads(pickler.dumps({"model": MODELS[name]}))["model"] is MODELS[name]
    changed = replace(FITZHUGH_NAGUMO, fused=None)
    sent = pickler.loads(pickler.dumps(changed))
    assert sent.fused is None
    assert sent.parameters == changed.parameters


@pytest.mark.parametrize("name", MODELS)
def test_time_derivatives_are_those_of_the_trajectories(name):
    """By central differences over 1e-4 ms from random states, and by complex steps along the trajectory's direction."""
    system, rng = MODELS[name], np.random.default_rng(3)
    lower, upper = np.array([(quantity.lower, quantity.upper) for quantity in system.parameters + system.states]).T
    parameters, states = np.split(rng.uniform(lower, upper, (5, lower.size)), [len(system.parameters)], axis=1)
    found = system.time_derivatives(states, parameters)
    step = 1e-4
    after = system.simulate(parameters, [0.0, step], states, tolerance=1e-9)[:, -1]
    half = system.time_derivatives((states + after) / 2, parameters)
    widths = (upper - lower)[len(system.parameters) :]
    assert np.all(np.abs((after - states) / step - half) <= 1e-5 * (widths + np.abs(half)))
    moved = system.time_derivatives(states + 1e-30j * found, parameters).imag / 1e-30
    forward, backward = (system.time_derivatives(states + sign * 1e-6 * found, parameters) for sign in (1, -1))
    assert np.allclose(moved, (forward - backward) / 2e-6, rtol=1e-5, atol=1e-5 * np.abs(moved).max())


def test_importing_the_models_does_not_import_heyoka():
    program = "import sys, core, core.models.catalogue; assert 'heyoka' not in sys.modules"
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT.parent, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
