import dataclasses
import json
from itertools import islice

import numpy as np
import pytest
import torch
from safetensors.torch import load

from core.learning.networks.network import predict
from core.learning.training_settings import (
    Adam,
    Cnn,
    Dense,
    GaussianEstimate,
    GaussianLikelihood,
    Residual,
    TimeSeries,
)
from core.maps.dataset import TEST_STREAM, TRAINING_STREAM, VALIDATION_STREAM, dataset
from core.maps.evaluation import describe
from core.maps.inverse_map import inverse_map, load_inverse_map
from core.maps.recipe import NewNoise, NewSimulations, Recipe
from core.maps.recipe_file import recipe_as_json, recipe_from_json
from core.maps.recipes import PUBLISHED_DENSE, gaussian_recipe, joint_task, point_recipe, published_task
from core.maps.train import key_of, map_of, read_trained, run_training, train, write_trained
from core.maps.untrained_network import N_VALIDATION, untrained_network

TINY = point_recipe(published_task(), Cnn(), 200, Adam(12))
LIKELY = gaussian_recipe(published_task(), Dense((64, 32)), NewSimulations(1000), 6, batch_size=64)
RECIPE = point_recipe(published_task(), PUBLISHED_DENSE, 200, Adam(3))
OVERFITTING = point_recipe(joint_task(), PUBLISHED_DENSE, 200, Adam(40, learning_rate=1e-2))
OURS = gaussian_recipe(published_task(), Residual((16,)), NewNoise(200), 2, batch_size=64, learning_rate=1e-3)


@pytest.fixture(scope="module")
def reports():
    return list(train(TINY))


def test_beats_the_best_constant(reports):
    """It errs by the mean of |z| cut at ±2, 2 (φ(0) − φ(2)) / 0.9545 = 0.723 sd, on a box of 4 sd: 0.1807."""
    assert reports[-1].best_validation_loss < 0.7 * 0.1807
    assert reports[-1].training_loss < 0.7 * reports[0].training_loss


def test_one_report_an_epoch(reports):
    assert [report.epoch for report in reports] == list(range(1, 13))
    losses = [report.validation_loss for report in reports]
    assert [report.best_validation_loss for report in reports] == np.minimum.accumulate(losses).tolist()
    assert [report.best_epoch for report in reports] == [1 + int(np.argmin(losses[: k + 1])) for k in range(12)]
    seconds = [report.seconds for report in reports]
    assert seconds == sorted(seconds)


def test_best_weights_have_the_best_validation_loss(reports):
    network = untrained_network(dataclasses.replace(TINY, seed=99))
    network.load_state_dict(reports[-1].best_weights)
    data = dataset(TINY.task, N_VALIDATION, VALIDATION_STREAM)
    with torch.inference_mode():
        outputs = network(torch.from_numpy(data.noisy)).double().numpy()
    targets = (data.theta - [-0.2, -0.4]) / [1.2, 1.6]
    # In single precision outputs are off by some 1e-7, by the splitting into batches.
    assert abs(np.mean(np.abs(outputs - targets)) - reports[-1].best_validation_loss) <= 1e-7


def test_the_same_recipe_gives_the_same_weights(reports):
    again = list(islice(train(TINY), 3))
    assert [report.validation_loss for report in again] == [report.validation_loss for report in reports[:3]]
    weights = again[-1].best_weights
    assert all(torch.equal(weights[name], reports[2].best_weights[name]) for name in weights)
    other = next(train(dataclasses.replace(TINY, seed=1)))
    assert other.validation_loss != reports[0].validation_loss


def test_later_epochs_leave_earlier_best_weights_alone():
    training = train(dataclasses.replace(TINY, optimiser=Adam(3)))
    first = next(training).best_weights
    kept = {name: tensor.clone() for name, tensor in first.items()}
    list(training)
    assert all(torch.equal(first[name], kept[name]) for name in kept)


