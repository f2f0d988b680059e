"""Trainings from their settings to the finished map, each kept in a folder under a name made of its settings."""

import hashlib
import json
import time
from collections import deque
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save
from torch import nn

from core.files import read_json, write_bytes, write_json
from core.maps.calibration import calibrate
from core.maps.gauss_newton_step import refine
from core.maps.inverse_map import InverseMap, inverse_map
from core.maps.training import TrainingSettings, train

Trained = tuple[bytes, dict[str, Any]]  # weights as safetensors, and the record of the training


def key_of(settings: TrainingSettings) -> str:
    """Return a name that only these settings have."""
    return hashlib.sha256(json.dumps(settings.as_json(), sort_keys=True).encode()).hexdigest()[:16]


def finished(settings: TrainingSettings, weights: dict[str, torch.Tensor]) -> nn.Module:
    """Return the whole network of a map from the best weights of a training: with its step, its covariance calibrated.

    Raises ValueError where the training has left no weights.
    """
    if not weights:
        raise ValueError("The error was not finite from the start: narrow the prior, or lower the noise.")
    network = settings.network()
    network.load_state_dict(weights)
    calibrate(settings, network)
    if settings.refined:
        network = refine(settings, network)
        calibrate(settings, network)
    return network


def run_training(settings: TrainingSettings, checkpoint: Path | None = None, device: str = "cpu") -> Trained:
    """Train to the end, on one thread of the processor, and return the weights of the whole network."""
    torch.set_num_threads(1)
    report = deque(train(settings, checkpoint, device), maxlen=1).pop()
    began = time.monotonic()
    network = finished(settings, report.best_weights)
    record = {
        "settings": settings.as_json(),
        "validation_loss": report.best_validation_loss,
        "best_epoch": report.best_epoch,
        "seconds": round(report.seconds + time.monotonic() - began, 1),
        "threads": 1,
        "device": device,
    }
    return save(network.state_dict()), record


def read_trained(folder: Path, settings: TrainingSettings) -> Trained | None:
    """Return a training that has ended, or None where the folder has none under these settings."""
    path = folder / f"{key_of(settings)}.json"
    return (path.with_suffix(".safetensors").read_bytes(), read_json(path)) if path.is_file() else None


def write_trained(folder: Path, settings: TrainingSettings, trained: Trained) -> None:
    """Keep a training in the folder; the record comes last, so that what has one is whole."""
    path = folder / f"{key_of(settings)}.json"
    write_bytes(path.with_suffix(".safetensors"), trained[0])
    write_json(path, trained[1])


def map_of(folder: Path, settings: TrainingSettings, name: str) -> InverseMap:
    """Return the map of a training that has ended."""
    return inverse_map(name, settings, load_file(folder / f"{key_of(settings)}.safetensors"), {})
