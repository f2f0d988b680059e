"""The training loop for every network and loss: a generator that yields a report after each epoch."""

import math
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from core.learning.checkpoint import SAVING_INTERVAL_SECONDS, Checkpoint, load_checkpoint
from core.learning.networks.network import predict
from core.learning.training_settings import Adam, Loss
from core.learning.training_step import TrainingStep

WARM_UP_SHARE = 0.03  # share of the training in which the learning rate rises to its maximum
SEED_STRIDE = 2**20  # between the shuffling seeds of two epochs, so that small seeds never shuffle alike

Samples = tuple[NDArray[np.float32], NDArray[np.float64]]  # inputs (n, columns), and scaled parameters (n, p)
DeviceSamples = tuple[torch.Tensor, torch.Tensor]  # the same in single precision on the device of a training
Attack = Callable[[nn.Module, torch.Tensor, torch.Tensor], torch.Tensor]


def unattacked(_network: nn.Module, inputs: torch.Tensor, _targets: torch.Tensor) -> torch.Tensor:
    """Return the inputs of a batch as they are."""
    return inputs


@dataclass(frozen=True, eq=False)
class Report:
    """The state after an epoch.

    epochs: the number of epochs that the training has in all.
    training_losses, validation_losses: mean absolute errors of scaled parameters, one for each epoch.
    seconds: of training, including those before a checkpoint.
    learning_rate: at the end of the last epoch. gradient_norm: the mean over the batches of the last epoch.
    best_epoch, best_validation_loss, best_weights: of the epoch that is kept so far, the one with the lowest validation
    loss unless the training keeps its last; no weights if no loss was finite.
    """

    epochs: int
    training_losses: tuple[float, ...]
    validation_losses: tuple[float, ...]
    best_epoch: int
    best_validation_loss: float
    seconds: float
    best_weights: dict[str, torch.Tensor]
    learning_rate: float
    gradient_norm: float

    @property
    def epoch(self) -> int:
        """The number of epochs done."""
        return len(self.validation_losses)

    @property
    def training_loss(self) -> float:
        """The training loss of the last epoch."""
        return self.training_losses[-1]

    @property
    def validation_loss(self) -> float:
        """The validation loss of the last epoch."""
        return self.validation_losses[-1]

    @property
    def finite(self) -> bool:
        """Whether both losses of the last epoch are finite."""
        return math.isfinite(self.training_loss) and math.isfinite(self.validation_loss)

    def without_last_epoch(self) -> "Report":
        """Return the report as it stood before the last epoch, which must not be the best."""
        return replace(self, training_losses=self.training_losses[:-1], validation_losses=self.validation_losses[:-1])


@dataclass(frozen=True)
class Kept:
    """The file in which a training stores its checkpoints, and the recipe that a resumed training must have."""

    path: Path
    recipe: Mapping[str, Any]


