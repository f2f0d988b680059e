"""Train the flow map: first on single steps, then rolled out over some, so that what adds up along them counts."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from core.surrogates.fitting import Course, draw_weights, fit
from core.surrogates.flow_samples import flow_samples
from core.surrogates.networks import ScaledNetwork


@dataclass(frozen=True)
class Stage:
    """A part of the training. rolled_out: how many steps follow each other before the errors are taken.

    learning_rate: at the start, from where it falls to zero along a cosine.
    """

    rolled_out: int
    batch_size: int
    n_steps: int
    learning_rate: float


@dataclass(frozen=True)
class FlowMapTraining:
    """The settings of a training.

    weight_of_v: of the squared error of v, in its standard deviation, over that of u. Along the slow branches of the
    cycle, where most of the time passes, v alone is the clock, so that its errors are those of the phase.
    """

    n_trajectories: int = 20_000
    widths: tuple[int, ...] = (64, 64)
    weight_of_v: float = 9.0
    stages: tuple[Stage, ...] = (Stage(1, 2000, 150_000, 3e-3), Stage(5, 1000, 20_000, 2e-4))
    seed: int = 1


def train_flow_map(
    training: FlowMapTraining, report: Callable[[str], None]
) -> tuple[dict[str, NDArray[np.float32]], list[Course]]:
    """Return the tensors of the trained network by name, and the course of each stage."""
    longest = max(stage.rolled_out for stage in training.stages)
    samples = flow_samples(training.n_trajectories, longest, np.random.default_rng(training.seed))
    theta, states = (torch.from_numpy(each).float() for each in samples)
    starts, changes = states[:, 0], states[:, 1] - states[:, 0]
    network = ScaledNetwork(states.shape[2] + theta.shape[1], training.widths, states.shape[2])
    generator = torch.Generator().manual_seed(training.seed)
    draw_weights(network, generator)
    inputs = torch.cat([starts, theta], dim=1)
    network.input_centre.copy_(inputs.mean(0))
    network.input_scale.copy_(inputs.std(0))
    network.output_scale.copy_(changes.std(0))
    factors = torch.tensor([1.0, math.sqrt(training.weight_of_v)]) / network.output_scale
    courses = []
    for stage in training.stages:

        def loss_of(places: torch.Tensor, n_steps: int = stage.rolled_out) -> torch.Tensor:
            now, fixed, losses = starts[places], theta[places], []
            for step in range(1, n_steps + 1):
                now = now + network(torch.cat([now, fixed], dim=1))
                losses.append((factors * (now - states[places, step])).square().mean())
            return torch.stack(losses).mean()

        report(f"{stage.rolled_out} steps at a time:")
        courses.append(
            fit(network, loss_of, len(theta), stage.batch_size, stage.n_steps, stage.learning_rate, generator, report)
        )
    return {name: each.numpy() for name, each in network.state_dict().items()}, courses
