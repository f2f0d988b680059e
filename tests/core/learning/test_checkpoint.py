import dataclasses
from itertools import islice

import pytest
import torch

from core.learning.checkpoint import load_checkpoint
from core.maps.training import TrainingSettings, train

PUBLISHED = TrainingSettings("dense", n_samples=200, epochs=6)
OURS = TrainingSettings(
    "wide", n_samples=200, epochs=6, batch_size=64, learning_rate=1e-3, widths=(16,), renewed="everything"
)


@pytest.mark.parametrize("settings", [PUBLISHED, OURS], ids=["published", "ours"])
def test_a_training_goes_on_as_if_it_had_not_been_stopped(settings, tmp_path, monkeypatch):
    monkeypatch.setattr("core.maps.training.SAVING_INTERVAL", 0.0)
    path = tmp_path / "state"
    whole = list(train(settings))
    list(islice(train(settings, path), 3))
    rest = list(train(settings, path))
    assert [report.epoch for report in rest] == [4, 5, 6]
    assert [report.validation_loss for report in rest] == [report.validation_loss for report in whole[3:]]
    assert [report.training_loss for report in rest] == [report.training_loss for report in whole[3:]]
    best, again = whole[-1].best_weights, rest[-1].best_weights
    assert best.keys() == again.keys()
    assert all(torch.equal(best[name], again[name]) for name in best)
    assert load_checkpoint(path, settings.as_json()).epoch == 5


def test_time_spent_before_counts(tmp_path, monkeypatch):
    monkeypatch.setattr("core.maps.training.SAVING_INTERVAL", 0.0)
    path = tmp_path / "state"
    first = list(islice(train(PUBLISHED, path), 2))[-1]
    assert next(train(PUBLISHED, path)).seconds > first.seconds


def test_a_checkpoint_of_other_settings_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("core.maps.training.SAVING_INTERVAL", 0.0)
    path = tmp_path / "state"
    next(train(PUBLISHED, path))
    assert load_checkpoint(path, PUBLISHED.as_json()).epoch == 1
    assert load_checkpoint(path, dataclasses.replace(PUBLISHED, seed=1).as_json()) is None


@pytest.mark.parametrize("content", [b"", b"{}", b"\x10" + bytes(40)])
def test_what_is_no_checkpoint_counts_as_none(content, tmp_path):
    path = tmp_path / "state"
    path.write_bytes(content)
    assert load_checkpoint(path, PUBLISHED.as_json()) is None


def test_a_cut_off_checkpoint_counts_as_none(tmp_path, monkeypatch):
    monkeypatch.setattr("core.maps.training.SAVING_INTERVAL", 0.0)
    path = tmp_path / "state"
    next(train(PUBLISHED, path))
    path.write_bytes(path.read_bytes()[:-50])
    assert load_checkpoint(path, PUBLISHED.as_json()) is None
