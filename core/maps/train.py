"""From a recipe to the finished map. A folder stores finished trainings under a hash of their recipe."""

import hashlib
import json
import time
from collections import deque
from collections.abc import Generator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save

from core.files import read_json, write_bytes, write_json
from core.learning.loop import Attack, Kept, Report, Samples, train_network, unattacked
from core.learning.networks.network import Layers
from core.learning.training_settings import MeanAndCovariance
from core.maps.calibration import N_CALIBRATION, calibrate
from core.maps.dataset import TRAINING_STREAM, Dataset, epoch_dataset
from core.maps.device_samples import NoiseOnDevice
from core.maps.gauss_newton_step import (
    Refined,
    learned_steps_in,
    learned_steps_of,
    network_of,
    step_work,
    with_learned_steps,
)
from core.maps.inverse_map import InverseMap, inverse_map
from core.maps.kept import file_beside, origin_of
from core.maps.recipe import Fixed, Recipe
from core.maps.recipe_file import recipe_as_json
from core.maps.stages import Stage, StoppedError, Tell, Work, untold
from core.maps.untrained_network import (
    N_VALIDATION,
    labelled_samples,
    samples,
    untrained_network,
    validation_samples,
)

NOT_FINITE = "The error was not finite from the start: narrow the prior, or lower the noise."

Trained = tuple[bytes, dict[str, Any]]  # weights as safetensors, and the record of the training


def train(
    recipe: Recipe,
    checkpoint: Path | None = None,
    device: str = "cpu",
    tell: Tell = untold,
    attack: Attack = unattacked,
) -> Generator[Report, None, None]:
    """Train the network of a recipe, without learned steps, and yield a report after each epoch.

    checkpoint: a file for the state of the training, from which a training with the same recipe resumes.
    device: "cpu" or "cuda".
    tell: is told how far the stages are that simulate and learn; it ends them by raising StoppedError.
    attack: changes the inputs of each batch, as in `train_network`.
    """
    before: Dataset | None = None
    simulated = Work(Stage.SIMULATE, N_VALIDATION + recipe.data.n, tell)
    validation = validation_samples(recipe)
    simulated.add(N_VALIDATION)

    def samples_of(epoch: int) -> Samples:
        nonlocal before
        if isinstance(recipe.head, MeanAndCovariance):
            return labelled_samples(recipe.task, recipe.data.n, TRAINING_STREAM, recipe.seed)
        is_first = before is None
        before = epoch_dataset(recipe.task, recipe.data, recipe.seed, epoch, before)
        if is_first:
            simulated.add(recipe.data.n)
        return samples(recipe.task, before)

    return train_network(
        untrained_network(recipe),
        recipe.loss,
        recipe.optimiser,
        recipe.seed,
        samples_of
        if device == "cpu" or recipe.task.noise is None or isinstance(recipe.data, Fixed)
        else NoiseOnDevice(recipe, device),
        validation,
        None if checkpoint is None else Kept(checkpoint, recipe_as_json(recipe)),
        device,
        lambda share: tell(Stage.LEARN, share),
        keeps_last=recipe.keeps_last_epoch,
        attack=attack,
    )


def finished(
    recipe: Recipe, weights: dict[str, torch.Tensor], tell: Tell = untold, checkpoint: Path | None = None
) -> Layers | Refined:
    """Return the complete network of a map, calibrated and with its learned steps.

    weights: those that the training kept.
    checkpoint: a file beside which the steps and the complete network are kept; an interrupted training goes on there.
    tell: is told how far the steps are; where it raises StoppedError, the network is returned without them.
    Raises ValueError where there are no weights.
    """
    if not weights:
        raise ValueError(NOT_FINITE)
    kept = file_beside(checkpoint, "finished", origin_of(recipe_as_json(recipe), weights))
    found = kept.read()
    if found is not None:
        complete = network_of(recipe, learned_steps_in(found))
        complete.load_state_dict(found)
        return complete
    network = untrained_network(recipe)
    network.load_state_dict(weights)
    calibrate(recipe, network)
    complete = network
    if recipe.learned_steps:
        work = Work(Stage.STEP, step_work(recipe, N_CALIBRATION), tell)
        try:
            complete = with_learned_steps(recipe, network, work.add, checkpoint)
            calibrate(recipe, complete)
        except StoppedError:
            return network
    kept.write(complete.state_dict())
    return complete


def run_training(
    recipe: Recipe, checkpoint: Path | None = None, device: str = "cpu", attack: Attack = unattacked
) -> Trained:
    """Train to the end on one thread of the processor; return the weights of the complete network and a record."""
    torch.set_num_threads(1)
    report = deque(train(recipe, checkpoint, device, attack=attack), maxlen=1).pop()
    began = time.monotonic()
    network = finished(recipe, report.best_weights)
    record = {
        "recipe": recipe_as_json(recipe),
        "validation_loss": report.best_validation_loss,
        "best_epoch": report.best_epoch,
        "seconds": round(report.seconds + time.monotonic() - began, 1),
        "threads": 1,
        "device": device,
        "learned_steps": learned_steps_of(network),
    }
    return save(network.state_dict()), record


def key_of(recipe: Recipe) -> str:
    """Return a hash of the recipe, as a name for its training."""
    return hashlib.sha256(json.dumps(recipe_as_json(recipe), sort_keys=True).encode()).hexdigest()[:16]


def read_trained(folder: Path, recipe: Recipe) -> Trained | None:
    """Return the finished training of a recipe from the folder, or None where there is none."""
    path = folder / f"{key_of(recipe)}.json"
    return (path.with_suffix(".safetensors").read_bytes(), read_json(path)) if path.is_file() else None


def write_trained(folder: Path, recipe: Recipe, trained: Trained) -> None:
    """Store a training in the folder; the record is written last, so that a training with a record is complete."""
    path = folder / f"{key_of(recipe)}.json"
    write_bytes(path.with_suffix(".safetensors"), trained[0])
    write_json(path, trained[1])


def map_of(folder: Path, recipe: Recipe, name: str) -> InverseMap:
    """Return the map of a finished training."""
    path = folder / f"{key_of(recipe)}.json"
    return inverse_map(name, recipe, load_file(path.with_suffix(".safetensors")), {"training": read_json(path)})
