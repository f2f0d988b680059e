"""The regression on modes: that of torch, its derivatives against differences, and what it refuses."""

import numpy as np
import pytest
import torch

from core.surrogates.regression import regression
from tests.core.surrogates.networks import random_network, tensors_of

torch.set_num_threads(1)
INTERVAL, N_TIMES = 0.2, 30
TIMES = INTERVAL * np.arange(N_TIMES)
THETA = np.random.default_rng(3).uniform(-0.5, 1, (2, 3, 2))


@pytest.fixture(scope="module")
def network():
    return random_network(2, (16, 16), 5, n_frequencies=6)


@pytest.fixture(scope="module")
def fitted(network):
    return regression(tensors_of(network, N_TIMES), INTERVAL)


def test_the_trace_is_that_of_torch(network, fitted):
    tensors = tensors_of(network, N_TIMES)
    with torch.no_grad():
        coefficients = network.double()(torch.tensor(THETA)).numpy()
    network.float()
    expected = tensors["mean"].astype(float) + coefficients @ tensors["modes"].astype(float)
    assert fitted.simulate(THETA, TIMES)[..., 0] == pytest.approx(expected, abs=1e-10)


def test_derivatives_are_those_of_differences(fitted):
    u, derivatives = fitted.sensitivities(THETA, TIMES)
    assert np.array_equal(u, fitted.simulate(THETA, TIMES))
    for axis in range(2):
        move = 1e-6 * np.eye(2)[axis]
        differences = (fitted.simulate(THETA + move, TIMES) - fitted.simulate(THETA - move, TIMES)) / 2e-6
        assert derivatives[..., axis] == pytest.approx(differences, abs=1e-8)
    assert np.all(np.isnan(derivatives[..., 2]))  # the network knows one start only


def test_some_of_the_times_have_the_values_of_all(fitted):
    assert np.array_equal(fitted.simulate(THETA, TIMES[[4, 9]]), fitted.simulate(THETA, TIMES)[..., [4, 9], :])


def test_a_batch_of_none_has_no_trajectories(fitted):
    times = INTERVAL * np.arange(4)
    assert fitted.simulate(np.empty((0, 2)), times).shape == (0, 4, 1)
    assert fitted.sensitivities(np.empty((0, 2)), times)[1].shape == (0, 4, 1, 3)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (([0.4], [0.0, 0.2]), "last axis of length 2"),
        (([0.4, 0.4], [0.0, 6.0]), "up to 5.8 ms"),
        (([0.4, 0.4], [0.1, 0.3]), "whole multiples"),
        (([0.4, 0.4], [0.0, 0.2], [1.0]), "start at rest only"),
        (([0.4, 0.4], [0.0, 0.2], None, 1e-4, 0.1), "leave the step out"),
    ],
)
def test_what_it_cannot_take_gets_a_sentence(fitted, arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        fitted.simulate(*arguments)
