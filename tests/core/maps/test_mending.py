import dataclasses

import numpy as np
import pytest
from scipy.optimize import least_squares

from core.experiments.limit_traces import conditional_traces
from core.maps.dataset import TEST_STREAM, dataset
from core.maps.inputs import TraceInputs
from core.maps.inverse_map import load_inverse_map
from core.maps.mending import mended
from core.maps.recipes import conditional_task, joint_task, published_task
from core.maps.residual_noise import MAX_CORRELATION, residual_noise
from core.metrics import rmse
from core.noise import Noise, sample_ar1, whiten
from tests.reference import reference_solution, reference_solutions

TASK = published_task()
WINDOWS = dataclasses.replace(conditional_task(), n_times=(300, 1000))
N = 8


def inputs_of(data, traces):
    return TraceInputs(traces.astype(np.float32), data.given, data.lengths)


def covariance_of(task, n):
    """Return covariances of a hundredth of the box."""
    return np.tile(np.diag((0.01 * task.widths) ** 2), (n, 1, 1))


@pytest.fixture(scope="module")
def data():
    return dataset(TASK, 40, TEST_STREAM, seed=5)


def test_the_noise_of_residuals_is_that_of_their_law():
    """AR(1) noise of ρ = 0.8, s = 0.35: standard errors are √((1 − ρ²)/n) of ρ, and of s by Cramér and Rao below.

    The variance of 400 estimates is known to √(2/400) of itself, so that five make 0.35. The kurtosis of Gaussian noise
    is 3, to √(24/n).
    """
    n, n_times, rho, s = 400, 1000, 0.8, 0.35
    found = residual_noise(
        sample_ar1(np.full(n, rho), np.full(n, s), n_times, np.random.default_rng(0)), np.full(n, n_times)
    )
    variances = (1 - rho**2) / n_times, s**2 * (1 + rho**2) / (1 - rho**2) / (2 * n_times)
    for values, truth, variance in zip((found.correlation, found.marginal_sd), (rho, s), variances, strict=True):
        assert abs(np.var(values) / variance - 1) <= 5 * np.sqrt(2 / n)
        # The mean is biased by less than one standard error of a single estimate, of which there is a hundredth here.
        assert abs(np.mean(values) - truth) <= 0.25 * np.sqrt(variance)
    assert abs(np.mean(found.kurtosis) - 3) <= 5 * np.sqrt(24 / n_times / n) + 6 / n_times


def test_residuals_count_up_to_the_end_of_their_window():
    residuals = np.random.default_rng(1).normal(size=(3, 500))
    lengths = np.array([100, 333, 500])
    together = residual_noise(residuals, lengths)
    for i, length in enumerate(lengths):
        alone = residual_noise(residuals[i : i + 1, :length], lengths[i : i + 1])
        for name in ("correlation", "marginal_sd", "kurtosis"):
            assert np.isclose(getattr(together, name)[i], getattr(alone, name)[0], rtol=1e-12)


def test_residuals_of_nothing_or_of_one_number_are_finite():
    found = residual_noise(np.stack([np.zeros(100), np.ones(100), np.full(100, np.nan)]), np.full(3, 100))
    assert all(np.all(np.isfinite(part)) for part in (found.correlation, found.marginal_sd, found.kurtosis))
    assert np.all(np.abs(found.correlation) <= MAX_CORRELATION)


@pytest.mark.parametrize("task", [TASK, WINDOWS], ids=["fixed", "told, and windows"])
def test_clean_traces_are_solved(task):
    """SciPy's solutions, from estimates a hundredth of the box off: what is left is rounding to single precision."""
    data = dataset(task, N, TEST_STREAM, seed=6)
    parameters = task.complete(data.theta, data.given)
    traces = reference_solutions(parameters, task.times)[..., 0]
    off = 0.01 * task.widths * np.random.default_rng(0).choice([-1, 1], (N, 2))
    before = np.clip(data.theta + off, *task.prior.bounds.T)
    mean, covariance = mended(task, inputs_of(data, traces), before, covariance_of(task, N))
    assert np.abs(mean - data.theta).max() <= 1e-3
    assert np.median(np.abs(mean - data.theta)) <= 1e-5
    assert np.all(np.linalg.eigvalsh(covariance) > 0)
    assert np.abs(before - data.theta).min() > 1e-4


def test_ordinary_noise_leaves_estimates_as_they_are(data):
    """At the truth, with σ a standard error of s (0.06 s at the most) and more inside its bounds."""
    sigma = data.noise_parameters[:, 1]
    inside = np.flatnonzero((sigma > 0.052) & (sigma < 0.09) & (data.noise_parameters[:, 0] < 0.9))
    theta, traces = data.theta[inside], data.noisy[inside]
    told = TraceInputs(traces, data.given[inside], data.lengths[inside])
    before = covariance_of(TASK, len(inside))
    mean, covariance = mended(TASK, told, theta, before)
    assert len(inside) >= 20
    assert np.array_equal(mean, theta)
    assert np.array_equal(covariance, before)


