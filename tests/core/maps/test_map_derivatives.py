"""Derivatives of maps against central differences, and their values against the estimates in single precision."""

import numpy as np
import pytest
import torch

from core.learning.networks.heads import GaussianHead
from core.learning.networks.input_layer import InputLayer
from core.learning.training_settings import Spectrum
from core.maps.inverse_map import LABELLED, available_inverse_maps, load_inverse_map
from core.maps.map_derivatives import differentiable, first_network
from core.maps.test_sets import published_test_set

KNOWN = {"zeta": -0.4, "gamma": 3.0}
NAMES = (
    *available_inverse_maps(),
    *(str(LABELLED / f"{name}.safetensors") for name in available_inverse_maps(LABELLED)),
)
N = 12


@pytest.fixture(scope="module")
def traces():
    return published_test_set().noisy[:N].astype(float)


def unit_directions(shape, seed=0):
    directions = np.random.default_rng(seed).standard_normal(shape)
    return directions / np.linalg.norm(directions, axis=1, keepdims=True)


@pytest.mark.parametrize("name", NAMES)
def test_values_are_the_estimates_of_the_map(name, traces):
    learned = load_inverse_map(name)
    known = None if learned.recipe.task.given is None else np.array([list(KNOWN.values())])
    off = differentiable(learned, KNOWN)(traces) - learned.predict(traces, known).mean
    # Single precision has seven digits; a step amplifies their errors by the quotient of two Gaussians' widths.
    assert np.max(np.abs(off / learned.recipe.task.widths)) < 5e-5


@pytest.mark.parametrize("name", NAMES)
def test_jacobians_are_those_of_central_differences(name, traces):
    function, size = differentiable(load_inverse_map(name), KNOWN), 1e-4
    directions = unit_directions(traces.shape)
    estimates, jacobian = function.jacobian(traces)
    np.testing.assert_array_equal(estimates, function(traces))
    slopes = (function(traces + size * directions) - function(traces - size * directions)) / (2 * size)
    off = np.abs(np.einsum("npt,nt->np", jacobian, directions) - slopes)
    assert np.all(off <= 1e-4 * np.linalg.norm(jacobian, axis=2) / np.sqrt(traces.shape[1]) + 1e-12)


def test_a_window_that_is_shorter_than_the_longest_has_derivatives_by_its_own_samples(traces):
    function, size = differentiable(load_inverse_map("window"), KNOWN), 1e-4
    short, directions = traces[:3, :300], unit_directions((3, 300))
    slopes = (function(short + size * directions) - function(short - size * directions)) / (2 * size)
    np.testing.assert_allclose(
        np.einsum("npt,nt->np", function.jacobian(short)[1], directions), slopes, rtol=1e-4, atol=1e-9
    )


def test_without_learned_steps_a_map_is_its_first_network(traces):
    learned = load_inverse_map("best")
    with torch.no_grad():
        scaled = learned.network.first(torch.from_numpy(traces.astype(np.float32))).mean.double().numpy()
    expected = learned.recipe.task.unscale(scaled)
    np.testing.assert_allclose(differentiable(first_network(learned), KNOWN)(traces), expected, atol=1e-5)
    assert first_network(load_inverse_map("cnn-noisy")).network is not None


def test_products_with_the_last_hidden_layer_lead_to_the_jacobian_of_the_map(traces):
    """The head of a point estimate is a linear layer and a sigmoid, whose derivative is s (1 − s)."""
    learned = load_inverse_map("dense-noisy")
    function, task = differentiable(learned, KNOWN), learned.recipe.task
    direction, weights = unit_directions((1, traces.shape[1]))[0], unit_directions((N, 32), 1)
    forward, adjoint = function.hidden_products(traces, -1)
    estimates, jacobian = function.jacobian(traces)
    share = task.scale(estimates)
    head = function.network[-2].weight.detach().numpy()
    through = task.widths * share * (1 - share) * (forward(direction) @ head.T)
    np.testing.assert_allclose(through, jacobian @ direction, rtol=1e-10)
    assert np.sum(weights * forward(direction)) == pytest.approx(adjoint(weights) @ direction, rel=1e-10)


@pytest.mark.parametrize(("name", "width"), [("dense-noisy", 32), ("cnn-noisy", 8 * 499), ("best", 768)])
def test_the_first_hidden_layer_is_that_of_the_network(name, width, traces):
    forward, _ = differentiable(load_inverse_map(name), KNOWN).hidden_products(traces, 0)
    assert forward(traces[0]).shape == (N, width)
    with pytest.raises(IndexError):
        differentiable(load_inverse_map(name), KNOWN).hidden_products(traces, 99)


def test_networks_compute_in_double_precision_where_they_are_given_it():
    features = torch.randn(3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert all(part.dtype == torch.float64 for part in GaussianHead(4, 2).double()(features))
    spectrum = InputLayer(Spectrum(), 4, 0, False)(features).numpy()
    powers = np.abs(np.fft.rfft(features.numpy())) ** 2 / 4
    np.testing.assert_allclose(spectrum, np.log(powers + 1e-12), rtol=1e-13)
    assert GaussianHead(4, 2).bfloat16()(features.bfloat16()).mean.dtype == torch.float32
