import numba
import numpy as np
import pytest
from scipy.integrate import ode
from scipy.linalg import expm

from core.models.fitzhugh_nagumo.equations import fixed_points
from core.models.fitzhugh_nagumo.sensitivities import DIRECTIONS, sensitivities
from core.models.fitzhugh_nagumo.simulate import resolving_step, simulate
from core.models.fitzhugh_nagumo.stepping import longest_step
from tests.reference import (
    SLIDERS_LOWER,
    SLIDERS_UPPER,
    escape_time,
    taylor_sensitivities,
    taylor_solution,
    theta0_at_hopf,
)

TIMES = np.arange(201) * 0.5
UNEVEN = np.concatenate([[3.0], 3 + np.cumsum(np.random.default_rng(0).exponential(0.7, 60))])
START = (0.3, -0.2)
DIVERGING = (0.4, -5.0, -0.4, 3.0)
# Spiking, fast and slow, with γ below 1, at rest, and on both sides of the bifurcation, near which u is most sensitive.
NEURONS = np.array(
    [
        (0.5, 0.3, -0.4, 3.0),
        (-0.1, 1.1, -0.7, 4.8),
        (0.2, 0.8, -0.2, 2.0),
        (0.1, 0.2, -0.3, 0.7),
        (1.0, 0.4, -0.4, 3.0),
        (theta0_at_hopf(0.4, -0.4, 3.0) - 1e-3, 0.4, -0.4, 3.0),
        (theta0_at_hopf(0.4, -0.4, 3.0) + 1e-3, 0.4, -0.4, 3.0),
        (theta0_at_hopf(0.8, -0.2, 2.0) - 1e-4, 0.8, -0.2, 2.0),
    ]
)


def variational_solution(parameters, times, initial_state):
    """Return the derivatives of u and v, (n_times, 2, 6), by SciPy's solution of the variational equations."""
    theta0, theta1, zeta, gamma = (float(value) for value in parameters)

    def slope(_, state):
        u, v = state[:2]
        du, dv = state[2:8], state[8:]
        forced_u = np.array([0, 0, gamma, u - u**3 / 3 + v + zeta, 0, 0])
        forced_v = np.array([1 / gamma, -v / gamma, 0, (u - theta0 + theta1 * v) / gamma**2, 0, 0])
        rates = [gamma * (u - u**3 / 3 + v + zeta), -(u - theta0 + theta1 * v) / gamma]
        return np.concatenate(
            [rates, gamma * ((1 - u**2) * du + dv) + forced_u, -(du + theta1 * dv) / gamma + forced_v]
        )

    solver = ode(slope).set_integrator("dop853", rtol=1e-11, atol=1e-13, nsteps=100_000)
    solver.set_initial_value(np.concatenate([initial_state, np.eye(2, 6, 4).ravel()]), times[0])
    states = [solver.y]
    for time in times[1:]:
        states.append(solver.integrate(time).copy())
        assert solver.successful()
    return np.array(states)[:, 2:].reshape(-1, 2, 6)


def relative(error, expected):
    """Return the largest error of each neuron's derivatives in each direction, relative to the largest entry there."""
    return np.abs(error).max(axis=(-3, -2)) / np.abs(expected).max(axis=(-3, -2))


@pytest.mark.parametrize(
    ("times", "step"),
    [(np.arange(401) * 0.25, 0.1), (TIMES, 0.07), (np.arange(51) * 2.0, 0.11), (UNEVEN, 0.11)],
    ids=["3 steps", "8 steps", "19 steps", "uneven"],
)
def test_derivatives_of_the_computed_solution_to_rounding(times, step):
    """Against complex steps through an independent Taylor series at the same frozen step: 2e-12 is seen."""
    states = np.random.default_rng(1).uniform(-1, 1, (len(NEURONS), 2))
    trajectories, derivatives = sensitivities(NEURONS, times, states, step)
    expected = taylor_sensitivities(NEURONS, times, step, states)
    assert relative(derivatives - expected, expected).max() <= 1e-10
    assert np.abs(trajectories - taylor_solution(NEURONS, times, step, states)).max() <= 1e-11
    assert np.abs(trajectories - simulate(NEURONS, times, states, step=step)).max() <= 1e-11


