import dataclasses

import numpy as np
import pytest
import torch
from scipy.signal import lfilter

from core.learning.loop import train_network
from core.learning.training_settings import Dense
from core.maps.dataset import TRAINING_STREAM, VALIDATION_STREAM, dataset, epoch_dataset
from core.maps.device_samples import NoiseOnDevice, coloured
from core.maps.inputs import from_columns
from core.maps.recipe import NewNoise, NewSimulations
from core.maps.recipes import conditional_task, gaussian_recipe, joint_task, published_task
from core.maps.untrained_network import samples, untrained_network
from core.noise import colour

N = 400
JOINT = gaussian_recipe(joint_task(), Dense((8,)), NewNoise(N), 12)
WINDOW = dataclasses.replace(conditional_task(), n_times=(100, 300))
TOLD = gaussian_recipe(WINDOW, Dense((8,)), NewSimulations(N, 2), 12)


@pytest.mark.parametrize("n_times", [1, 2, 3, 1000])
def test_the_same_normals_give_the_same_noise(n_times):
    """As `core.noise` and as SciPy's recursive filter, up to single precision."""
    rng = np.random.default_rng(0)
    normals = rng.standard_normal((5, n_times))
    rho, sd = np.array([-0.9, 0.0, 0.629, 0.8, 0.971]), np.array([0.1, 1.0, 0.3, 0.35, 0.5])
    tensors = (torch.tensor(each, dtype=torch.float32) for each in (normals, rho, sd))
    found = coloured(*tensors).numpy()
    assert np.allclose(found, colour(normals, rho, sd), rtol=0, atol=1e-5)
    for row, white, r, s in zip(found, normals, rho, sd, strict=True):
        innovations = np.r_[white[0], np.sqrt(1 - r**2) * white[1:]]
        assert np.allclose(row, s * lfilter([1], [1, -r], innovations), rtol=0, atol=1e-5)


def test_the_noise_has_the_law_of_its_row():
    """Innovations of unit variance, uncorrelated with the sample before, as the targets' σ and ρ say.

    Mean squares of n normals have the standard error √(2/n), products √(1/n); five of each.
    """
    drawn = NoiseOnDevice(JOINT, "cpu")
    inputs, targets = (each.numpy().astype(float) for each in drawn(1))
    sigma, rho = JOINT.task.unscale(targets)[:, 2:, None].transpose(1, 0, 2)
    low, high = JOINT.task.noise.bounds.T
    assert np.all((np.column_stack([rho, sigma]) >= low - 1e-6) & (np.column_stack([rho, sigma]) <= high + 1e-6))
    noise = (inputs - drawn.before.clean) / (sigma / 0.2)
    innovations = (noise[:, 1:] - rho * noise[:, :-1]) / np.sqrt(1 - rho**2)
    assert abs(np.mean(innovations**2) - 1) <= 5 * np.sqrt(2 / innovations.size)
    assert abs(np.mean(innovations * noise[:, :-1])) <= 5 / np.sqrt(innovations.size)
    assert abs(np.mean(noise[:, 0] ** 2) - 1) <= 5 * np.sqrt(2 / N)


def test_the_simulations_are_those_of_the_processor():
    """Parameters and clean traces of a task that has no noise, new when the data say so; noise in every epoch."""
    drawn = NoiseOnDevice(TOLD, "cpu")
    epochs = [drawn(epoch) for epoch in range(1, 5)]
    clean_task = dataclasses.replace(WINDOW, noise=None)
    first = dataset(clean_task, N, TRAINING_STREAM)
    later = epoch_dataset(clean_task, TOLD.data, 0, 3, None)
    for (_, targets), data in zip(epochs, (first, first, later, later), strict=True):
        assert np.allclose(targets, WINDOW.scale(data.theta), rtol=0, atol=1e-6)
    assert not torch.equal(epochs[0][0], epochs[1][0])
    # A training that resumes in the fourth epoch sees what it would have seen.
    again = NoiseOnDevice(TOLD, "cpu")(4)
    assert all(torch.equal(*pair) for pair in zip(again, epochs[3], strict=True))


def test_windows_end_where_they_say_and_given_parameters_are_told():
    drawn = NoiseOnDevice(TOLD, "cpu")
    inputs = drawn(1)[0].numpy()
    found = from_columns(WINDOW, inputs)
    assert np.allclose(found.given, drawn.before.given, rtol=0, atol=1e-6)
    assert np.all((found.lengths >= 100) & (found.lengths <= 300))
    assert len(np.unique(found.lengths)) > 100
    real = np.arange(300) < found.lengths[:, None]
    assert np.all(found.traces[~real] == 0)
    noise = (found.traces - drawn.before.clean)[real]
    # Of σ/Δt = 0.35 (1 ± 0.139): its variance, of effectively more than 5,000 independent samples.
    assert abs(np.var(noise) / (0.35**2 * 1.019) - 1) <= 5 * np.sqrt(2 / 5000)
    assert not np.array_equal(from_columns(WINDOW, drawn(2)[0].numpy()).lengths, found.lengths)


def test_a_training_learns_from_them():
    """As from the processor's samples, which have the same laws: errors of the same size after a few epochs."""
    recipe = gaussian_recipe(published_task(), Dense((32,)), NewNoise(1000), 6, batch_size=50)
    validation = samples(recipe.task, dataset(recipe.task, 500, VALIDATION_STREAM))
    given = {"processor": lambda epoch: samples(recipe.task, epoch_dataset(recipe.task, recipe.data, 0, epoch, None)),
             "device": NoiseOnDevice(recipe, "cpu")}  # fmt: skip
    losses = {
        name: list(train_network(untrained_network(recipe), recipe.loss, recipe.optimiser, 0, each, validation))[-1]
        for name, each in given.items()
    }
    ratio = losses["device"].best_validation_loss / losses["processor"].best_validation_loss
    assert 0.8 <= ratio <= 1.25
    assert losses["device"].best_validation_loss < 0.7 * 0.1807  # of the best constant, see test_train.py
