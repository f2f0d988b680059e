"""The Gauss–Newton proposal of a learned step against one by other means.

Slopes are central differences of SciPy's solutions. The misfit is ½ r′Σ⁻¹r with the dense covariance Σ of AR(1) noise,
given the first sample, at which all trajectories are at rest and have no slope.
"""

import dataclasses
from typing import NamedTuple

import numpy as np
import pytest
import torch
from scipy.linalg import solve_toeplitz

from core.learning.networks.heads import Gaussian
from core.maps.dataset import TEST_STREAM, dataset
from core.maps.inputs import inputs_of
from core.maps.recipes import conditional_task, four_recipe, joint_task, published_task
from core.maps.step_inputs import (
    HESSIAN_ROUNDING,
    MIN_INFORMATION,
    SD_OFFSET,
    n_features,
    step_inputs,
    triangle,
)
from tests.reference import reference_solutions

N = 4
TASKS = {
    "two parameters": published_task(),
    "with the noise": joint_task(),
    "given ζ and γ": conditional_task(),
    "four parameters": four_recipe().task,
    "window": dataclasses.replace(published_task(), n_times=(300, 1000)),
    "all at once": dataclasses.replace(conditional_task(), estimates_noise=True, n_times=(300, 1000)),
}
RELATIVE_ERROR = 5e-3  # traces are simulated to 1e-4 of residuals of order 1


class Expected(NamedTuple):
    """Of one trace, in scaled parameters and for noise of sd 1: gradient, Hessian, and the residual's ρ and s."""

    gradient: np.ndarray
    hessian: np.ndarray
    rho: float
    sd: float


def expected(task, trace, parameters, columns, widths, noise_bounds):
    """Return the step of one trace, (n_times,), from parameters, (4,), along the columns that are estimated."""
    times, size = np.arange(len(trace)) * 0.2, 1e-5
    shifts = np.zeros((len(columns), 4))
    shifts[np.arange(len(columns)), columns] = size * widths
    u = reference_solutions(np.concatenate([parameters[None], parameters + shifts, parameters - shifts]), times)[..., 0]
    residual = trace - u[0]
    slopes = (u[1 : 1 + len(columns)] - u[1 + len(columns) :]).T / (2 * size)
    fitted = residual[1:] @ residual[:-1] / (residual[:-1] @ residual[:-1])
    rho = np.clip(fitted, *noise_bounds[0])
    first_row = rho ** np.arange(len(trace))
    weighted = solve_toeplitz(first_row, np.column_stack([residual, slopes]))
    # r′R⁻¹r without the term of the first sample, which has the stationary law.
    sd = np.sqrt((residual @ weighted[:, 0] - residual[0] ** 2) / (len(trace) - 1))
    # A thousandth is added to each sd, so that no misfit is infinite.
    return Expected(-slopes.T @ weighted[:, 0], slopes.T @ weighted[:, 1:], fitted, sd + SD_OFFSET)


def gaussian_near(truth, p):
    """Return Gaussians a hundredth of the box wide and half as far from the truth, with correlations."""
    rng = np.random.default_rng(0)
    factor = np.tril(rng.normal(scale=20, size=(N, p, p)), -1) + 100 * np.eye(p)
    return Gaussian(torch.tensor(truth + 0.005 * rng.choice([-1, 1], truth.shape)), torch.tensor(factor))


@pytest.mark.parametrize("name", TASKS)
def test_proposal_is_the_gauss_newton_step(name):
    task = TASKS[name]
    p, q = len(task.names), len(task.prior.names)
    data = dataset(task, N, TEST_STREAM)
    before = gaussian_near(task.scale(data.truth(task)), p)
    mean, factor = (part.numpy() for part in before)
    scale = np.linalg.inv(factor)
    found = step_inputs(task, torch.from_numpy(inputs_of(task, data)), before).double().numpy()
    assert found.shape == (N, n_features(task) + 2 * (p + triangle(p)))
    parts = np.split(found, np.cumsum([n_features(task), p, triangle(p), p]), axis=1)
    features, steps, precisions, means, below = parts
    assert np.allclose(means, mean, rtol=0, atol=1e-6)
    assert np.allclose(below, factor[:, *np.tril_indices(p)], rtol=1e-6)

    theta = task.prior.bounds[:, 0] + mean[:, :q] * np.ptp(task.prior.bounds, axis=1)
    parameters = task.complete(theta, data.given)
    for n in range(N):
        trace = data.noisy[n, : data.lengths[n]].astype(float)
        widths = np.ptp(task.prior.bounds, axis=1)
        wanted = expected(task, trace, parameters[n], task.columns, widths, task.noise.bounds)
        # Features: ρ and s of the residual stand after both gradients and the factor of the Hessian.
        place = q + p + triangle(q)
        assert abs(np.tanh(features[n, place]) - wanted.rho) <= 1e-3
        assert abs(np.exp(features[n, place + 1]) - wanted.sd) <= 2e-3

        sd = np.clip(wanted.sd, *(task.noise.bounds[1] / 0.2)) + SD_OFFSET
        hessian = scale[n, :q, :q].T @ wanted.hessian @ scale[n, :q, :q] / sd**2
        hessian += (MIN_INFORMATION + HESSIAN_ROUNDING * np.trace(hessian)) * np.eye(q)
        shift = np.zeros(p)
        shift[:q] = -scale[n, :q, :q] @ np.linalg.solve(hessian, scale[n, :q, :q].T @ wanted.gradient / sd**2)
        if task.estimates_noise:
            low, high = task.law.bounds[q:].T
            noise = np.clip((np.array([wanted.sd * 0.2, wanted.rho]) - low) / (high - low), 0, 1)
            shift[q:] = noise - mean[n, q:]
        z = factor[n] @ shift
        assert np.max(np.abs(steps[n] - z)) <= RELATIVE_ERROR * max(1.0, np.max(np.abs(z)))

        diagonal = np.exp(precisions[n, :p])
        lower = np.eye(p)
        lower[np.tril_indices(p, -1)] = precisions[n, p:]
        lower *= diagonal[:, None]
        assert np.max(np.abs(lower[:q, :q].T @ lower[:q, :q] - hessian)) <= RELATIVE_ERROR * np.max(np.abs(hessian))
        assert np.array_equal(lower[q:, :q], np.zeros((p - q, q)))
        assert np.array_equal(lower[q:, q:], np.eye(p - q))


def test_what_lies_after_the_end_of_a_window_changes_nothing():
    """Nor does how long the other traces are."""
    task = TASKS["all at once"]
    data = dataset(task, N, TEST_STREAM)
    before = gaussian_near(task.scale(data.truth(task)), 4)
    columns = torch.from_numpy(inputs_of(task, data))
    together = step_inputs(task, columns, before)
    assert len(np.unique(data.lengths)) == N
    for n in range(N):
        alone = step_inputs(task, columns[n : n + 1], Gaussian(before.mean[n : n + 1], before.factor[n : n + 1]))
        assert torch.allclose(together[n], alone[0], rtol=1e-5, atol=1e-5)