def test_a_training_that_overfits_keeps_its_best_or_its_last_epoch():
    """The errors of all epochs are the same; the kept weights have the least of them, or the last one."""
    data = dataset(OVERFITTING.task, N_VALIDATION, VALIDATION_STREAM)
    losses = [report.validation_loss for report in train(OVERFITTING)]
    assert losses[-1] > 1.02 * min(losses)
    for keeps_last, epoch in ((False, 1 + int(np.argmin(losses))), (True, len(losses))):
        recipe = dataclasses.replace(OVERFITTING, keeps_last_epoch=keeps_last)
        weights, record = run_training(recipe)
        assert (record["best_epoch"], record["validation_loss"]) == (epoch, losses[epoch - 1])
        network = untrained_network(recipe)
        network.load_state_dict(load(weights))
        error = np.mean(np.abs(predict(network, data.noisy)[0] - recipe.task.scale(data.truth(recipe.task))))
        assert abs(error - losses[epoch - 1]) <= 1e-7


def test_gaussian_training_learns_mean_and_covariance():
    """A third of the prior's spread is explained, and squared errors are about as large as the covariance says."""
    last = list(train(LIKELY))[-1]
    assert last.best_validation_loss < 0.7 * 0.1807
    network = untrained_network(LIKELY)
    network.load_state_dict(last.best_weights)
    data = dataset(LIKELY.task, 2000, TEST_STREAM)
    mean, covariance = predict(network, data.noisy)
    errors = np.mean((mean - LIKELY.task.scale(data.theta)) ** 2, axis=0)
    assert np.all(np.abs(np.log(errors / np.einsum("nii->ni", covariance).mean(axis=0))) <= np.log(2))


def test_a_clean_task_is_trained_on_clean_traces():
    """Per sample, the clean and the noisy tiny trainings see the same θ; only the traces differ."""
    clean = next(train(dataclasses.replace(TINY, task=published_task(noisy=False))))
    network = untrained_network(TINY)
    network.load_state_dict(clean.best_weights)
    data = dataset(TINY.task, N_VALIDATION, VALIDATION_STREAM)
    losses = [np.mean(np.abs(predict(network, x)[0] - TINY.task.scale(data.theta))) for x in (data.clean, data.noisy)]
    assert abs(losses[0] - clean.validation_loss) <= 1e-7
    assert abs(losses[1] - clean.validation_loss) > 1e-6


def test_streams_share_no_draws():
    streams = [dataset(TINY.task, 500, stream).theta for stream in (TRAINING_STREAM, VALIDATION_STREAM, TEST_STREAM)]
    streams.append(dataset(TINY.task, 500, TRAINING_STREAM, seed=1).theta)
    assert len(np.unique(np.concatenate(streams)[:, 0])) == 4 * 500


def test_scaling_maps_the_box_to_the_unit_square():
    corners = np.array([[-0.2, -0.4], [1.0, 1.2], [0.4, 0.4]])
    unit = np.array([[0.0, 0.0], [1.0, 1.0], [0.5, 0.5]])
    assert np.allclose(TINY.task.scale(corners), unit, rtol=0, atol=1e-15)
    assert np.allclose(TINY.task.unscale(unit), corners, rtol=0, atol=1e-15)


def test_other_recipes_have_another_name():
    names = {key_of(dataclasses.replace(RECIPE, seed=seed)) for seed in range(5)}
    assert len(names) == 5
    assert key_of(RECIPE) == key_of(recipe_from_json(recipe_as_json(RECIPE)))


def test_a_training_is_kept_and_found_again(tmp_path):
    assert read_trained(tmp_path, RECIPE) is None
    weights, record = run_training(RECIPE)
    write_trained(tmp_path, RECIPE, (weights, record))
    assert read_trained(tmp_path, RECIPE) == (weights, json.loads(json.dumps(record)))
    best = list(train(RECIPE))[-1]
    assert record["validation_loss"] == best.best_validation_loss
    assert all(torch.equal(tensor, best.best_weights[name]) for name, tensor in load(weights).items())
    data = dataset(RECIPE.task, 2000, VALIDATION_STREAM)
    found = map_of(tmp_path, RECIPE, "a-map")
    error = np.mean(np.abs(RECIPE.task.scale(found.predict(data.noisy).mean) - RECIPE.task.scale(data.theta)))
    assert abs(error - record["validation_loss"]) <= 1e-7


