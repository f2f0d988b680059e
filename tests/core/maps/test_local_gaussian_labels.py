import dataclasses

import numpy as np
import pytest
from scipy.linalg import expm

from core.learning.training_settings import Adam, Cnn, MeanAndCovariance
from core.maps.dataset import TRAINING_STREAM, dataset
from core.maps.local_gaussian_labels import LOG_VARIANCES, as_targets, from_targets, labels_of
from core.maps.recipes import joint_task, point_recipe, published_task, window_recipe
from core.maps.train import map_of, run_training, write_trained
from core.maps.untrained_network import labelled_samples, untrained_network
from core.models.fitzhugh_nagumo.simulate import simulate_potential
from core.models.spikes import spike_statistics
from core.published import time_grid, with_constants

TASK = published_task()
RECIPE = dataclasses.replace(point_recipe(TASK, Cnn(), 100, Adam(2)), head=MeanAndCovariance())
N = 60


@pytest.fixture(scope="module")
def labelled():
    data = dataset(TASK, N, TRAINING_STREAM)
    return data, labels_of(TASK, data)


def covariances(n, seed=0):
    """Return covariances whose sds, in widths of the box, lie between 1e-5 and 1e-2, with correlations up to 0.999."""
    rng = np.random.default_rng(seed)
    sds = TASK.widths * np.exp(rng.uniform(np.log(1e-5), np.log(1e-2), (n, 2)))
    correlation = rng.uniform(-0.999, 0.999, n)
    matrices = np.einsum("ni,nj->nij", sds, sds)
    matrices[:, [0, 1], [1, 0]] *= correlation[:, None]
    return matrices


def test_targets_are_the_logarithm_by_scipy_s_exponential():
    matrices = covariances(20)
    targets = as_targets(TASK, TASK.prior.sample(20, np.random.default_rng(1)), matrices)
    assert np.all((targets > 0) & (targets < 1))
    low, high = LOG_VARIANCES
    for matrix, (first, off, second) in zip(matrices, targets[:, 2:], strict=True):
        diagonal, beside = low + np.array([first, second]) * (high - low), (off - 0.5) * (high - low)
        exponential = expm([[diagonal[0], beside], [beside, diagonal[1]]])
        assert np.allclose(exponential * np.outer(TASK.widths, TASK.widths), matrix, rtol=1e-8)


def test_targets_give_back_mean_and_covariance():
    means, matrices = TASK.prior.sample(20, np.random.default_rng(1)), covariances(20)
    mean, covariance = from_targets(TASK, as_targets(TASK, means, matrices))
    assert np.allclose(mean, means, rtol=0, atol=1e-12)
    assert np.allclose(covariance, matrices, rtol=1e-8)


def test_any_output_is_a_covariance():
    _, covariance = from_targets(TASK, np.random.default_rng(0).uniform(0, 1, (1000, 5)))
    assert np.all(np.linalg.eigvalsh(covariance) > 0)


def test_an_error_of_a_target_is_a_relative_error_of_the_covariance():
    """log(e^δ C) is log C + δ: here δ is 0.1 and both diagonal entries change by it."""
    matrices = covariances(5)
    targets = as_targets(TASK, np.full((5, 2), 0.4), matrices)
    shift = 0.1 / (LOG_VARIANCES[1] - LOG_VARIANCES[0])
    _, covariance = from_targets(TASK, targets + np.array([0, 0, shift, 0, shift]))
    assert np.allclose(covariance, np.exp(0.1) * matrices, rtol=1e-8)


def test_labels_do_not_depend_on_the_rest_of_the_set(labelled):
    data, labels = labelled
    fields = {field.name: getattr(data, field.name)[40:45] for field in dataclasses.fields(data)}
    some = labels_of(TASK, dataclasses.replace(data, **fields))
    assert np.array_equal(some.mean, labels.mean[40:45])
    assert np.array_equal(some.covariance, labels.covariance[40:45])


def test_labels_of_clean_traces_have_the_published_noise(labelled):
    """Their minimum lies where the prior's gradient and the misfit's balance: at θ + C Σ⁻¹ (m̄ − θ) to first order."""
    data, _ = labelled
    clean = dataclasses.replace(data, noisy=data.clean)
    labels = labels_of(published_task(noisy=False), clean)
    theta, covariance = data.theta[labels.valid], labels.covariance[labels.valid]
    moved = np.einsum("nij,nj->ni", covariance, TASK.prior.gradient(theta))
    sd = np.sqrt(np.einsum("nii->ni", covariance))
    assert np.median(np.abs(labels.mean[labels.valid] - theta - moved) / sd) < 0.002


def test_neurons_without_a_spike_rate_have_no_valid_label(labelled):
    data, labels = labelled
    rate, _ = spike_statistics(simulate_potential(with_constants(data.theta), time_grid()), time_grid())
    assert np.isnan(rate).any()
    assert not labels.valid[np.isnan(rate)].any()
    assert labels.valid.mean() > 0.8


def test_only_valid_labels_are_trained_on(labelled):
    data, labels = labelled
    inputs, targets = labelled_samples(TASK, N, TRAINING_STREAM)
    assert np.array_equal(inputs, data.noisy[labels.valid])
    assert targets.shape == (labels.valid.sum(), 5)


def test_a_trained_map_gives_means_and_covariances(tmp_path, monkeypatch):
    monkeypatch.setattr("core.maps.untrained_network.N_VALIDATION", 50)
    write_trained(tmp_path, RECIPE, run_training(RECIPE))
    estimate = map_of(tmp_path, RECIPE, "labelled").predict(dataset(TASK, 5, TRAINING_STREAM).noisy)
    assert estimate.covariance is not None
    assert np.all(np.linalg.eigvalsh(estimate.covariance) > 0)


def test_the_published_network_with_five_outputs():
    """Three outputs more than for two parameters, with 32 weights and a bias each."""
    n_weights = sum(weights.numel() for weights in untrained_network(RECIPE).parameters())
    assert n_weights == 33_874 + 3 * 33


@pytest.mark.parametrize("task", [joint_task(), window_recipe().task])
def test_refuses_tasks_without_labels(task):
    with pytest.raises(ValueError, match="hold for their traces alone"):
        dataclasses.replace(RECIPE, task=task)
