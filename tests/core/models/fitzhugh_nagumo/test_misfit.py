import numba
import numpy as np
import pytest

from core.models.fitzhugh_nagumo.misfit import residual_sums, simulated_misfit
from core.models.fitzhugh_nagumo.simulate import simulate
from core.noise import Noise
from core.problem.landscape import misfit
from core.published import time_grid
from tests.reference import SLIDERS_LOWER, SLIDERS_UPPER, plain_misfit, reference_solution, taylor_solution

TIMES = time_grid(20, 100)
UNEVEN = np.concatenate([[3.0], 3 + np.cumsum(np.random.default_rng(0).exponential(0.7, 60))])
TRUTH, DIVERGING = (0.5, 0.3, -0.4, 3.0), (0.4, -5.0, -0.4, 3.0)
SD, RHO = 0.35, 0.8
WHITE, AR1 = Noise(0.0, SD), Noise(RHO, SD)


def draw(n, seed):
    return np.random.default_rng(seed).uniform(SLIDERS_LOWER, SLIDERS_UPPER, (n, 4))


def noisy_trace(times, initial_state=(0.0, 0.0)):
    noise = np.random.default_rng(0).normal(0, SD, len(times))
    return reference_solution(TRUTH, times, initial_state)[:, 0] + noise


@pytest.mark.parametrize("times", [TIMES, UNEVEN], ids=["even", "uneven"])
@pytest.mark.parametrize("rho", [0.0, RHO, -0.3])
def test_simulated_misfit_against_scipy(rho, times):
    """An error of 1e-4 in u changes the misfit by at most 1e-4 Σ |∂misfit/∂u|, and a square of it."""
    data, parameters = noisy_trace(times, (0.3, -0.2)), draw(20, seed=3)
    losses = simulated_misfit(parameters, times, data, Noise(rho, SD), (0.3, -0.2))
    for loss, row in zip(losses, parameters, strict=True):
        residual = data - reference_solution(row, times, (0.3, -0.2))[:, 0]
        gain = (1 + abs(rho)) / (1 - abs(rho)) / SD**2
        tolerance = (1e-4 * np.sum(np.abs(residual)) + 0.5e-8 * len(times)) * gain
        assert abs(loss - plain_misfit(residual, SD, rho)) <= tolerance


@pytest.mark.parametrize("times", [TIMES, UNEVEN, TIMES[:1], TIMES[:2]], ids=["even", "uneven", "one", "two"])
@pytest.mark.parametrize("rho", [0.0, RHO])
def test_simulated_misfit_at_a_frozen_step_is_that_of_the_taylor_series(rho, times):
    """Rounding alone: the residuals' sum of squares, of up to a hundred terms, to 100 · 2^-52, with a margin of ten."""
    data, parameters = np.cos(times), draw(20, seed=4)
    states = np.random.default_rng(5).uniform(-1, 1, (20, 2))
    u = taylor_solution(parameters, times, 0.07, states)[..., 0]
    losses = simulated_misfit(parameters, times, data, Noise(rho, SD), states, step=0.07)
    assert np.allclose(losses, plain_misfit(data - u, SD, rho), rtol=1e-12, atol=0)


