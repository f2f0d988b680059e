import numba
import numpy as np
import pytest
from scipy.linalg import toeplitz
from scipy.stats import multivariate_normal

from core.models.fitzhugh_nagumo.misfit import misfit, residual_sums, simulated_misfit
from core.models.fitzhugh_nagumo.simulate import simulate
from core.published import time_grid
from tests.reference import SLIDERS_LOWER, SLIDERS_UPPER, plain_misfit, reference_solution, taylor_solution

TIMES = time_grid(20, 100)
UNEVEN = np.concatenate([[3.0], 3 + np.cumsum(np.random.default_rng(0).exponential(0.7, 60))])
TRUTH, DIVERGING = (0.5, 0.3, -0.4, 3.0), (0.4, -5.0, -0.4, 3.0)
SD, RHO = 0.35, 0.8


def draw(n, seed):
    return np.random.default_rng(seed).uniform(SLIDERS_LOWER, SLIDERS_UPPER, (n, 4))


def noisy_trace(times, initial_state=(0.0, 0.0)):
    noise = np.random.default_rng(0).normal(0, SD, len(times))
    return reference_solution(TRUTH, times, initial_state)[:, 0] + noise


@pytest.mark.parametrize("rho", [0.0, 0.8, -0.3])
def test_misfit_is_the_formula(rho):
    rng = np.random.default_rng(1)
    data, potentials = rng.normal(size=80), rng.normal(size=(5, 6, 80))
    expected = plain_misfit(data - potentials, SD, rho)
    assert np.allclose(misfit(data, potentials, SD, rho), expected, rtol=1e-12, atol=0)
    assert np.allclose(misfit(data, potentials[0], SD, rho), expected[0], rtol=1e-12, atol=0)


def test_white_misfit_by_hand():
    """½ (1/0.5)² + ½ (2/0.5)² = 10."""
    assert np.isclose(misfit([1.0, 2.0], np.zeros(2), 0.5), 10.0, rtol=1e-15)


def test_misfit_is_the_negative_log_likelihood_up_to_a_constant():
    rng = np.random.default_rng(2)
    data, potentials = rng.normal(size=60), rng.normal(size=(5, 60))
    law = multivariate_normal(np.zeros(60), SD**2 * toeplitz(RHO ** np.arange(60)))
    expected = -law.logpdf(data - potentials)
    losses = misfit(data, potentials, SD, RHO)
    assert np.allclose(losses - losses[0], expected - expected[0], rtol=0, atol=1e-8)


def test_diverged_potentials_have_an_infinite_misfit():
    potentials = np.zeros((2, 10))
    potentials[0, 5:] = np.nan
    assert misfit(np.ones(10), potentials, 1.0).tolist() == [np.inf, 5.0]


@pytest.mark.parametrize("times", [TIMES, UNEVEN], ids=["even", "uneven"])
@pytest.mark.parametrize("rho", [0.0, RHO, -0.3])
def test_simulated_misfit_against_scipy(rho, times):
    """An error of 1e-4 in u changes the misfit by at most 1e-4 Σ |∂misfit/∂u|, and a square of it."""
    data, parameters = noisy_trace(times, (0.3, -0.2)), draw(20, seed=3)
    losses = simulated_misfit(parameters, times, data, SD, rho, (0.3, -0.2))
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
    losses = simulated_misfit(parameters, times, data, SD, rho, states, step=0.07)
    assert np.allclose(losses, plain_misfit(data - u, SD, rho), rtol=1e-12, atol=0)


