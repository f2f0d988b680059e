"""The features of a trace against the loss of its inverse problem."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from core.maps.inputs import TraceInputs
from core.maps.learned_posterior.frame import HIGHEST_RISE, Frame, features, n_features, stencil
from core.maps.problem_of_task import problem_of
from core.maps.recipes import joint_task, published_task
from core.maps.test_sets import published_test_set
from core.noise import Noise


def inputs(n: int) -> TraceInputs:
    """Return the first published test traces."""
    data = published_test_set()
    return TraceInputs(data.noisy[:n], data.given[:n], data.lengths[:n])


def frame(n: int, p: int) -> Frame:
    """Return frames around the truth."""
    data = published_test_set()
    truth = np.column_stack([data.theta, data.noise_parameters[:, ::-1]])[:n, :p]
    factor = np.array([[0.02, 0, 0, 0], [0.01, 0.03, 0, 0], [0, 0, 0.002, 0], [0, 0, 0, 0.02]])[:p, :p]
    return Frame(truth, np.broadcast_to(factor, (n, p, p)))


def test_coordinates_and_values_are_each_others_inverse():
    found, z = frame(3, 4), np.random.default_rng(0).normal(size=(3, 5, 4))
    assert_allclose(found.coordinates(found.values(z)), z, atol=1e-9)


def test_the_rise_on_the_stencil_is_that_of_the_loss():
    task, around = published_task(), frame(1, 2)
    row = features(task, inputs(1), around)[0].astype(float)
    points = np.clip(around.values(stencil()[None])[0], task.prior.lower, task.prior.upper)
    noise = Noise(float(np.tanh(row[-2])), float(np.exp(row[-1])))
    problem = problem_of(task).with_data(published_test_set().noisy[0].astype(float)).with_noise(noise)
    losses = problem.loss(points)
    assert_allclose(row[: len(points)] ** 2, np.minimum(losses - losses.min(), HIGHEST_RISE), rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize(("task", "p"), [(published_task(), 2), (joint_task(), 4)])
def test_every_trace_has_all_features_and_they_are_its_own(task, p):
    together = features(task, inputs(60), frame(60, p))
    assert together.shape == (60, n_features(task))
    assert np.all(np.isfinite(together))
    last = TraceInputs(*(part[59:60] for part in inputs(60)))
    assert_allclose(features(task, last, Frame(frame(60, p).mean[59:], frame(60, p).factor[59:]))[0], together[59])