def train_network(
    network: nn.Module,
    loss: Loss,
    optimiser: Adam,
    seed: int,
    samples: Callable[[int], Samples | DeviceSamples],
    validation: Samples,
    kept: Kept | None = None,
    device: str = "cpu",
    tell: Callable[[float], None] = lambda _share: None,
    keeps_last: bool = False,
    attack: Attack = unattacked,
) -> Generator[Report, None, None]:
    """Train a network and yield a report after each epoch; the caller stops by not asking for the next report.

    Where the caller closes the generator, it saves a checkpoint of the epoch that it has yielded.

    samples: returns the training set of an epoch, counted from 1.
    validation: the weights with the lowest mean absolute error on this set are the best. A few traces would dominate
    the squared error. An epoch that is not finite is never the best.
    kept: the checkpoint file, from which an interrupted training resumes; from that of a complete one, the last report
    is yielded again. It never holds what is not finite.
    device: "cpu" or "cuda".
    tell: is told the share of the training that is done, after each batch.
    keeps_last: whether the last finite epoch counts as the best, whatever its error on the validation set.
    attack: returns the inputs, (b, columns), that a step is taken on, from the network, inputs and targets of a batch.
    """
    start = saved = time.monotonic()
    network = network.to(device)
    step = TrainingStep(network, loss, optimiser, device)
    state = None if kept is None else load_checkpoint(kept.path, kept.recipe)
    if state is None or not (state.epoch <= optimiser.epochs and state.fits(network)):
        state = Checkpoint((), (), 0, np.inf, 0.0, {}, {}, {})
    else:
        network.load_state_dict(state.weights)
        step.adam.load_state_dict({**step.adam.state_dict(), "state": state.moments})
    before = state.seconds
    if state.epoch == optimiser.epochs:
        yield _report(state, optimiser)
    for epoch in range(state.epoch + 1, optimiser.epochs + 1):
        training_set = samples(epoch)
        with torch.random.fork_rng(devices=()):
            torch.manual_seed(seed + SEED_STRIDE * epoch)  # of dropout
            training_loss, gradient_norm = _train_epoch(step, training_set, seed, epoch, tell, attack)
        validation_loss = mean_absolute_error(network, validation, device)
        best_epoch, best_loss, best_weights = state.best_epoch, state.best_validation_loss, state.best_weights
        if math.isfinite(training_loss) and validation_loss < (np.inf if keeps_last else best_loss):
            weights = {name: tensor.cpu().clone() for name, tensor in network.state_dict().items()}
            best_epoch, best_loss, best_weights = epoch, validation_loss, weights
        now = time.monotonic()
        state = Checkpoint(
            (*state.training_losses, training_loss),
            (*state.validation_losses, validation_loss),
            best_epoch,
            best_loss,
            before + now - start,
            network.state_dict(),
            best_weights,
            step.adam.state_dict()["state"],
            gradient_norm,
        )
        due = now - saved > SAVING_INTERVAL_SECONDS or epoch == optimiser.epochs
        if kept is not None and due and state.is_finite:
            saved = now
            state.save(kept.path, kept.recipe)
        try:
            yield _report(state, optimiser)
        except GeneratorExit:
            if kept is not None and saved < now and state.is_finite:
                state.save(kept.path, kept.recipe)
            raise


def _report(state: Checkpoint, optimiser: Adam) -> Report:
    """Return the report of the last epoch of a state."""
    return Report(
        optimiser.epochs,
        state.training_losses,
        state.validation_losses,
        state.best_epoch,
        state.best_validation_loss,
        state.seconds,
        state.best_weights,
        _learning_rate(optimiser.learning_rate, state.epoch / optimiser.epochs),
        state.gradient_norm,
    )


def mean_absolute_error(network: nn.Module, samples: Samples, device: str = "cpu") -> float:
    """Return a network's mean absolute error of scaled parameters on samples."""
    traces, targets = samples
    return float(np.mean(np.abs(predict(network, traces, device)[0] - targets)))


def _learning_rate(highest: float, done: float) -> float:
    """Return the learning rate after a share of the training, done."""
    return highest * min(1.0, done / WARM_UP_SHARE) * 0.5 * (1 + math.cos(math.pi * done))


def _train_epoch(
    step: TrainingStep,
    samples: Samples | DeviceSamples,
    seed: int,
    epoch: int,
    tell: Callable[[float], None],
    attack: Attack,
) -> tuple[float, float]:
    """Train on all batches once; return the mean absolute error of scaled parameters, and the mean gradient norm."""
    inputs, targets = (torch.as_tensor(each, dtype=torch.float32, device=step.device) for each in samples)
    optimiser, n = step.optimiser, len(inputs)
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed + SEED_STRIDE * epoch)).to(step.device)
    step.network.train()
    step.sum_of_errors.zero_()
    step.sum_of_norms.zero_()
    for i, batch in enumerate(order.split(optimiser.batch_size)):
        done = (epoch - 1 + i * optimiser.batch_size / n) / optimiser.epochs
        attacked = attack(step.network, inputs[batch], targets[batch])
        step(attacked, targets[batch], _learning_rate(optimiser.learning_rate, done))
        tell((epoch - 1 + min((i + 1) * optimiser.batch_size / n, 1.0)) / optimiser.epochs)
    return float(step.sum_of_errors) / n, float(step.sum_of_norms) / n
