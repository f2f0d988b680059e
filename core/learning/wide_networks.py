"""Dense networks of several widths, and the ways to train them whose times are compared.

A way to train, `Training`, takes a number of steps and does them; it returns when they are done. The data are random
numbers: the time of a step does not depend on them.
"""

from collections.abc import Callable
from itertools import pairwise

import torch

from core.learning.cuda.captured_dense_step import CapturedDenseSteps
from core.learning.cuda.captured_step import CapturedSteps
from core.learning.fused_dense_step import FusedDenseStep
from core.learning.networks.network import Layers, build
from core.learning.plain_loop import PlainLoop
from core.learning.training_settings import Dense, InitialWeights, PointEstimate, TimeSeries

Training = Callable[[int], None]

N_INPUTS, N_PARAMETERS, N_LAYERS, DROPOUT = 1000, 2, 8, 0.2
N_SAMPLES, BATCH_SIZE = 1000, 32
N_STEPS = 31_250  # 1,000 epochs of 1,000 samples in batches of 32
STEPS_PER_PASS = N_SAMPLES // BATCH_SIZE  # of a DataLoader that drops what fills no batch
LEARNING_RATE = 1e-3
STEPS_AT_ONCE = 25  # in one CUDA graph
SEED = 16


def wide_network(width: int) -> Layers:
    """Return an untrained network of eight layers of this width with dropout and a point head."""
    body = Dense((width,) * N_LAYERS, DROPOUT)
    return build(TimeSeries(), body, PointEstimate(), InitialWeights.GLOROT, N_INPUTS, N_PARAMETERS, SEED)


def n_weights(width: int) -> int:
    """Return the number of weights and biases of the network of this width."""
    widths = (N_INPUTS, *(width,) * N_LAYERS, N_PARAMETERS)
    return sum((n_inputs + 1) * n_outputs for n_inputs, n_outputs in pairwise(widths))


def _data(device: str = "cpu") -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(SEED)
    inputs = torch.randn(N_SAMPLES, N_INPUTS, generator=generator)
    return inputs.to(device), torch.rand(N_SAMPLES, N_PARAMETERS, generator=generator).to(device)


def _batches(n_steps: int, device: str = "cpu") -> torch.Tensor:
    """Return the samples of each batch, (n_steps, BATCH_SIZE), from shuffled epochs."""
    n_epochs = -(-n_steps * BATCH_SIZE // N_SAMPLES)
    order = torch.rand(n_epochs, N_SAMPLES, device=device).argsort(1)
    return order.flatten()[: n_steps * BATCH_SIZE].view(n_steps, BATCH_SIZE)


def plain_training(width: int) -> Training:
    """Return the training by a plain loop; its steps are rounded up to full passes of its DataLoader."""
    loop = PlainLoop(wide_network(width), *_data(), BATCH_SIZE, LEARNING_RATE)

    def train(n_steps: int) -> None:
        for _ in range(-(-n_steps // STEPS_PER_PASS)):
            loop.epoch()

    return train


def fused_training(width: int) -> Training:
    """Return the training by a step that is written out by hand."""
    step, (inputs, targets) = FusedDenseStep(wide_network(width), BATCH_SIZE), _data()

    def train(n_steps: int) -> None:
        for batch in _batches(n_steps):
            step(inputs.index_select(0, batch), targets.index_select(0, batch), LEARNING_RATE)

    return train


def captured_training(width: int, by_hand: bool, half_precision: bool) -> Training:
    """Return the training on a GPU by CUDA graphs of `STEPS_AT_ONCE` steps, of which n_steps must be a multiple.

    by_hand: whether the steps are written out by hand, or are those of automatic differentiation.
    half_precision: whether products are in bfloat16.
    The training raises ValueError where the loss is not finite at the end.
    """
    kind = CapturedDenseSteps if by_hand else CapturedSteps
    steps = kind(wide_network(width).to("cuda"), *_data("cuda"), BATCH_SIZE, STEPS_AT_ONCE, half_precision)

    def train(n_steps: int) -> None:
        for order in _batches(n_steps, "cuda").view(-1, STEPS_AT_ONCE, BATCH_SIZE):
            steps(order, LEARNING_RATE)
        torch.cuda.synchronize()
        if not torch.isfinite(steps.loss):
            raise ValueError(f"The loss of the network with {width} units a layer is not finite.")

    return train


def gpu_name() -> str:
    """Return the name of the GPU; raises ValueError where PyTorch finds none."""
    if not torch.cuda.is_available():
        raise ValueError("PyTorch finds no GPU here: leave out --device cuda, or install PyTorch for CUDA.")
    return torch.cuda.get_device_name()


def use_threads(n_threads: int) -> None:
    """Let PyTorch use this number of threads."""
    torch.set_num_threads(n_threads)


def versions() -> dict[str, str]:
    """Return the version of PyTorch."""
    return {"torch": torch.__version__}
