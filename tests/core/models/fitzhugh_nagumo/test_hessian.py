import numba
import numpy as np
import pytest
from scipy.linalg import toeplitz

from core.models.fitzhugh_nagumo.gradient import misfit_gradient
from core.models.fitzhugh_nagumo.hessian import full_hessian, gauss_newton
from core.models.fitzhugh_nagumo.misfit import simulated_misfit
from core.models.fitzhugh_nagumo.sensitivities import DIRECTIONS
from core.models.fitzhugh_nagumo.simulate import resolving_step, simulate
from core.models.model import Status
from core.noise import Noise
from tests.reference import (
    COMPLEX_STEP,
    SLIDERS_LOWER,
    SLIDERS_UPPER,
    complex_steps,
    plain_misfit,
    reference_solution,
    taylor_sensitivities,
    taylor_solution,
    theta0_at_hopf,
)

UNEVEN = np.concatenate([[3.0], 3 + np.cumsum(np.random.default_rng(0).exponential(0.5, 60))])
# Times and a step: three steps to each interval of one length, six to each of another, and all kinds.
WINDOWS = {"3 steps": (np.arange(121) * 0.25, 0.1), "6 steps": (np.arange(81) * 0.5, 0.09), "uneven": (UNEVEN, 0.11)}
# Spiking, slow, with γ below 1, fast, and just before the bifurcation, where u is most sensitive.
NEURONS = np.array(
    [
        (0.5, 0.3, -0.4, 3.0),
        (0.2, 0.8, -0.2, 2.0),
        (0.1, 0.2, -0.3, 0.7),
        (-0.1, 1.1, -0.7, 4.8),
        (theta0_at_hopf(0.4, -0.4, 3.0) - 1e-3, 0.4, -0.4, 3.0),
    ]
)
DIVERGING = (0.4, -5.0, -0.4, 3.0)
START = (0.3, -0.2)
SD, RHO = 0.35, 0.8
WHITE = Noise(0.0, SD)
EXPANSIONS = [misfit_gradient, gauss_newton, full_hessian]


def noisy_trace(times):
    noise = np.random.default_rng(3).normal(0, SD, len(times))
    return taylor_solution(NEURONS[0], times, 0.05, START)[:, 0] + noise


def complex_gradient(parameters, times, data, rho, initial_state, step):
    """Return the gradient (..., 6) of the formula at the independent Taylor series, by complex steps: to rounding."""
    moved, states = complex_steps(parameters, initial_state)
    u = taylor_solution(moved, times, step, states)[..., 0]
    return plain_misfit(data - u, SD, rho).imag / COMPLEX_STEP


def extrapolated(slope, change):
    """Return the limit of slope(h) for h → 0, whose error begins with h², from h and half of it: to order four."""
    return (4 * slope(change / 2) - slope(change)) / 3


def relative(error, expected, axes=-1):
    """Return the largest error, relative to the largest entry, of each neuron."""
    return np.abs(error).max(axis=axes) / np.abs(expected).max(axis=axes)


@pytest.fixture(params=WINDOWS.values(), ids=WINDOWS)
def window(request):
    return request.param


@pytest.mark.parametrize("rho", [0.0, RHO, -0.3])
def test_gradient_to_rounding(window, rho):
    """Against complex steps at the same frozen step, in all six directions: 2e-12 is seen."""
    times, step = window
    data, states = noisy_trace(times), np.random.default_rng(1).uniform(-1, 1, (len(NEURONS), 2))
    expected = complex_gradient(NEURONS, times, data, rho, states, step)
    residual = data - taylor_solution(NEURONS, times, step, states)[..., 0]
    for expand in EXPANSIONS:
        expansion = expand(NEURONS, times, data, Noise(rho, SD), states, step)
        n = expansion.gradient.shape[-1]
        assert n == (len(DIRECTIONS) if expand is misfit_gradient else 4)
        assert relative(expansion.gradient - expected[:, :n], expected[:, :n]).max() <= 1e-10
        assert np.allclose(expansion.misfit, plain_misfit(residual, SD, rho), rtol=1e-11, atol=0)
        same = simulated_misfit(NEURONS, times, data, Noise(rho, SD), states, step=step)
        assert np.allclose(expansion.misfit, same, rtol=1e-11, atol=0)


