"""A learned step against the Gauss–Newton step that it is given."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from core.learned_optimiser.evaluation import evaluated
from core.learned_optimiser.recipe import StepsRecipe
from core.learned_optimiser.steps import LearnedSteps, n_features, start_gaussian, step_inputs
from core.learning.networks.gaussian_step import MAX_OUTPUT
from core.learning.networks.heads import Gaussian
from tests.core.learned_optimiser.problems import TASK, problem, traces

N = 6
SMALL = StepsRecipe("", 1, 8, 0, 0)


@pytest.fixture(scope="module")
def data():
    torch.set_num_threads(1)
    return traces(N)


def near(sample, offset=0.002):
    """Return Gaussians 0.01 wide, a little off the truth."""
    mean = torch.from_numpy((TASK.scale(sample.theta) + offset).astype(np.float32))
    return Gaussian(mean, (100 * torch.eye(2)).expand(N, 2, 2))


def test_untrained_steps_stay_at_the_start(data):
    sample, noise = data
    steps, start = LearnedSteps(TASK, replace(SMALL, n_steps=2, reads_series=False)), near(sample)
    path = steps.path(sample.noisy, noise, start, 2)
    assert len(path) == 3
    for each in path:
        assert_allclose(each.mean, start.mean, atol=1e-6)
        assert_allclose(each.covariance(), start.covariance(), rtol=1e-3)


def test_a_step_that_has_learnt_the_whole_share_is_gauss_newtons(data):
    sample, noise = data
    steps, start = LearnedSteps(TASK, SMALL), near(sample)
    with torch.no_grad():
        steps.step(0).layers[-1].bias[:2] = MAX_OUTPUT * np.arctanh(1 / MAX_OUTPUT)  # a share of one
    found = steps.path(sample.noisy, noise, start, 1)[-1].mean.numpy()
    n_compared = 0
    for i in range(N):
        _, gradient, hessian = problem(sample, i).expansion(TASK.unscale(start.mean[i].double().numpy()))
        step = -np.linalg.solve(hessian, gradient) / TASK.widths
        if np.all(np.abs(100 * step) < 0.9 * MAX_OUTPUT):  # a longer one is cut
            assert_allclose(found[i] - start.mean[i].numpy(), step, rtol=0.05, atol=2e-4)
            n_compared += 1
    assert n_compared >= N // 2


def test_no_step_is_longer_than_its_bound(data):
    sample, noise = data
    steps, start = LearnedSteps(TASK, replace(SMALL, longest_sds=2.0)), near(sample)
    with torch.no_grad():
        steps.step(0).layers[-1].bias[5] = (
            100.0  # what is added to the first coordinate: six, as all outputs are bounded
        )
    after = steps.path(sample.noisy, noise, start, 1)[-1]
    # Of a Gaussian that is 0.01 wide; a Gauss–Newton share is not learnt.
    assert_allclose(torch.linalg.vector_norm(after.mean - start.mean, dim=1), 0.02, rtol=1e-3)


def test_inputs_hold_the_residual_and_are_finite_all_over_the_box(data):
    sample, noise = data
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [0.5, 0.5], [0.1, 0.9]], dtype=float)
    found = evaluated(TASK, sample.noisy, corners, noise)
    inputs = step_inputs(found, start_gaussian(corners), reads_series=True)
    assert torch.isfinite(inputs).all()
    assert_allclose(inputs[:, :1000].double().sinh().numpy(), found.residuals, rtol=1e-4, atol=1e-4)
    assert inputs.shape[1] == n_features(2, 1000) + 2 + 3 + 2 + 3
    assert torch.equal(step_inputs(found, start_gaussian(corners), reads_series=False), inputs[:, 1000:])


def test_a_trace_s_path_does_not_depend_on_the_others(data):
    sample, noise = data
    steps, start = LearnedSteps(TASK, SMALL), near(sample, 0.05)
    with torch.no_grad():
        steps.step(0).layers[-1].weight.normal_(0, 0.1, generator=torch.Generator().manual_seed(0))
    together = steps.path(sample.noisy, noise, start, 1)[-1]
    last = steps.path(sample.noisy[-1:], noise[-1:], Gaussian(*(part[-1:] for part in start)), 1)[-1]
    assert_allclose(last.mean[0], together.mean[-1], atol=1e-5)
