"""The state of a training in one safetensors file, from which an interrupted training resumes."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from core.checks import is_finite, is_whole
from core.files import write_bytes

SAVING_INTERVAL_SECONDS = 20.0  # between two writes of what a training goes on from

Tensors = dict[str, torch.Tensor]


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The state after an epoch.

    training_losses, validation_losses: one for each epoch.
    moments: the optimiser's moments, by the index of the weight tensor.
    gradient_norm: the mean over the batches of the last epoch, which need not be finite.
    """

    training_losses: tuple[float, ...]
    validation_losses: tuple[float, ...]
    best_epoch: int
    best_validation_loss: float
    seconds: float
    weights: Tensors
    best_weights: Tensors
    moments: dict[int, Tensors]
    gradient_norm: float = 0.0

    @property
    def epoch(self) -> int:
        """The number of epochs done."""
        return len(self.validation_losses)

    @property
    def is_finite(self) -> bool:
        """Whether all numbers are finite, so that a training can go on from here."""
        numbers = (*self.training_losses, *self.validation_losses, self.best_validation_loss, self.seconds)
        return all(map(math.isfinite, numbers)) and all(
            bool(each.isfinite().all()) for each in self._tensors().values()
        )

    @property
    def is_sound(self) -> bool:
        """Whether the numbers are such as a training writes: finite, and a best epoch among those done."""
        losses = (*self.training_losses, *self.validation_losses, self.best_validation_loss)
        return (
            all(map(is_finite, (*losses, self.seconds)))
            and min(*losses, self.seconds) >= 0
            and len(self.training_losses) == self.epoch
            and is_whole(self.best_epoch)
            and 1 <= self.best_epoch <= self.epoch
            and isinstance(self.gradient_norm, int | float)
            and not self.gradient_norm < 0
            and self.is_finite
        )

    def fits(self, network: nn.Module) -> bool:
        """Return whether weights, best weights and moments are those of this network."""
        shapes, trained = _shapes(network.state_dict()), [each.shape for each in network.parameters()]
        return (
            _shapes(self.weights) == shapes
            and _shapes(self.best_weights) == shapes
            and self.moments.keys() == set(range(len(trained)))
            and all(
                _shapes(self.moments[i]) == {"step": torch.Size([]), "exp_avg": shape, "exp_avg_sq": shape}
                for i, shape in enumerate(trained)
            )
        )

    def _tensors(self) -> Tensors:
        tensors = {f"weights/{name}": tensor for name, tensor in self.weights.items()}
        tensors |= {f"best/{name}": tensor for name, tensor in self.best_weights.items()}
        for number, moments in self.moments.items():
            tensors |= {f"moments/{number}/{name}": tensor for name, tensor in moments.items()}
        return tensors

    def save(self, path: Path, recipe: Mapping[str, Any]) -> None:
        """Write the state and the recipe of its training to path in one step."""
        numbers = {
            "training_losses": self.training_losses,
            "validation_losses": self.validation_losses,
            "best_epoch": self.best_epoch,
            "best_validation_loss": self.best_validation_loss,
            "seconds": self.seconds,
            "gradient_norm": self.gradient_norm,
        }
        # Copies, because the format refuses tensors that share memory, and the best weights may share it with the last.
        tensors = {name: tensor.detach().cpu().clone() for name, tensor in self._tensors().items()}
        write_bytes(path, save(tensors, {"numbers": json.dumps(numbers), "recipe": json.dumps(recipe)}))


def load_checkpoint(path: Path, recipe: Mapping[str, Any]) -> Checkpoint | None:
    """Return the state in the file at path, or None without a valid file of a training with this recipe."""
    if not path.is_file():
        return None
    weights, best_weights, moments = Tensors(), Tensors(), dict[int, Tensors]()
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata()
            if json.loads(metadata["recipe"]) != json.loads(json.dumps(recipe)):
                return None
            for key in file.keys():  # noqa: SIM118 – the file is not a mapping
                kind, name = key.split("/", 1)
                if kind == "moments":
                    number, name = name.split("/")
                    moments.setdefault(int(number), Tensors())[name] = file.get_tensor(key)
                else:
                    (weights if kind == "weights" else best_weights)[name] = file.get_tensor(key)
            numbers = json.loads(metadata["numbers"])
            for key in ("training_losses", "validation_losses"):
                numbers[key] = tuple(numbers[key])
            found = Checkpoint(**numbers, weights=weights, best_weights=best_weights, moments=moments)
            return found if found.is_sound else None
    except (SafetensorError, KeyError, TypeError, ValueError, RecursionError):
        return None


def _shapes(tensors: Tensors) -> dict[str, torch.Size]:
    """Return the shapes of tensors in single precision by name; others count as of no shape."""
    return {name: each.shape if each.dtype == torch.float32 else torch.Size([-1]) for name, each in tensors.items()}