@pytest.mark.parametrize("rho", [0.0, RHO])
def test_gradient_backwards_is_the_one_forwards(window, rho):
    times, step = window
    parameters = np.random.default_rng(2).uniform(SLIDERS_LOWER, SLIDERS_UPPER, (100, 4))
    data = noisy_trace(times)
    backwards = misfit_gradient(parameters, times, data, Noise(rho, SD), START, step)
    assert backwards.hessian is None
    for expand in (gauss_newton, full_hessian):
        forwards = expand(parameters, times, data, Noise(rho, SD), START, step).gradient
        assert relative(backwards.gradient[:, :4] - forwards, forwards).max() <= 1e-11


@pytest.mark.parametrize("rho", [0.0, RHO])
def test_gradient_is_the_slope_of_simulated_misfit(window, rho):
    """Central differences, from h and h/2 to fourth order; what h does is seen from their change, 16-fold.

    The misfit J is rounded to about 1e-13 J, divided by h.
    """
    times, step = window
    data = noisy_trace(times)
    expansion = misfit_gradient(NEURONS, times, data, Noise(rho, SD), START, step)
    for k in range(6):
        change = np.eye(6)[k]

        def slope(h, change=change):
            ends = [
                simulated_misfit(
                    NEURONS + sign * h * change[:4],
                    times,
                    data,
                    Noise(rho, SD),
                    START + sign * h * change[4:],
                    step=step,
                )
                for sign in (1, -1)
            ]
            return (ends[0] - ends[1]) / (2 * h)

        h = 1e-5
        expected, coarser = extrapolated(slope, h), extrapolated(slope, 2 * h)
        tolerance = np.abs(expected - coarser) + 1e-12 * expansion.misfit / h
        assert np.all(tolerance <= 1e-4 * np.abs(expansion.gradient).max(axis=-1))
        assert np.all(np.abs(expansion.gradient[:, k] - expected) <= tolerance)


@pytest.mark.parametrize("rho", [0.0, RHO, -0.3])
def test_gauss_newton_is_the_dense_product(window, rho):
    """JᵀR⁻¹J with J by complex steps and R the whole covariance of the noise: 3e-13 is seen."""
    times, step = window
    jacobians = taylor_sensitivities(NEURONS, times, step, START)[:, :, 0, :4]
    covariance = SD**2 * toeplitz(rho ** np.arange(len(times)))
    expected = np.array([jacobian.T @ np.linalg.solve(covariance, jacobian) for jacobian in jacobians])
    hessian = gauss_newton(NEURONS, times, noisy_trace(times), Noise(rho, SD), START, step).hessian
    assert relative(hessian - expected, expected, (-2, -1)).max() <= 1e-10
    assert np.array_equal(hessian, np.swapaxes(hessian, -2, -1))


@pytest.mark.parametrize("rho", [0.0, RHO, -0.3])
def test_hessian_is_the_slope_of_the_complex_gradient(window, rho):
    """Fourth-order differences of complex-step gradients: 1e-9 is seen, most of it from the difference.

    Near the bifurcation the fifth derivatives leave 1e-9 at h = 3e-6, and 1e-13 of rounding divided by h about as much.
    """
    times, step = window
    data = noisy_trace(times)

    def slope(h):
        ends = NEURONS[:, None, None] + h * np.stack([np.eye(4), -np.eye(4)])
        gradients = complex_gradient(ends, times, data, rho, START, step)[..., :4]
        return (gradients[:, 0] - gradients[:, 1]) / (2 * h)

    expected = extrapolated(slope, 3e-6)
    expansion = full_hessian(NEURONS, times, data, Noise(rho, SD), START, step)
    assert relative(expansion.hessian - expected, expected, (-2, -1)).max() <= 1e-8
    assert np.array_equal(expansion.hessian, np.swapaxes(expansion.hessian, -2, -1))
    # The curvature of the trajectory is no small part of it, so the other Hessian would not pass.
    product = gauss_newton(NEURONS, times, data, Noise(rho, SD), START, step).hessian
    assert relative(expansion.hessian - product, expected, (-2, -1)).max() >= 0.1


