import dataclasses

import numpy as np
import pytest

from core.maps.dataset import TEST_STREAM, dataset
from core.maps.inputs import TraceInputs, as_columns, from_columns, inputs_of, n_columns
from core.maps.recipes import conditional_task, published_task
from core.maps.test_sets import can_read_published

WINDOW = (60, 300)
PLAIN = published_task()
TOLD = dataclasses.replace(conditional_task(), n_times=(300, 300))
SHORT = dataclasses.replace(PLAIN, n_times=WINDOW)
BOTH = dataclasses.replace(TOLD, n_times=WINDOW)


def inputs(task, n=40):
    rng = np.random.default_rng(0)
    n_given = 0 if task.given is None else 2
    lengths = rng.integers(task.n_times[0], task.n_times[1] + 1, n)
    given = rng.uniform([-0.8, 2.0], [0.0, 5.0], (n, 2))[:, :n_given]
    return TraceInputs(rng.normal(size=(n, task.n_times[1])).astype(np.float32), given, lengths)


@pytest.mark.parametrize(("task", "extra"), [(PLAIN, 0), (TOLD, 2), (SHORT, 1), (BOTH, 3)])
def test_columns_lead_back_to_what_they_were_made_of(task, extra):
    """Given parameters to single precision of their range; lengths exactly; samples up to the end of the trace."""
    told = inputs(task)
    columns = as_columns(task, told)
    assert columns.dtype == np.float32
    assert columns.shape == (40, task.n_times[1] + extra)
    assert n_columns(task) == extra
    found = from_columns(task, columns)
    real = np.arange(task.n_times[1]) < told.lengths[:, None]
    assert np.array_equal(found.traces, np.where(real, told.traces, 0))
    assert np.array_equal(found.lengths, told.lengths)
    assert found.given.shape == told.given.shape
    assert np.allclose(found.given, told.given, rtol=0, atol=1e-6)


def test_given_parameters_are_told_from_minus_one_to_one():
    """Lower bound, middle and upper bound of ζ ∈ [−0.8, 0] and γ ∈ [2, 5]; then the share of samples."""
    given = np.array([[-0.8, 5.0], [-0.4, 3.5], [0.0, 2.0]])
    told = TraceInputs(np.zeros((3, 300), np.float32), given, np.array([60, 150, 300]))
    expected = [[-1, 1, 0.2], [0, 0, 0.5], [1, -1, 1]]
    assert np.allclose(as_columns(BOTH, told)[:, 300:], expected, rtol=0, atol=1e-6)


def test_a_network_is_told_nothing_of_what_it_is_to_estimate():
    """Beside its noisy samples, a map of ζ and γ gets no column, and a map that is told them nothing of θ."""
    data = dataset(BOTH, 20, TEST_STREAM)
    columns = inputs_of(BOTH, data)
    other = dataclasses.replace(data, theta=data.theta + 1, noise_parameters=data.noise_parameters * 0,
                                clean=data.clean * 0)  # fmt: skip
    assert np.array_equal(inputs_of(BOTH, other), columns)


def test_the_published_test_samples_suit_maps_of_the_same_unknowns_and_times():
    assert can_read_published(PLAIN)
    assert can_read_published(published_task(noisy=False))
    joint = dataclasses.replace(PLAIN, estimates_noise=True)
    for task in (conditional_task(), SHORT, joint, dataclasses.replace(PLAIN, n_times=(500, 500))):
        assert not can_read_published(task)
