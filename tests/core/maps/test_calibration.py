import dataclasses

import numpy as np
import pytest
import torch
from scipy.stats import chi2

from core.learning.networks.network import predict
from core.learning.training_settings import Adam, Dense
from core.maps.calibration import calibrate
from core.maps.dataset import TEST_STREAM, dataset
from core.maps.inputs import inputs_of
from core.maps.recipe import NewNoise, NewSimulations
from core.maps.recipes import PUBLISHED_DENSE, conditional_task, gaussian_recipe, point_recipe, published_task
from core.maps.train import finished, train
from core.maps.untrained_network import untrained_network

RECIPES = [gaussian_recipe(published_task(), Dense((64, 64)), data, 8, batch_size=64)
           for data in (NewNoise(1000), NewSimulations(1000))]  # fmt: skip


def spreads(network):
    return [float(buffer) for name, buffer in network.named_buffers() if name.endswith("spread")]


@pytest.mark.parametrize(
    "recipe",
    [RECIPES[0], pytest.param(RECIPES[1], marks=pytest.mark.long)],
    ids=["without a step", "with a step"],
)
def test_ninety_per_cent_regions_hold_ninety_per_cent(recipe):
    """Two sets, of 5,000 and of 2,000 traces: the difference has a standard error of 0.0079; four of it.

    With and without a step behind the network, whose covariance is then the one that counts.
    """
    network = finished(recipe, list(train(recipe))[-1].best_weights)
    data = dataset(recipe.task, 2000, TEST_STREAM)
    mean, covariance = predict(network, data.noisy)
    deviations = (recipe.task.scale(data.theta) - mean)[..., None]
    distances = np.sum(deviations * np.linalg.solve(covariance, deviations), axis=(1, 2))
    assert abs(np.mean(distances < chi2.ppf(0.9, 2)) - 0.9) <= 0.032
    before = spreads(network)
    assert len(before) == 1 + recipe.learned_steps
    assert all(0.5 < spread < 2 for spread in before)
    calibrate(recipe, network)
    assert spreads(network) == before


def test_regions_of_the_noise_are_calibrated_too():
    """Of four parameters, given ζ and γ, in windows; by the same tolerance, before any training."""
    task = dataclasses.replace(conditional_task(), n_times=(100, 200), estimates_noise=True)
    recipe = gaussian_recipe(task, Dense((16,)), NewNoise(1000), 8)
    network = untrained_network(recipe)
    calibrate(recipe, network)
    data = dataset(task, 2000, TEST_STREAM)
    mean, covariance = predict(network, inputs_of(task, data))
    deviations = (task.scale(data.truth(task)) - mean)[..., None]
    distances = np.sum(deviations * np.linalg.solve(covariance, deviations), axis=(1, 2))
    assert abs(np.mean(distances < chi2.ppf(0.9, 4)) - 0.9) <= 0.032


def test_a_network_without_covariance_stays_as_it_is():
    recipe = point_recipe(published_task(), PUBLISHED_DENSE, 100, Adam(1))
    network = untrained_network(recipe)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    calibrate(recipe, network)
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_a_training_without_weights_ends_in_a_sentence():
    with pytest.raises(ValueError, match="narrow the prior, or lower the noise"):
        finished(RECIPES[0], {})
