import dataclasses
import json
import re
from itertools import islice, pairwise

import numpy as np
import pytest
import torch

from core.learning.networks import Gaussian, build
from core.maps import training
from core.maps.training import (
    N_VALIDATION,
    TEST_STREAM,
    TRAINING_STREAM,
    VALIDATION_STREAM,
    TrainingSettings,
    predict,
    train,
)
from core.priors import TruncatedGaussian

TINY = TrainingSettings(n_samples=200, epochs=12)


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
    network = build("cnn", 1000, 2, seed=99)
    network.load_state_dict(reports[-1].best_weights)
    data = TINY.dataset(N_VALIDATION, VALIDATION_STREAM)
    with torch.inference_mode():
        outputs = network(torch.from_numpy(data.noisy)).double().numpy()
    targets = (data.theta - [-0.2, -0.4]) / [1.2, 1.6]
    # In single precision outputs are off by some 1e-7, by the splitting into batches.
    assert abs(np.mean(np.abs(outputs - targets)) - reports[-1].best_validation_loss) <= 1e-7


def test_the_same_settings_give_the_same_weights(reports):
    again = list(islice(train(TINY), 3))
    assert [report.validation_loss for report in again] == [report.validation_loss for report in reports[:3]]
    weights = again[-1].best_weights
    assert all(torch.equal(weights[name], reports[2].best_weights[name]) for name in weights)
    other = next(train(dataclasses.replace(TINY, seed=1)))
    assert other.validation_loss != reports[0].validation_loss


def test_later_epochs_leave_earlier_best_weights_alone():
    training = train(dataclasses.replace(TINY, epochs=3))
    first = next(training).best_weights
    kept = {name: tensor.clone() for name, tensor in first.items()}
    list(training)
    assert all(torch.equal(first[name], kept[name]) for name in kept)


OURS = TrainingSettings(
    "wide", n_samples=1000, epochs=6, batch_size=64, learning_rate=2e-3, widths=(64, 32), renewed="everything"
)


def drawn(settings, epochs, monkeypatch):
    """Return the data set of each epoch that a training is given."""
    given = []
    monkeypatch.setattr(training, "_train_epoch", lambda *arguments: given.append(arguments[3]) or 0.0)
    list(train(dataclasses.replace(settings, epochs=epochs)))
    return given


def test_what_is_drawn_anew(monkeypatch):
    """Nothing; the noise in every epoch; and the simulations too, in every fourth."""
    same = drawn(dataclasses.replace(OURS, renewed="nothing"), 3, monkeypatch)
    assert same[0] is same[1] is same[2]
    noise = drawn(dataclasses.replace(OURS, renewed="noise"), 6, monkeypatch)
    assert all(np.array_equal(each.theta, noise[0].theta) for each in noise)
    differences = noise[1].noisy - noise[0].noisy
    # Two draws of noise: twice the variance 0.35² (1 + (0.0097/0.07)²), known to about 2 %.
    assert abs(np.var(differences) / (2 * 0.35**2 * 1.019) - 1) <= 0.1
    everything = drawn(OURS, 9, monkeypatch)
    kept = [np.array_equal(a.theta, b.theta) for a, b in pairwise(everything)]
    assert kept == [True, True, True, False, True, True, True, False]
    assert all(not np.array_equal(a.noisy, b.noisy) for a, b in pairwise(everything))


def test_clean_training_draws_no_noise(monkeypatch):
    given = drawn(dataclasses.replace(OURS, renewed="noise", noisy=False), 2, monkeypatch)
    assert given[0] is given[1]


def test_gaussian_training_learns_mean_and_covariance():
    """A third of the prior's spread is explained, and squared errors are about as large as the covariance says."""
    last = list(train(OURS))[-1]
    assert last.best_validation_loss < 0.7 * 0.1807
    network = OURS.network()
    network.load_state_dict(last.best_weights)
    data = OURS.dataset(2000, TEST_STREAM)
    mean, covariance = predict(network, data.noisy)
    errors = np.mean((mean - OURS.scale(data.theta)) ** 2, axis=0)
    assert np.all(np.abs(np.log(errors / np.einsum("nii->ni", covariance).mean(axis=0))) <= np.log(2))


def test_weights_of_traces_leave_the_best_gaussian_alone():
    """They are constants for the gradient: at the truth of a normal law its expectation is zero, weighted or not."""
    rng = np.random.default_rng(0)
    n, sds = 200_000, np.array([0.1, 0.01])
    truth = torch.from_numpy(rng.normal(size=(2 * n, 2)) * np.repeat(sds, n)[:, None]).float()
    mean = torch.zeros(2, 2, requires_grad=True)
    log_sd = torch.log(torch.tensor(sds)).float().requires_grad_()
    which = torch.repeat_interleave(torch.arange(2), n)
    factor = torch.diag_embed((-log_sd[which, None]).exp().expand(-1, 2))
    loss, _ = training._loss(Gaussian(mean[which], factor), truth)
    loss.backward()
    # Per trace the weighted gradients are of order 1 in the mean, and sd in the log of the sd: standard errors of each.
    assert torch.all(mean.grad.abs() <= 5 / np.sqrt(n))
    assert torch.all(log_sd.grad.abs() <= 5 * torch.tensor(sds) * 2 / np.sqrt(n))


def test_clean_settings_train_on_clean_traces():
    """Per sample, the clean and the noisy tiny trainings see the same θ; only the traces differ."""
    clean = next(train(dataclasses.replace(TINY, noisy=False)))
    network = build("cnn", 1000, 2, seed=0)
    network.load_state_dict(clean.best_weights)
    data = TINY.dataset(N_VALIDATION, VALIDATION_STREAM)
    losses = [np.mean(np.abs(predict(network, x)[0] - TINY.scale(data.theta))) for x in (data.clean, data.noisy)]
    assert abs(losses[0] - clean.validation_loss) <= 1e-7
    assert abs(losses[1] - clean.validation_loss) > 1e-6


