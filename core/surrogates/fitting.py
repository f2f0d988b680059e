"""Fit a network to pairs of inputs and outputs: Adam with a rate that falls along a cosine, in single precision."""

import time
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import nn

from core.surrogates.networks import ScaledNetwork

REPORTS = 30  # in all


class Course(NamedTuple):
    """What a training cost and how it went. losses: means over parts of the training, in order."""

    processor_seconds: float
    losses: list[float]


def draw_weights(network: ScaledNetwork, generator: torch.Generator) -> None:
    """Draw the weights of all layers; the biases are zero."""
    for layer in network.layers:
        if isinstance(layer, nn.Linear):
            nn.init.kaiming_uniform_(layer.weight, a=5**0.5, generator=generator)
            nn.init.zeros_(layer.bias)


def fit(
    network: ScaledNetwork,
    loss_of: Callable[[torch.Tensor], torch.Tensor],
    n_samples: int,
    batch_size: int,
    n_steps: int,
    learning_rate: float,
    generator: torch.Generator,
    report: Callable[[str], None],
) -> Course:
    """Train the layers of a network. loss_of: of the batch at some places, (batch_size,), among the samples."""
    torch.set_num_threads(1)  # the layers are so small that a second thread would wait for the first
    began = time.process_time()
    optimiser = torch.optim.Adam(network.layers.parameters(), learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, n_steps)
    losses, total, part = [], 0.0, -(-n_steps // REPORTS)
    for step in range(1, n_steps + 1):
        loss = loss_of(torch.randint(n_samples, (batch_size,), generator=generator))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
        total += loss.item()
        if step % part == 0:
            losses.append(float(f"{total / part:.4g}"))
            total = 0.0
            report(f"step {step:,} of {n_steps:,}: loss {losses[-1]:.3g}, {time.process_time() - began:.0f} s")
    return Course(round(time.process_time() - began, 1), losses)