@pytest.mark.parametrize(("tolerance", "bound"), [(1e-4, 5e-4), (1e-6, 5e-6)])
@pytest.mark.parametrize("neuron", NEURONS, ids=range(len(NEURONS)))
def test_variational_equations(neuron, tolerance, bound):
    """Half the step leaves 1/256 of the error, so the difference of both is 255/256 of it; 1.04 is seen as its share.

    The bound is relative, a few times the tolerance: the equations' derivatives are discretised as they are.
    """
    step = longest_step(neuron, tolerance)
    expected = variational_solution(neuron, TIMES, START)
    derivatives = sensitivities(neuron, TIMES, START, step)[1]
    halved = sensitivities(neuron, TIMES, START, step / 2)[1]
    error = np.abs(derivatives - expected).max(axis=(0, 1))
    assert np.all(error <= 1.1 * np.abs(derivatives - halved).max(axis=(0, 1)))
    assert relative(derivatives - expected, expected).max() <= bound


@pytest.mark.parametrize("neuron", [(1.0, 0.4, -0.4, 3.0), (0.9, 0.3, -0.1, 2.0), (1.1, 0.2, -0.3, 0.7)])
def test_closed_form_at_a_fixed_point(neuron):
    """By the start exp(A t), and by a parameter A⁻¹ (exp(A t) − 1) ∂f, with ∂f the slope's derivative there.

    The bound is the discretisation's at this tolerance, 1e-9 relative.
    """
    _, theta1, _, gamma = neuron
    (point,) = fixed_points(neuron)
    jacobian = np.array([[gamma * (1 - point.u**2), gamma], [-1 / gamma, -theta1 / gamma]])
    # ∂f/∂γ has the brackets of both equations, which vanish.
    slopes = np.array([[0, 0, gamma, 0], [1 / gamma, -point.v / gamma, 0, 0]])
    times = np.linspace(0, 20, 41)
    flows = np.array([expm(jacobian * time) for time in times])
    forced = np.linalg.solve(jacobian, (flows - np.eye(2)) @ slopes)
    step = longest_step(neuron, 1e-10)
    derivatives = sensitivities(neuron, times, (point.u, point.v), step)[1]
    assert np.abs(derivatives - np.concatenate([forced, flows], axis=2)).max() <= 1e-9 * np.abs(forced).max()


def test_directions_begin_as_they_are_named():
    """At the first time u₀ and v₀ move u and v alone, one to one; the state is scaled and back, two roundings."""
    assert DIRECTIONS == ("theta0", "theta1", "zeta", "gamma", "u0", "v0")
    trajectories, derivatives = sensitivities(NEURONS, TIMES[:1], START)
    assert np.allclose(trajectories, np.broadcast_to(START, (len(NEURONS), 1, 2)), rtol=2**-51, atol=0)
    assert np.array_equal(derivatives, np.broadcast_to(np.eye(2, 6, 4), (len(NEURONS), 1, 2, 6)))


def test_the_step_is_by_default_each_neuron_s_own():
    together = sensitivities(NEURONS, TIMES)
    for i, neuron in enumerate(NEURONS):
        alone = sensitivities(neuron, TIMES, step=float(resolving_step(neuron, TIMES)))
        assert all(np.array_equal(result[i], expected) for result, expected in zip(together, alone, strict=True))