def test_streams_share_no_draws():
    streams = [TINY.dataset(500, stream).theta for stream in (TRAINING_STREAM, VALIDATION_STREAM, TEST_STREAM)]
    streams.append(TINY.dataset(500, TRAINING_STREAM, seed=1).theta)
    assert len(np.unique(np.concatenate(streams)[:, 0])) == 4 * 500


def test_scaling_maps_the_box_to_the_unit_square():
    corners = np.array([[-0.2, -0.4], [1.0, 1.2], [0.4, 0.4]])
    unit = np.array([[0.0, 0.0], [1.0, 1.0], [0.5, 0.5]])
    assert np.allclose(TINY.scale(corners), unit, rtol=0, atol=1e-15)
    assert np.allclose(TINY.unscale(unit), corners, rtol=0, atol=1e-15)


def test_settings_survive_json():
    settings = TrainingSettings(
        "dense",
        TruncatedGaussian(("theta0", "theta1"), (0.1, 0.2), (0.3, 0.4), (-0.1, 0.0), (0.5, 0.6)),
        TruncatedGaussian(("rho", "sigma"), (0.5, 0.1), (0.1, 0.02), (0.2, 0.05), (0.7, 0.15)),
        noisy=False,
        zeta=-0.3,
        gamma=1 / 3,
        n_samples=123,
        epochs=4,
        batch_size=8,
        learning_rate=1e-3,
        seed=7,
    )
    assert TrainingSettings.from_json(json.loads(json.dumps(settings.as_json()))) == settings
    settings = dataclasses.replace(settings, architecture="wide", widths=(8, 4), renewed="noise")
    assert TrainingSettings.from_json(json.loads(json.dumps(settings.as_json()))) == settings


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"architecture": "rnn"}, "architecture"),
        ({"n_samples": 99}, "between 100 and 20,000; it is 99"),
        ({"n_samples": 20_001}, "number of samples"),
        ({"epochs": 0}, "number of epochs"),
        ({"widths": (8,)}, "and no others, need widths"),
        ({"architecture": "wide"}, "residual, and no others, need widths"),
        ({"n_samples": 200.5}, "must be whole numbers"),
        ({"seed": -1}, "seed must lie between 0 and 9,223,372,036,854,775,807; it is −1"),
        ({"seed": None}, "must be whole numbers"),
        ({"learning_rate": float("inf")}, "must be finite numbers"),
        ({"learning_rate": 1.5}, "above zero, and at most one"),
        ({"architecture": "wide", "widths": (8, 0)}, "from 1 to 4,096"),
        ({"renewed": "all"}, "nothing, noise, everything"),
        ({"epochs": 1001}, "number of epochs"),
        ({"gamma": 0.0}, "γ above zero"),
        ({"zeta": float("nan")}, "finite"),
        (
            {"noise_law": TruncatedGaussian(("rho", "sigma"), (0.9, 0.07), (0.1, 0.01), (0.5, 0.04), (1.0, 0.1))},
            "strictly between",
        ),
        (
            {"noise_law": TruncatedGaussian(("rho", "sigma"), (0.8, 0.01), (0.1, 0.01), (0.5, -0.01), (0.9, 0.1))},
            "at zero or above",
        ),
    ],
)
def test_bad_settings_end_in_a_sentence(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        dataclasses.replace(TINY, **changes)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda content: content.pop("prior"), "The training settings are not complete: prior missing."),
        (
            lambda content: content.update(nonsense=1),
            "The training settings have an entry that is not known: nonsense.",
        ),
        (
            lambda content: content["prior"].pop("sd"),
            "The training settings are not complete: prior needs names, mean, sd, lower, upper.",
        ),
        (
            lambda content: content["prior"].update(sd=3),
            "The training settings are not valid: all entries of prior must be lists.",
        ),
        (
            lambda content: content["prior"].update(sd=[0.3]),
            "Each parameter needs a mean, a standard deviation and two bounds.",
        ),
        (
            lambda content: content["prior"].update(mean=["0.4", 0.4]),
            "The distribution of θ₀ needs a finite mean and finite bounds.",
        ),
        (
            lambda content: content["noise_law"].update(names=["sigma", "rho"]),
            "A training needs a prior of θ₀ and θ₁, and a distribution of ρ and σ.",
        ),
        (
            lambda content: content.update(epochs="many"),
            "N, epochs, batch size and seed of a training must be whole numbers.",
        ),
        (
            lambda content: content.update(seed=True),
            "N, epochs, batch size and seed of a training must be whole numbers.",
        ),
        (
            lambda content: content.update(architecture="wide", widths=[8] * 400),
            "At most 16 layers can have widths, each from 1 to 4,096.",
        ),
        (
            lambda content: content["prior"].update(upper=[1e300, 1.2]),
            "Mean and bounds of θ₀ must lie between −100 and 100, the bounds at least 0.000001 apart.",
        ),
        (
            lambda content: content["noise_law"].update(sd=[0.1, 1e9]),
            "The standard deviation of σ must lie between 0.000001 and 1,000.",
        ),
    ],
)
def test_settings_of_a_file_that_are_not_valid_end_in_a_plain_sentence(spoil, sentence):
    content = json.loads(json.dumps(TINY.as_json()))
    spoil(content)
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        TrainingSettings.from_json(content)
