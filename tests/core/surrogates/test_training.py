"""Small trainings: what they learn from is what SciPy integrates, and they learn it."""

import numpy as np
import pytest
import torch
from scipy.stats import kstest

from core.surrogates.fitting import draw_weights
from core.surrogates.flow_map import flow_map
from core.surrogates.flow_samples import flow_samples
from core.surrogates.networks import ScaledNetwork
from core.surrogates.neuron import INTERVAL, PRIOR, trajectories, wide_draws
from core.surrogates.regression import regression
from core.surrogates.train_flow_map import FlowMapTraining, Stage, train_flow_map
from core.surrogates.train_regression import RegressionTraining, train_regression
from tests.reference import reference_solution

torch.set_num_threads(1)


def quiet(_line):
    """Say nothing."""


def test_pairs_of_states_are_those_of_scipy():
    samples = flow_samples(3, 4, np.random.default_rng(0))
    assert samples.states.shape == (60, 5, 2)
    for theta, states in list(zip(*samples, strict=True))[::7]:
        expected = reference_solution((*theta, -0.4, 3.0), INTERVAL * np.arange(5), states[0])
        assert states == pytest.approx(expected, abs=1e-8)


def test_half_of_the_draws_are_uniform_over_the_box():
    draws = wide_draws(4000, np.random.default_rng(1))
    lower, upper = PRIOR.bounds.T
    assert np.all((draws >= lower) & (draws <= upper))
    for axis in range(2):
        uniform = (draws[2000:, axis] - lower[axis]) / (upper[axis] - lower[axis])
        assert kstest(uniform, "uniform").pvalue > 1e-3
        assert kstest((draws[:2000, axis] - lower[axis]) / (upper[axis] - lower[axis]), "uniform").pvalue < 1e-6


def test_a_flow_map_learns_and_repeats_itself():
    stages = (Stage(1, 200, 300, 3e-3), Stage(3, 50, 20, 1e-4))
    training = FlowMapTraining(n_trajectories=200, widths=(16, 16), stages=stages)
    tensors, courses = train_flow_map(training, quiet)
    again, _ = train_flow_map(training, quiet)
    assert all(np.array_equal(tensors[name], again[name]) for name in tensors)
    # A step that changed nothing would have a loss of about (1 + 9) / 2, in squared standard deviations.
    assert courses[0].losses[-1] < 0.5 < courses[0].losses[0]
    fresh = flow_samples(50, 1, np.random.default_rng(2))
    found = flow_map(tensors, INTERVAL).simulate(fresh.theta, [0.0, INTERVAL], fresh.states[:, 0])[:, 1]
    changes = fresh.states[:, 1] - fresh.states[:, 0]
    left = np.mean((found - fresh.states[:, 1]) ** 2, axis=0) / np.var(changes, axis=0)
    assert (left[0] + 9 * left[1]) / 2 < 0.5


def test_a_regression_learns_and_its_basis_is_that_of_its_traces():
    training = RegressionTraining(
        n_trajectories=300, n_modes=10, n_frequencies=8, widths=(32, 32), batch_size=100, n_steps=300
    )
    tensors, course = train_regression(training, quiet)
    assert course.losses[-1] < 0.5 * course.losses[0]
    curves = trajectories(wide_draws(300, np.random.default_rng(training.seed)))[..., 0]
    centred = curves - curves.mean(axis=0)
    basis = regression(tensors, INTERVAL).basis
    left = np.sum((curves - basis.curves(basis.coefficients(curves))) ** 2)
    # Eckart and Young, by the eigenvalues of the Gram matrix; the modes are kept in single precision.
    assert left == pytest.approx(np.sum(np.linalg.eigvalsh(centred @ centred.T)[:-10]), rel=1e-4)


def test_the_first_weights_are_fixed_by_the_generator():
    first, second = ScaledNetwork(4, (8,), 2), ScaledNetwork(4, (8,), 2)
    for network in (first, second):
        draw_weights(network, torch.Generator().manual_seed(3))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