def test_where_a_descent_explains_a_noisy_trace_the_own_covariance_stays(data):
    """A few traces need a second start, or have so little noise that only one valley explains them."""
    off = np.clip(data.theta + 0.006 * TASK.widths, *TASK.prior.bounds.T)
    before = covariance_of(TASK, len(off))
    mean, covariance = mended(TASK, inputs_of(data, data.noisy), off, before)
    moved = np.any(mean != off, axis=1)
    assert np.count_nonzero(moved) >= 10
    assert np.mean(np.all(covariance[moved] == before[moved], axis=(1, 2))) > 0.6


@pytest.mark.long
def test_the_regions_of_mended_estimates_hold_the_truth_as_often_as_others():
    """Of 90 % regions of n traces, with 4 standard errors; by the curvature at the estimates, 43 % did."""
    trained, traces = load_inverse_map("conditional"), conditional_traces()
    estimate = trained.predict(traces.noisy, traces.known)
    unmended, _ = trained._by_network(TraceInputs(traces.noisy, traces.known, np.full(len(traces.noisy), 1000)))
    is_mended = np.any(estimate.mean != unmended, axis=1)
    n = np.count_nonzero(is_mended)
    assert n >= 20
    assert np.mean(estimate.credibilities(traces.truth)[is_mended] < 0.9) > 0.9 - 4 * np.sqrt(0.09 / n)


def test_mending_makes_a_map_of_four_parameters_no_worse():
    """One minimum is farther from the truth than a mean over several valleys: descents made the RMSE 1.2 times larger.

    Of noisy traces, only those of little noise may change.
    """
    trained = load_inverse_map("four")
    data = dataset(trained.recipe.task, 100, TEST_STREAM, seed=8)
    inputs = TraceInputs(data.noisy, data.given, data.lengths)
    unmended, covariance = trained._by_network(inputs)
    mean, mended_covariance = mended(trained.recipe.task, inputs, unmended, covariance)
    assert np.all(rmse(data.theta, mean) <= rmse(data.theta, unmended))
    moved = np.any(mean != unmended, axis=1)
    assert np.mean(moved) < 0.1
    assert np.array_equal(mended_covariance[~moved], covariance[~moved])


def weighted_fit(trace, start, noise):
    """Return SciPy's least squares of the whitened residual and the prior's, from a start; and its covariance."""

    def errors(theta):
        u = reference_solution((*theta, -0.4, 3.0), TASK.times)[:, 0]
        return np.r_[whiten(trace - u, noise), (theta - 0.4) / [0.3, 0.4]]

    found = least_squares(errors, start, diff_step=1e-5, xtol=1e-6)
    return found.x, np.linalg.inv(found.jac.T @ found.jac)


def test_an_estimate_in_a_wrong_valley_starts_again(data):
    """From the far corner of the box it ends where SciPy's least squares end from the truth.

    They weigh the misfit by the true noise, and the mending by the noise that the residual shows: within half an sd.
    """
    spiking = np.flatnonzero(np.ptp(data.clean[:, 500:], axis=1) > 2)[:3]
    for i in spiking:
        low, high = TASK.prior.bounds.T
        corner = np.where(data.theta[i] < 0.4, high, low) * 0.95
        told = TraceInputs(data.noisy[i : i + 1], data.given[i : i + 1], data.lengths[i : i + 1])
        mean, covariance = mended(TASK, told, corner[None], covariance_of(TASK, 1))
        rho, sigma = data.noise_parameters[i]
        expected, expected_covariance = weighted_fit(
            data.noisy[i].astype(float), data.theta[i], Noise(rho, sigma / 0.2)
        )
        sd = np.sqrt(np.diag(expected_covariance))
        assert np.all(np.abs(mean[0] - expected) <= 0.5 * sd)
        assert np.all(np.abs(np.log(np.sqrt(np.diag(covariance[0])) / sd)) <= np.log(1.5))


def test_a_trace_of_no_neuron_stays_as_it_is(data):
    strange = TraceInputs(np.full((1, 1000), 1e4, np.float32), data.given[:1], data.lengths[:1])
    before = covariance_of(TASK, 1)
    mean, covariance = mended(TASK, strange, data.theta[:1], before)
    assert np.array_equal(mean, data.theta[:1])
    assert np.array_equal(covariance, before)


def test_the_noise_is_estimated_anew_where_theta_is_mended():
    """Of a clean trace σ is the smallest that the map knows; with the noise of an sd of 0.15, its ρ within 5 sds."""
    task, rng = joint_task(), np.random.default_rng(4)
    data = dataset(task, 4, TEST_STREAM, seed=7)
    rho = 0.8
    noise = sample_ar1(np.full(4, rho), np.full(4, 0.15), 1000, rng)
    traces = data.clean + noise * (np.arange(4) < 3)[:, None]
    before = np.column_stack([data.theta + 0.002, np.full(4, 0.07), np.full(4, 0.7)])
    mean, covariance = mended(task, inputs_of(data, traces), before, covariance_of(task, 4))
    low, high = task.law.bounds.T
    assert np.all((mean >= low) & (mean <= high))
    assert np.allclose(mean[:, 2], 0.0409, rtol=0, atol=1e-12)
    assert np.all(np.abs(mean[:3, 3] - rho) <= 5 * np.sqrt((1 - rho**2) / 1000))
    assert np.allclose(covariance[:, 3, 3], (1 - mean[:, 3] ** 2) / 1000, rtol=1e-9)
    assert np.all(covariance[:, :2, 2:] == 0)
    assert np.all(np.linalg.eigvalsh(covariance) > 0)