@pytest.mark.parametrize("rho", [0.0, RHO])
def test_without_residual_the_hessians_are_one_and_the_gradient_vanishes(window, rho):
    """The residual left is rounding, and shrinks gradient and curvature to rounding; 2e-12 and 3e-13 are seen."""
    times, step = window
    for neuron in NEURONS:
        data = simulate(neuron, times, START, step=step)[:, 0]
        full, product = (
            expand(neuron, times, data, Noise(rho, SD), START, step).hessian for expand in (full_hessian, gauss_newton)
        )
        assert np.abs(full - product).max() <= 1e-11 * np.abs(product).max()
        expansion = misfit_gradient(neuron, times, data, Noise(rho, SD), START, step)
        assert expansion.misfit <= 1e-20
        assert np.abs(expansion.gradient[:4]).max() <= 1e-10 * np.sqrt(np.abs(product).max())


@pytest.mark.parametrize("expand", EXPANSIONS)
def test_one_sample_knows_the_start_alone(expand):
    """½ ((2 − 0.3)/0.35)², with the derivative −(2 − 0.3)/0.35² by u₀."""
    expansion = expand(NEURONS[0], [3.0], [2.0], Noise(RHO, SD), START, 0.1)
    assert np.isclose(expansion.misfit, 0.5 * (1.7 / SD) ** 2, rtol=1e-14)
    expected = np.array([0, 0, 0, 0, -1.7 / SD**2, 0])[: expansion.gradient.size]
    assert np.allclose(expansion.gradient, expected, rtol=1e-14, atol=0)
    assert expansion.hessian is None or not expansion.hessian.any()


@pytest.mark.parametrize("expand", EXPANSIONS)
def test_the_step_is_by_default_each_neuron_s_own(expand):
    """A neighbour that no step resolves changes nothing."""
    times = WINDOWS["3 steps"][0]
    data = noisy_trace(times)
    default = expand([*NEURONS, (0.4, 0.4, -0.4, 1e5)], times, data, Noise(RHO, SD))
    assert default.status.tolist() == [Status.FINITE] * len(NEURONS) + [Status.STEP_LIMIT]
    for i, neuron in enumerate(NEURONS):
        alone = expand(neuron, times, data, Noise(RHO, SD), step=float(resolving_step(neuron, times)))
        assert np.array_equal(default.misfit[i], alone.misfit)
        assert np.array_equal(default.gradient[i], alone.gradient)


@pytest.mark.parametrize(
    ("neuron", "times"),
    [((0.4, 0.0, -0.4, 0.5), np.arange(0, 100, 2.0)), ((0.4, 0.4, 10.0, 3.0), np.arange(0, 20, 0.2))],
)
def test_the_default_step_resolves_what_the_rule_of_thumb_does_not(neuron, times):
    """SciPy's trajectory is data of which the misfit is at most ½ n (1e-4/s)²."""
    data = reference_solution(neuron, times)[:, 0]
    assert misfit_gradient(neuron, times, data, WHITE).misfit <= 0.5 * len(times) * (1e-4 / SD) ** 2


@pytest.mark.parametrize("expand", EXPANSIONS)
def test_divergence_does_not_spoil_neighbours(expand):
    """The misfit is infinite, the rest NaN; a mixed batch of more than a block, with γ from 0.5 to 6."""
    times, step = WINDOWS["3 steps"]
    lower, upper = [*SLIDERS_LOWER[:3], 0.5], [*SLIDERS_UPPER[:3], 6.0]
    parameters = np.random.default_rng(4).uniform(lower, upper, (40, 4))
    unspoilt = expand(parameters, times, noisy_trace(times), Noise(RHO, SD), START, step)
    assert np.all(np.isfinite(unspoilt.gradient))
    lost = [0, 17, 39]
    parameters[[0, 17]] = DIVERGING
    parameters[39, 1] = np.nan
    expansion = expand(parameters, times, noisy_trace(times), Noise(RHO, SD), START, step)
    for name, mark in (("misfit", np.inf), ("gradient", np.nan), ("hessian", np.nan)):
        result, before = getattr(expansion, name), getattr(unspoilt, name)
        if result is not None:
            assert np.array_equal(result[lost], np.full_like(result[lost], mark), equal_nan=True)
            assert np.array_equal(np.delete(result, lost, axis=0), np.delete(before, lost, axis=0))
    assert np.array_equal(
        np.isinf(expansion.misfit),
        np.isinf(simulated_misfit(parameters, times, noisy_trace(times), Noise(RHO, SD), START, step=step)),
    )


