"""The flow map: that of torch, its derivatives against differences, what it refuses, and where it stops."""

import numpy as np
import pytest
import torch

from core.surrogates.flow_map import flow_map
from tests.core.surrogates.networks import random_network, tensors_of

torch.set_num_threads(1)
INTERVAL = 0.2
THETA = np.array([[0.1, 0.5], [0.9, -0.3], [0.4, 0.4]])
START = (0.3, -0.2)


@pytest.fixture(scope="module")
def network():
    found = random_network(4, (12, 8), 2)
    found.output_scale.mul_(0.05)
    found.output_centre.zero_()
    return found


@pytest.fixture(scope="module")
def flow(network):
    return flow_map(tensors_of(network), INTERVAL)


def by_torch(network, theta, start, n_steps):
    """Return the states, (n, n_steps + 1, 2), by torch in double precision."""
    network, theta = network.double(), torch.tensor(theta)
    states = [torch.tensor(start, dtype=torch.float64).expand(len(theta), 2)]
    with torch.no_grad():
        for _ in range(n_steps):
            states.append(states[-1] + network(torch.cat([states[-1], theta], dim=1)))
    network.float()
    return torch.stack(states, dim=1).numpy()


def test_states_are_those_of_torch(network, flow):
    found = flow.simulate(THETA, INTERVAL * np.arange(101), START)
    assert found == pytest.approx(by_torch(network, THETA, START, 100), abs=1e-10)


def test_some_of_the_times_have_the_states_of_all(flow):
    everything = flow.simulate(THETA, INTERVAL * np.arange(61), START)
    for counts in ([0, 3, 6, 60], [5, 7, 8], [0]):
        some = flow.simulate(THETA, 4.0 + INTERVAL * np.array(counts), START)
        assert np.array_equal(some, everything[:, np.array(counts) - counts[0]])


def test_a_batch_of_any_shape_has_the_states_of_each_alone(flow):
    times = INTERVAL * np.arange(20)
    grid = np.random.default_rng(0).uniform(0, 1, (2, 3, 2))
    found = flow.simulate(grid, times)
    assert found.shape == (2, 3, 20, 2)
    assert np.array_equal(found[1, 2], flow.simulate(grid[1, 2], times))


def test_derivatives_are_those_of_differences(flow):
    times, step = INTERVAL * np.arange(80), 1e-6
    states, derivatives = flow.sensitivities(THETA, times, START)
    assert states == pytest.approx(flow.simulate(THETA, times, START), abs=1e-12)
    for column in range(4):
        ends = []
        for sign in (1, -1):
            moved = np.zeros(4)
            moved[column] = sign * step
            ends.append(flow.simulate(THETA + moved[:2], times, START + moved[2:]))
        differences = (ends[0] - ends[1]) / (2 * step)
        # Rounding leaves 1e-16 / 1e-6, and the third derivative 1e-12 of itself.
        assert derivatives[..., column] == pytest.approx(differences, abs=1e-7 * max(1, np.abs(differences).max()))


def test_a_trajectory_that_leaves_is_nan_from_there_on():
    network = random_network(4, (4,), 2)
    network.layers[-1].weight.data.zero_()
    network.layers[-1].bias.data.zero_()
    network.output_centre.fill_(3.0)  # three more in u with each step
    states = flow_map(tensors_of(network), INTERVAL).simulate([0.4, 0.4], INTERVAL * np.arange(10))
    assert states[:7, 0] == pytest.approx(3.0 * np.arange(7), abs=1e-6)
    assert np.all(np.isnan(states[7:]))


def test_a_batch_of_none_has_no_trajectories(flow):
    times = INTERVAL * np.arange(4)
    assert flow.simulate(np.empty((0, 2)), times).shape == (0, 4, 2)
    assert flow.sensitivities(np.empty((0, 2)), times)[1].shape == (0, 4, 2, 4)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (([0.4, 0.4, 0.1], [0.0, 0.2]), "last axis of length 2"),
        (([0.4, 0.4], [0.0, 0.3]), "whole multiples of 0.2 ms"),
        (([0.4, 0.4], [0.2, 0.0]), "increasing"),
        (([0.4, 0.4], [0.0, 0.2], [1.0]), "initial state"),
        (([0.4, 0.4], [0.0, 0.2], None, 1e-4, 0.1), "leave the step out"),
    ],
)
def test_what_it_cannot_take_gets_a_sentence(flow, arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        flow.simulate(*arguments)
