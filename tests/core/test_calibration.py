import numpy as np
import torch
from scipy.stats import chi2

from core.calibration import calibrated
from core.training import TEST_STREAM, TrainingSettings, predict, train

SETTINGS = TrainingSettings(
    "wide", n_samples=1000, epochs=8, batch_size=64, learning_rate=2e-3, widths=(64, 64), renewed="everything"
)


def test_ninety_per_cent_regions_hold_ninety_per_cent():
    """Two sets of 2,000 traces: the difference has a standard error of √(2 · 0.9 · 0.1 / 2000) = 0.0095; four of it."""
    weights = calibrated(SETTINGS, list(train(SETTINGS))[-1].best_weights)
    network = SETTINGS.network()
    network.load_state_dict(weights)
    data = SETTINGS.dataset(2000, TEST_STREAM)
    mean, covariance = predict(network, data.noisy)
    deviations = (SETTINGS.scale(data.theta) - mean)[..., None]
    distances = np.sum(deviations * np.linalg.solve(covariance, deviations), axis=(1, 2))
    assert abs(np.mean(distances < chi2.ppf(0.9, 2)) - 0.9) <= 0.038
    spread = next(tensor for name, tensor in weights.items() if name.endswith("spread"))
    assert 0.5 < float(spread) < 2
    again = calibrated(SETTINGS, weights)
    assert all(torch.equal(weights[name], again[name]) for name in weights)


def test_a_network_without_covariance_stays_as_it_is():
    settings = TrainingSettings("dense", n_samples=100, epochs=1)
    weights = settings.network().state_dict()
    assert calibrated(settings, weights) is weights
