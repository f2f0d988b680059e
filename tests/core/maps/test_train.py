import dataclasses
import json

import numpy as np
import torch
from safetensors.torch import load

from core.maps.train import key_of, map_of, read_trained, run_training, write_trained
from core.maps.training import TrainingSettings, train

SETTINGS = TrainingSettings("dense", n_samples=200, epochs=3)
OURS = TrainingSettings(
    "residual", n_samples=200, epochs=2, batch_size=64, learning_rate=1e-3, widths=(16,), renewed="noise"
)


def test_other_settings_have_another_name():
    names = {key_of(dataclasses.replace(SETTINGS, seed=seed)) for seed in range(5)}
    assert len(names) == 5
    assert key_of(SETTINGS) == key_of(TrainingSettings.from_json(SETTINGS.as_json()))


def test_a_training_is_kept_and_found_again(tmp_path):
    assert read_trained(tmp_path, SETTINGS) is None
    weights, record = run_training(SETTINGS)
    write_trained(tmp_path, SETTINGS, (weights, record))
    assert read_trained(tmp_path, SETTINGS) == (weights, json.loads(json.dumps(record)))
    best = list(train(SETTINGS))[-1]
    assert record["validation_loss"] == best.best_validation_loss
    assert all(torch.equal(tensor, best.best_weights[name]) for name, tensor in load(weights).items())
    data = SETTINGS.dataset(2000, 1)
    found = map_of(tmp_path, SETTINGS, "a-map")
    error = np.mean(np.abs(SETTINGS.scale(found.predict(data.noisy).mean) - SETTINGS.scale(data.theta)))
    assert abs(error - record["validation_loss"]) <= 1e-7


def test_a_record_without_its_training_is_not_whole(tmp_path):
    """The record is written last; what lacks it counts as not trained."""
    write_trained(tmp_path, SETTINGS, run_training(SETTINGS))
    (tmp_path / f"{key_of(SETTINGS)}.json").unlink()
    assert read_trained(tmp_path, SETTINGS) is None


def test_ours_comes_calibrated():
    weights, _ = run_training(OURS)
    spread = next(float(tensor) for name, tensor in load(weights).items() if name.endswith("spread"))
    assert spread != 1.0
