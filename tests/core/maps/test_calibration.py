import dataclasses

import numpy as np
import pytest
import torch
from scipy.stats import chi2

from core.maps.calibration import calibrate
from core.maps.train import finished
from core.maps.training import TEST_STREAM, TrainingSettings, predict, train

SETTINGS = TrainingSettings(
    "wide", n_samples=1000, epochs=8, batch_size=64, learning_rate=2e-3, widths=(64, 64), renewed="everything"
)


def spreads(network):
    return [float(buffer) for name, buffer in network.named_buffers() if name.endswith("spread")]


@pytest.mark.parametrize("renewed", ["noise", "everything"])
def test_ninety_per_cent_regions_hold_ninety_per_cent(renewed):
    """Two sets, of 5,000 and of 2,000 traces: the difference has a standard error of 0.0079; four of it.

    With and without a step behind the network, whose covariance is then the one that counts.
    """
    settings = dataclasses.replace(SETTINGS, renewed=renewed)
    network = finished(settings, list(train(settings))[-1].best_weights)
    data = settings.dataset(2000, TEST_STREAM)
    mean, covariance = predict(network, data.noisy)
    deviations = (settings.scale(data.theta) - mean)[..., None]
    distances = np.sum(deviations * np.linalg.solve(covariance, deviations), axis=(1, 2))
    assert abs(np.mean(distances < chi2.ppf(0.9, 2)) - 0.9) <= 0.032
    before = spreads(network)
    assert len(before) == (2 if settings.refined else 1)
    assert all(0.5 < spread < 2 for spread in before)
    calibrate(settings, network)
    assert spreads(network) == before


def test_a_network_without_covariance_stays_as_it_is():
    settings = TrainingSettings("dense", n_samples=100, epochs=1)
    network = settings.network()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    calibrate(settings, network)
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_a_training_without_weights_ends_in_a_sentence():
    with pytest.raises(ValueError, match="narrow the prior, or lower the noise"):
        finished(SETTINGS, {})
