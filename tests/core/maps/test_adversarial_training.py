"""Adversarial training: perturbations of a linear network, whose worst ones are known, and what a training leaves."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load
from torch import nn

from core.learning.training_settings import Adam, Dense, Spectrum
from core.maps.adversarial_training import Adversary, run_adversarial_training
from core.maps.dataset import VALIDATION_STREAM, dataset
from core.maps.inverse_map import inverse_map
from core.maps.map_derivatives import differentiable
from core.maps.recipes import point_recipe, published_task
from core.maps.train import run_training
from core.noise import Noise
from core.perturbations.amplification import amplification
from core.perturbations.whitened import by_whitened_trace, perturbation_of, whitened_size

NOISE, SIZE = Noise(0.8, 0.35), 5.0
RECIPE = point_recipe(published_task(), Dense((32, 32)), 500, Adam(15))


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def test_the_worst_perturbation_of_a_linear_network_is_found():
    """|a·(d + L w) − m|² is largest at w = ± size · L'a / |L'a|, with the sign of the error."""
    network, rng = nn.Linear(40, 1, bias=False).double(), np.random.default_rng(0)
    traces, targets = torch.from_numpy(rng.standard_normal((6, 40))), torch.from_numpy(rng.standard_normal((6, 1)))
    found = Adversary(NOISE, SIZE)(network, traces, targets)
    white = by_whitened_trace(network.weight.detach().numpy(), NOISE)
    signs = np.sign((network(traces) - targets).detach().numpy())
    expected = perturbation_of(signs * SIZE * white / np.linalg.norm(white), NOISE)
    np.testing.assert_allclose((found - traces).numpy(), expected, atol=1e-9)
    np.testing.assert_allclose(whitened_size((found - traces).numpy(), NOISE), SIZE)


def median_amplification(trained):
    weights, _ = trained
    learned = inverse_map("it", RECIPE, load(weights), {})
    traces = dataset(RECIPE.task, 50, VALIDATION_STREAM).noisy.astype(float)
    jacobians = differentiable(learned, {}).jacobian(traces)[1]
    return np.median([amplification(each, NOISE, np.eye(2)).value for each in jacobians])


def test_a_map_that_is_trained_against_perturbations_is_moved_less():
    against = run_adversarial_training(RECIPE, Adversary(NOISE, SIZE))
    assert against[1]["adversary"]["size"] == SIZE
    assert median_amplification(against) < 0.7 * median_amplification(run_training(RECIPE))


def test_maps_that_get_something_else_than_the_trace_are_refused():
    with pytest.raises(ValueError, match="time series alone"):
        run_adversarial_training(replace(RECIPE, inputs=Spectrum()), Adversary(NOISE, SIZE))
