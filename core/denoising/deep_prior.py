"""The deep prior: an untrained network is fitted to one noisy trace, and stopped before it has the noise too.

A convolutional network finds smooth curves first, and noise late. Where to stop is told by samples that are left out of
the loss: the curve comes nearer to them as long as it learns what is there, and not once it learns the noise of others.
Noise that is itself smooth is found early. The loss of the whitened residual, r_t − ρ r_{t−1}, treats it as what it is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from core.denoising.network import N_INPUT, Hourglass

ITERATIONS = 700
LEARNING_RATE = 0.01
INPUT_SIZE = 0.1  # the input is uniform up to here
JITTER = 1 / 30  # sd of the noise on the input, drawn anew for each iteration
MEMORY = 0.9  # weight of the curves before in the running mean
HELD_OUT = 0.05  # share of the samples that are left out of the loss
FEWEST_SAMPLES = 64  # the deepest scale then has four

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Iterate:
    """The curve after an iteration, (n,), a running mean, with its root mean squared misfits.

    misfit: of the residuals that the loss is of. held_out: of the samples that it leaves out.
    """

    number: int
    curve: Array
    misfit: float
    held_out: float


def iterates(data: ArrayLike, rho: float = 0.0, seed: int = 0, n: int = ITERATIONS) -> Iterator[Iterate]:
    """Fit an untrained network to a trace, (n_times,), and generate its curve after each of n iterations.

    rho: the correlation of neighbouring samples of the noise by which the loss whitens the residual; 0 for white noise.
    Raises ValueError for a trace that is too short, constant or not finite.
    """
    data = np.asarray(data, dtype=float)
    check(data)
    centre, size = float(data.mean()), float(data.std())
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Hourglass()
    target = torch.tensor((data - centre) / size, dtype=torch.float32)
    is_out = torch.rand(data.size, generator=generator) < HELD_OUT
    is_out[data.size // 2] = True  # one at least
    used = ~is_out if rho == 0 else ~(is_out[1:] | is_out[:-1])
    fixed = INPUT_SIZE * torch.rand(1, N_INPUT, data.size, generator=generator)
    optimiser = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
    mean: torch.Tensor | None = None
    for number in range(1, n + 1):
        curve = network(fixed + JITTER * torch.randn(fixed.shape, generator=generator))
        loss = (_residual(target - curve, rho)[used] ** 2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        curve = curve.detach()
        mean = curve if mean is None else MEMORY * mean + (1 - MEMORY) * curve
        left = target - mean
        misfit, held_out = (
            size * float((values**2).mean().sqrt()) for values in (_residual(left, rho)[used], left[is_out])
        )
        yield Iterate(number, centre + size * mean.numpy().astype(float), misfit, held_out)


def held_out_stop(held_out: Sequence[float]) -> int:
    """Return the index at which the misfit of the samples left out is lowest: where the fit is stopped."""
    return int(np.argmin(held_out))


def discrepancy_stop(misfits: Sequence[float], noise_sd: float) -> int:
    """Return the index at which the misfit first falls to the sd of the noise, or the last (Morozov 1966)."""
    reached = np.flatnonzero(np.asarray(misfits) <= noise_sd)
    return int(reached[0]) if reached.size else len(misfits) - 1


def _residual(left: torch.Tensor, rho: float) -> torch.Tensor:
    return left if rho == 0 else left[1:] - rho * left[:-1]


def check(data: Array) -> None:
    """Raise ValueError with a sentence for a trace that cannot be fitted: too short, constant or not finite."""
    if data.ndim != 1 or data.size < FEWEST_SAMPLES:
        raise ValueError(
            f"A deep prior takes one trace of {FEWEST_SAMPLES} samples or more; its shape is {data.shape}."
        )
    if not np.all(np.isfinite(data)):
        raise ValueError("A deep prior takes a trace without gaps: choose a piece in which every sample is a number.")
    if data.std() == 0:
        raise ValueError("All samples of the trace are the same: there is nothing to denoise.")