@pytest.mark.parametrize("n", [1, 16, 17, 64, 65, 300])
@pytest.mark.parametrize("choice", [{}, {"tolerance": 1e-7}, {"step": 0.05}], ids=["single", "double", "frozen"])
def test_simulated_misfit_is_the_misfit_of_simulate(choice, n):
    """To the rounding of a hundred squares' sum, with a margin of ten; diverged at the same places."""
    parameters, data = draw(n, seed=6), noisy_trace(TIMES)
    parameters[::9] = DIVERGING
    parameters[n // 2, 0] = np.nan
    losses = simulated_misfit(parameters, TIMES, data, AR1, **choice)
    u = simulate(parameters, TIMES, **choice)[..., 0]
    expected = np.where(np.isnan(u[:, -1]), np.inf, plain_misfit(data - u, SD, RHO))
    assert np.array_equal(np.isinf(losses), np.isinf(expected))
    assert np.allclose(losses, expected, rtol=1e-12, atol=0)
    assert np.allclose(losses, misfit(data, u, AR1), rtol=1e-12, atol=0)


def test_divergence_does_not_spoil_neighbours():
    parameters, states, data = draw(70, seed=7), np.zeros((70, 2)), noisy_trace(TIMES)
    unspoilt = simulated_misfit(parameters, TIMES, data, AR1)
    parameters[::3] = DIVERGING
    parameters[1] = np.nan
    parameters[65, 3] = 1e6  # given up at once: too stiff
    states[67] = 0.0, 1e4  # given up after the last halving of the step
    losses = simulated_misfit(parameters, TIMES, data, AR1, states)
    lost = sorted({*range(0, 70, 3), 1, 65, 67})
    assert np.flatnonzero(np.isinf(losses)).tolist() == lost
    assert np.all(losses[lost] == np.inf)
    assert np.array_equal(np.delete(losses, lost), np.delete(unspoilt, lost))


def test_neither_batch_nor_threads_change_a_bit():
    parameters, data = draw(500, seed=8), noisy_trace(TIMES)
    for tolerance in (1e-4, 1e-7):
        together = simulated_misfit(parameters, TIMES, data, AR1, tolerance=tolerance)
        for n in (1, 16, 17, 64, 65):
            assert np.array_equal(
                simulated_misfit(parameters[-n:], TIMES, data, AR1, tolerance=tolerance), together[-n:]
            )
        numba.set_num_threads(1)
        try:
            assert np.array_equal(simulated_misfit(parameters, TIMES, data, AR1, tolerance=tolerance), together)
        finally:
            numba.set_num_threads(2)


def test_shapes_and_broadcasting():
    parameters, states = draw(6, seed=9).reshape(2, 3, 4), np.random.default_rng(10).uniform(-1, 1, (3, 2))
    data = noisy_trace(TIMES)
    losses = simulated_misfit(parameters, TIMES, data, AR1, states)
    assert losses.shape == (2, 3)
    for i, j in np.ndindex(2, 3):
        alone = simulated_misfit(parameters[i, j], TIMES, data, AR1, states[j])
        assert alone.shape == ()
        assert losses[i, j] == alone
    assert simulated_misfit(np.empty((0, 4)), TIMES, data, WHITE).shape == (0,)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (((0.4, 0.4, 3.0), TIMES, np.ones(100), WHITE), "last axis of length 4"),
        ((TRUTH, TIMES[::-1], np.ones(100), WHITE), "strictly increasing"),
        ((TRUTH, TIMES, np.ones(99), WHITE), r"one sample a time, \(100,\)"),
        ((TRUTH, TIMES, np.ones((2, 100)), WHITE), r"shape is \(2, 100\)"),
        ((TRUTH, TIMES, np.full(100, np.nan), WHITE), "finite"),
        ((TRUTH, TIMES, np.full(100, np.inf), WHITE), "finite"),
        ((TRUTH, TIMES, np.ones(100), WHITE, (0.0, 0.0, 0.0)), "initial state"),
        ((TRUTH, TIMES, np.ones(100), WHITE, (0.0, 0.0), 0.0), "tolerance"),
        ((TRUTH, TIMES, np.ones(100), WHITE, (0.0, 0.0), 1e-4, -1.0), "step"),
    ],
)
def test_invalid_input_ends_in_a_sentence(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        simulated_misfit(*arguments)


@pytest.mark.parametrize("rho", [0.0, 0.8, -0.5, 0.99])
def test_residual_sums_serve_every_noise(rho):
    """One integration, and the misfit of stored potentials in plain NumPy."""
    parameters = np.array([[0.4, 0.4, -0.4, 3.0], [0.9, 0.1, -0.2, 2.5], [-0.1, 1.1, -0.4, 4.0]])
    times = time_grid(40, 200)
    data = np.random.default_rng(0).normal(0, 1, 200)
    sums = residual_sums(parameters, times, data, step=0.1)
    expected = plain_misfit(data - simulate(parameters, times, step=0.1)[..., 0], 0.35, rho)
    assert np.allclose(0.5 * sums.quadratic_form(rho) / 0.35**2, expected, rtol=1e-12)
