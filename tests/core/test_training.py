import dataclasses
import json
from itertools import islice

import numpy as np
import pytest
import torch

from core.networks import build
from core.priors import TruncatedGaussian
from core.training import (
    N_VALIDATION,
    TEST_STREAM,
    TRAINING_STREAM,
    VALIDATION_STREAM,
    TrainingSettings,
    predict,
    train,
)

TINY = TrainingSettings(n_samples=200, epochs=12)


@pytest.fixture(scope="module")
def reports():
    return list(train(TINY))


def test_beats_the_best_constant(reports):
    """It has the variance of a Gaussian cut at ±2 sd, 0.7737 sd², on a box of 4 sd: 0.7737/16 = 0.0484."""
    assert reports[-1].best_validation_loss < 0.5 * 0.0484
    assert reports[-1].training_loss < 0.5 * reports[0].training_loss


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
    assert abs(np.mean((outputs - targets) ** 2) - reports[-1].best_validation_loss) <= 1e-7


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


def test_clean_settings_train_on_clean_traces():
    """Per sample, the clean and the noisy tiny trainings see the same θ; only the traces differ."""
    clean = next(train(dataclasses.replace(TINY, noisy=False)))
    network = build("cnn", 1000, 2, seed=0)
    network.load_state_dict(clean.best_weights)
    data = TINY.dataset(N_VALIDATION, VALIDATION_STREAM)
    losses = [np.mean((predict(network, x) - TINY.scale(data.theta)) ** 2) for x in (data.clean, data.noisy)]
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


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"architecture": "rnn"}, "architecture"),
        ({"n_samples": 99}, "between 100 and 20,000; it is 99"),
        ({"n_samples": 20_001}, "number of samples"),
        ({"epochs": 0}, "number of epochs"),
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
    "spoil",
    [
        lambda content: content.pop("prior"),
        lambda content: content.update(nonsense=1),
        lambda content: content["prior"].pop("sd"),
        lambda content: content["prior"].update(sd=3),
        lambda content: content.update(epochs="many"),
    ],
)
def test_incomplete_settings_end_in_a_sentence(spoil):
    content = json.loads(json.dumps(TINY.as_json()))
    spoil(content)
    with pytest.raises(ValueError, match=r"not complete|must be numbers"):
        TrainingSettings.from_json(content)