def test_a_record_without_its_training_is_not_whole(tmp_path):
    """The record is written last; what lacks it counts as not trained."""
    write_trained(tmp_path, RECIPE, run_training(RECIPE))
    (tmp_path / f"{key_of(RECIPE)}.json").unlink()
    assert read_trained(tmp_path, RECIPE) is None


def test_ours_comes_calibrated():
    weights, _ = run_training(OURS)
    spread = next(float(tensor) for name, tensor in load(weights).items() if name.endswith("spread"))
    assert spread != 1.0


def test_a_step_that_a_training_left_out_is_told_in_its_record_and_its_card(tmp_path, monkeypatch):
    monkeypatch.setattr("core.maps.gauss_newton_step.SAMPLES_RANGE", (200, 200))
    monkeypatch.setattr("core.maps.gauss_newton_step.validation_error", lambda recipe, network: 1.0)
    recipe = small(WITHOUT_PRECEDENT["dense with one learned step"])
    weights, record = run_training(recipe)
    assert (recipe.learned_steps, record["learned_steps"]) == (1, 0)
    write_trained(tmp_path, recipe, (weights, record))
    made = describe(map_of(tmp_path, recipe, "a-map"), "", "", {}, {})
    made.save(tmp_path)
    loaded = load_inverse_map(tmp_path / "a-map.safetensors")
    assert loaded.card["training"]["learned_steps"] == 0
    assert loaded.recipe == recipe
    traces = dataset(recipe.task, 20, TEST_STREAM).noisy
    assert np.array_equal(loaded.predict(traces).mean, made.predict(traces).mean)


def small(recipe):
    """Return a recipe with two epochs of 200 samples."""
    data = dataclasses.replace(recipe.data, n=200)
    return dataclasses.replace(recipe, data=data, optimiser=dataclasses.replace(recipe.optimiser, epochs=2))


PUBLISHED_CNN = point_recipe(published_task(), Cnn(), 8000, Adam())
WITHOUT_PRECEDENT = {
    "the published CNN with a Gaussian head": dataclasses.replace(
        PUBLISHED_CNN, head=GaussianEstimate(), loss=GaussianLikelihood()
    ),
    "dense with one learned step": Recipe(
        published_task(), TimeSeries(), PUBLISHED_DENSE, GaussianEstimate(), GaussianLikelihood(), NewNoise(8000),
        Adam(gradient_clip=0.5), learned_steps=1,
    ),
    "residual, point estimate, fixed data": point_recipe(published_task(), Residual((128, 128)), 8000, Adam()),
}  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.long if recipe.learned_steps else ())
        for name, recipe in WITHOUT_PRECEDENT.items()
    ],
)
def test_settings_that_were_never_tied_together_make_a_map(name, tmp_path, monkeypatch):
    monkeypatch.setattr("core.maps.gauss_newton_step.SAMPLES_RANGE", (200, 200))
    recipe = small(WITHOUT_PRECEDENT[name])
    weights, record = run_training(recipe)
    assert recipe_from_json(json.loads(json.dumps(record["recipe"]))) == recipe
    inverse_map("a-map", recipe, load(weights), {"training": record}).save(tmp_path)
    data = dataset(recipe.task, 500, TEST_STREAM)
    estimate = load_inverse_map(tmp_path / "a-map.safetensors").predict(data.noisy)
    assert (estimate.covariance is None) == (recipe.head != GaussianEstimate())
    # Better than the best constant, which errs by 0.1807 of the box, or no worse: two epochs teach little.
    assert np.mean(np.abs(recipe.task.scale(estimate.mean) - recipe.task.scale(data.theta))) <= 0.3
    if estimate.covariance is not None:
        assert np.all(np.linalg.eigvalsh(estimate.covariance) > 0)
