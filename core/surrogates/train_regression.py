"""Train the regression: the basis of traces, and the network from θ to the coefficients in it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from core.surrogates.fitting import Course, draw_weights, fit
from core.surrogates.networks import ScaledNetwork
from core.surrogates.neuron import trajectories, wide_draws
from core.surrogates.pod import pod

TRAJECTORIES_AT_ONCE = 1000


@dataclass(frozen=True)
class RegressionTraining:
    """The settings of a training.

    frequency_sd: of the random frequencies, in turns for each standard deviation of θ.
    """

    n_trajectories: int = 10_000
    n_modes: int = 120
    n_frequencies: int = 64
    frequency_sd: float = 0.5
    widths: tuple[int, ...] = (256, 256)
    batch_size: int = 500
    n_steps: int = 20_000
    learning_rate: float = 2e-3
    seed: int = 1


def train_regression(
    training: RegressionTraining, report: Callable[[str], None]
) -> tuple[dict[str, NDArray[np.float32]], Course]:
    """Return the tensors of network and basis by name, and the course of the training.

    All coefficients share one scale, so that the loss is the squared error of the traces within the basis.
    """
    rng = np.random.default_rng(training.seed)
    theta = wide_draws(training.n_trajectories, rng)
    parts = np.array_split(theta, -(-len(theta) // TRAJECTORIES_AT_ONCE))
    curves = np.concatenate([trajectories(part)[..., 0] for part in parts])
    basis = pod(curves, training.n_modes)
    coefficients = basis.coefficients(curves)
    network = ScaledNetwork(theta.shape[1], training.widths, training.n_modes, training.n_frequencies)
    generator = torch.Generator().manual_seed(training.seed)
    draw_weights(network, generator)
    network.input_centre.copy_(torch.from_numpy(theta.mean(axis=0)))
    network.input_scale.copy_(torch.from_numpy(theta.std(axis=0)))
    network.output_scale.fill_(float(coefficients.std()))
    network.frequencies.normal_(0.0, training.frequency_sd, generator=generator)
    features = network.features(torch.from_numpy(theta).float())
    targets = torch.from_numpy(coefficients).float() / network.output_scale

    def loss_of(places: torch.Tensor) -> torch.Tensor:
        return (network.layers(features[places]) - targets[places]).square().mean()

    course = fit(
        network, loss_of, len(theta), training.batch_size, training.n_steps, training.learning_rate, generator, report
    )
    tensors = {name: each.numpy() for name, each in network.state_dict().items()}
    return {**tensors, "mean": basis.mean.astype(np.float32), "modes": basis.modes.astype(np.float32)}, course