@pytest.mark.parametrize("expand", EXPANSIONS)
def test_what_no_step_suits_does_not_spoil_neighbours(expand):
    """Nor does it shorten or spoil the default step, and nothing warns."""
    times = WINDOWS["3 steps"][0]
    parameters = [NEURONS[0], (0.4, 0.4, -0.4, 0.0), (0.4, 0.4, -0.4, np.nan)]
    alone = expand(parameters[0], times, noisy_trace(times), WHITE)
    expansion = expand(parameters, times, noisy_trace(times), WHITE)
    assert np.array_equal(expansion.misfit, [alone.misfit, np.inf, np.inf])
    assert np.array_equal(expansion.gradient[0], alone.gradient)
    assert np.all(np.isnan(expansion.gradient[1:]))
    assert expansion.hessian is None or np.all(np.isnan(expansion.hessian[1:]))


@pytest.mark.parametrize("expand", EXPANSIONS)
def test_neither_batch_nor_threads_change_a_bit(expand):
    times, step = WINDOWS["uneven"]
    parameters, data = np.random.default_rng(5).uniform(SLIDERS_LOWER, SLIDERS_UPPER, (100, 4)), noisy_trace(UNEVEN)

    def numbers(part):
        expansion = expand(part, times, data, Noise(RHO, SD), START, step)
        arrays = [expansion.misfit[:, None], expansion.gradient]
        arrays += [] if expansion.hessian is None else [expansion.hessian.reshape(len(part), -1)]
        return np.hstack(arrays)

    together = numbers(parameters)
    for n in (1, 15, 16, 17, 33):
        assert np.array_equal(numbers(parameters[-n:]), together[-n:])
    numba.set_num_threads(1)
    try:
        assert np.array_equal(numbers(parameters), together)
    finally:
        numba.set_num_threads(2)


@pytest.mark.parametrize("expand", EXPANSIONS)
def test_shapes_and_broadcasting(expand):
    times, step = WINDOWS["uneven"]
    rng = np.random.default_rng(6)
    parameters, states = rng.uniform(SLIDERS_LOWER, SLIDERS_UPPER, (2, 3, 4)), rng.uniform(-1, 1, (3, 2))
    data = noisy_trace(times)
    together = expand(parameters, times, data, Noise(RHO, SD), states, step)
    n = 6 if expand is misfit_gradient else 4
    assert together.misfit.shape == (2, 3)
    assert together.gradient.shape == (2, 3, n)
    assert together.hessian is None or together.hessian.shape == (2, 3, 4, 4)
    for i, j in np.ndindex(2, 3):
        alone = expand(parameters[i, j], times, data, Noise(RHO, SD), states[j], step)
        assert alone.misfit.shape == ()
        assert np.array_equal(alone.misfit, together.misfit[i, j])
        assert np.array_equal(alone.gradient, together.gradient[i, j])
        assert alone.hessian is None or np.array_equal(alone.hessian, together.hessian[i, j])
    assert expand(np.empty((0, 4)), times, data, WHITE, step=step).gradient.shape == (0, n)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((NEURONS, UNEVEN, np.ones(60), WHITE), r"one sample a time, \(61,\)"),
        ((NEURONS, UNEVEN, np.full(61, np.nan), WHITE), "finite"),
        ((NEURONS, UNEVEN[::-1], np.ones(61), WHITE), "strictly increasing"),
        (((0.4, 0.4, 3.0), UNEVEN, np.ones(61), Noise(RHO, SD), START, 0.1), "last axis of length 4"),
        ((NEURONS, UNEVEN, np.ones(61), Noise(RHO, SD), (0.0, 0.0, 0.0)), "initial state"),
        ((NEURONS, UNEVEN, np.ones(61), Noise(RHO, SD), START, 0.0), "step"),
    ],
)
@pytest.mark.parametrize("expand", EXPANSIONS)
def test_invalid_input_ends_in_a_sentence(expand, arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        expand(*arguments)


@pytest.mark.parametrize("expand", EXPANSIONS)
def test_invalid_shapes_end_in_a_sentence_without_a_step_too(expand):
    with pytest.raises(ValueError, match="last axis of length 4"):
        expand((0.4, 0.4, 3.0), UNEVEN, np.ones(61), WHITE)
    assert expand(np.empty((0, 4)), UNEVEN, np.ones(61), WHITE).misfit.shape == (0,)