def test_divergence_is_nan_from_there_on_and_spares_neighbours():
    """The step is short enough for the last moments, when u races at a rate of γ u²: a thousand in a millisecond."""
    times, step = TIMES[:21], 1e-3
    parameters = np.random.default_rng(2).uniform(SLIDERS_LOWER, SLIDERS_UPPER, (40, 4))
    unspoilt = sensitivities(parameters, times, step=step)
    parameters[[0, 17, 39]] = DIVERGING
    parameters[5, 3] = 0.0
    parameters[6] = np.nan
    first_lost = np.searchsorted(times, escape_time(DIVERGING, times[-1]))
    assert 5 < first_lost < 20
    for result, before in zip(sensitivities(parameters, times, step=step), unspoilt, strict=True):
        assert np.all(np.isnan(result[[0, 17, 39], first_lost:]))
        assert np.all(np.isfinite(result[[0, 17, 39], :first_lost]))
        assert np.all(np.isnan(result[[5, 6], 1:]))
        lost = [0, 5, 6, 17, 39]
        assert np.array_equal(np.delete(result, lost, axis=0), np.delete(before, lost, axis=0))
    kept = sensitivities(DIVERGING, times[:first_lost], step=step)[1]
    expected = taylor_sensitivities(DIVERGING, times[:first_lost], step)
    assert relative(kept - expected, expected).max() <= 1e-10


def test_neither_batch_nor_threads_change_a_bit():
    parameters = np.random.default_rng(3).uniform(SLIDERS_LOWER, SLIDERS_UPPER, (100, 4))
    together = sensitivities(parameters, TIMES, step=0.1)[1]
    for n in (1, 15, 16, 17, 33):
        assert np.array_equal(sensitivities(parameters[-n:], TIMES, step=0.1)[1], together[-n:])
    numba.set_num_threads(1)
    try:
        assert np.array_equal(sensitivities(parameters, TIMES, step=0.1)[1], together)
    finally:
        numba.set_num_threads(2)


def test_shapes_and_broadcasting():
    rng = np.random.default_rng(4)
    parameters, states = rng.uniform(SLIDERS_LOWER, SLIDERS_UPPER, (2, 3, 4)), rng.uniform(-1, 1, (3, 2))
    times = np.linspace(0, 10, 21)
    trajectories, derivatives = sensitivities(parameters, times, states, 0.11)
    assert trajectories.shape == (2, 3, 21, 2)
    assert derivatives.shape == (2, 3, 21, 2, 6)
    for i, j in np.ndindex(2, 3):
        expected = taylor_sensitivities(parameters[i, j], times, 0.11, states[j])
        assert relative(derivatives[i, j] - expected, expected).max() <= 1e-10
    alone = sensitivities(parameters[0, 0], times, states[0], 0.11)
    assert np.array_equal(alone[0], trajectories[0, 0])
    assert np.array_equal(alone[1], derivatives[0, 0])
    assert sensitivities(np.empty((0, 4)), times, step=0.1)[1].shape == (0, 21, 2, 6)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (((0.4, 0.4, 3.0), TIMES, START, 0.1), "last axis of length 4"),
        ((NEURONS, TIMES[::-1]), "strictly increasing"),
        ((NEURONS, TIMES, (0.0, 0.0, 0.0)), "initial state"),
        ((NEURONS, TIMES, START, 0.0), "step"),
        ((NEURONS, TIMES, START, np.nan), "step"),
    ],
)
def test_invalid_input_ends_in_a_sentence(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        sensitivities(*arguments)


def test_invalid_shapes_end_in_a_sentence_without_a_step_too():
    with pytest.raises(ValueError, match="last axis of length 4"):
        sensitivities((0.4, 0.4, 3.0), TIMES)
    assert sensitivities(np.empty((0, 4)), TIMES)[1].shape == (0, 201, 2, 6)


@pytest.mark.parametrize("u", [20.1, 25.0])
def test_a_start_beyond_the_limit_is_diverged_here_as_in_simulate(u):
    trajectories, _ = sensitivities(NEURONS[0], TIMES, (u, 0.0), 1e-3)
    assert np.all(np.isnan(trajectories))
    assert np.all(np.isnan(simulate(NEURONS[0], TIMES, (u, 0.0), step=1e-3)))