@pytest.mark.parametrize("n", [1, 16, 17, 64, 65, 300])
@pytest.mark.parametrize("choice", [{}, {"tolerance": 1e-7}, {"step": 0.05}], ids=["single", "double", "frozen"])
def test_simulated_misfit_is_the_misfit_of_simulate(choice, n):
    """To the rounding of a hundred squares' sum, with a margin of ten; diverged at the same places."""
    parameters, data = draw(n, seed=6), noisy_trace(TIMES)
    parameters[::9] = DIVERGING
    parameters[n // 2, 0] = np.nan
    losses = simulated_misfit(parameters, TIMES, data, SD, RHO, **choice)
    u = simulate(parameters, TIMES, **choice)[..., 0]
    expected = np.where(np.isnan(u[:, -1]), np.inf, plain_misfit(data - u, SD, RHO))
    assert np.array_equal(np.isinf(losses), np.isinf(expected))
    assert np.allclose(losses, expected, rtol=1e-12, atol=0)
    assert np.allclose(losses, misfit(data, u, SD, RHO), rtol=1e-12, atol=0)


def test_divergence_does_not_spoil_neighbours():
    parameters, states, data = draw(70, seed=7), np.zeros((70, 2)), noisy_trace(TIMES)
    unspoilt = simulated_misfit(parameters, TIMES, data, SD, RHO)
    parameters[::3] = DIVERGING
    parameters[1] = np.nan
    parameters[65, 3] = 1e6  # given up at once: too stiff
    states[67] = 0.0, 1e4  # given up after the last halving of the step
    losses = simulated_misfit(parameters, TIMES, data, SD, RHO, states)
    lost = sorted({*range(0, 70, 3), 1, 65, 67})
    assert np.flatnonzero(np.isinf(losses)).tolist() == lost
    assert np.all(losses[lost] == np.inf)
    assert np.array_equal(np.delete(losses, lost), np.delete(unspoilt, lost))


def test_neither_batch_nor_threads_change_a_bit():
    parameters, data = draw(500, seed=8), noisy_trace(TIMES)
    for tolerance in (1e-4, 1e-7):
        together = simulated_misfit(parameters, TIMES, data, SD, RHO, tolerance=tolerance)
        for n in (1, 16, 17, 64, 65):
            assert np.array_equal(
                simulated_misfit(parameters[-n:], TIMES, data, SD, RHO, tolerance=tolerance), together[-n:]
            )
        numba.set_num_threads(1)
        try:
            assert np.array_equal(simulated_misfit(parameters, TIMES, data, SD, RHO, tolerance=tolerance), together)
        finally:
            numba.set_num_threads(2)


def test_shapes_and_broadcasting():
    parameters, states = draw(6, seed=9).reshape(2, 3, 4), np.random.default_rng(10).uniform(-1, 1, (3, 2))
    data = noisy_trace(TIMES)
    losses = simulated_misfit(parameters, TIMES, data, SD, RHO, states)
    assert losses.shape == (2, 3)
    for i, j in np.ndindex(2, 3):
        alone = simulated_misfit(parameters[i, j], TIMES, data, SD, RHO, states[j])
        assert alone.shape == ()
        assert losses[i, j] == alone
    assert simulated_misfit(np.empty((0, 4)), TIMES, data, SD).shape == (0,)


@pytest.mark.parametrize(
    ("marginal_sd", "rho"), [(0.0, 0.0), (-1.0, 0.0), (np.nan, 0.0), (1.0, 1.0), (1.0, -1.0), (1.0, np.nan)]
)
def test_noise_of_no_size_ends_in_a_sentence(marginal_sd, rho):
    with pytest.raises(ValueError, match="noise"):
        misfit(np.ones(3), np.ones(3), marginal_sd, rho)
    with pytest.raises(ValueError, match="noise"):
        simulated_misfit(TRUTH, TIMES, np.ones(100), marginal_sd, rho)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (((0.4, 0.4, 3.0), TIMES, np.ones(100), SD), "last axis of length 4"),
        ((TRUTH, TIMES[::-1], np.ones(100), SD), "strictly increasing"),
        ((TRUTH, TIMES, np.ones(99), SD), r"one sample a time, \(100,\)"),
        ((TRUTH, TIMES, np.ones((2, 100)), SD), r"shape is \(2, 100\)"),
        ((TRUTH, TIMES, np.full(100, np.nan), SD), "finite"),
        ((TRUTH, TIMES, np.full(100, np.inf), SD), "finite"),
        ((TRUTH, TIMES, np.ones(100), SD, 0.0, (0.0, 0.0, 0.0)), "initial state"),
        ((TRUTH, TIMES, np.ones(100), SD, 0.0, (0.0, 0.0), 0.0), "tolerance"),
        ((TRUTH, TIMES, np.ones(100), SD, 0.0, (0.0, 0.0), 1e-4, -1.0), "step"),
    ],
)
def test_invalid_input_ends_in_a_sentence(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        simulated_misfit(*arguments)


def test_a_trace_of_another_length_ends_in_a_sentence():
    with pytest.raises(ValueError, match="5 samples"):
        misfit(np.ones(5), np.zeros((2, 7)), SD)


@pytest.mark.parametrize("rho", [0.0, 0.8, -0.5, 0.99])
def test_residual_sums_serve_every_noise(rho):
    """One integration, and the misfit of stored potentials in plain NumPy."""
    parameters = np.array([[0.4, 0.4, -0.4, 3.0], [0.9, 0.1, -0.2, 2.5], [-0.1, 1.1, -0.4, 4.0]])
    times = time_grid(40, 200)
    data = np.random.default_rng(0).normal(0, 1, 200)
    sums = residual_sums(parameters, times, data, step=0.1)
    expected = plain_misfit(data - simulate(parameters, times, step=0.1)[..., 0], 0.35, rho)
    assert np.allclose(0.5 * sums.quadratic_form(rho) / 0.35**2, expected, rtol=1e-12)
