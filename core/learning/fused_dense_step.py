"""A training step for dense networks on the processor, written out by hand.

With batches of 32, a step of automatic differentiation spends most of its time between the operations. This one has
few: inputs have a one behind them, so that the biases are columns of the weight matrices; one draw gives the dropout of
all layers; and one call of Adam updates all weights, which lie side by side in memory.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from core.compiled import kernel
from core.learning.dense_layers_of import dense_layers_of

EPSILON = 1e-8  # of Adam, as in PyTorch
DRAWS = 2**16  # values of a draw; the probability of dropout is rounded to a multiple of their inverse

silu, silu_backward = torch.ops.aten.silu.out, torch.ops.aten.silu_backward.grad_input


@kernel
def keep(draws: NDArray[np.uint16], n_dropped: int, factor: float, kept: NDArray[np.float32]) -> None:
    """Set kept to the factor, or to zero where a draw is below n_dropped; both (n,)."""
    value, threshold = np.float32(factor), np.uint16(n_dropped)
    for i in range(kept.size):
        kept[i] = value if draws[i] >= threshold else np.float32(0.0)


@dataclass(frozen=True, eq=False)
class _Layer:
    """The buffers of a layer, all views. Samples are columns.

    weight, gradient: (n_outputs, n_inputs + 1), the bias last.
    values: (n_inputs + 1, batch_size), the inputs and a row of ones.
    products: (n_outputs, batch_size), weight times values; then the derivative of the loss by them.
    derivative: (n_inputs + 1, batch_size), of the loss by the values.
    outputs, kept: (n_outputs, batch_size), the next layer's inputs, and by what dropout multiplies them.
    """

    weight: torch.Tensor
    gradient: torch.Tensor
    values: torch.Tensor
    products: torch.Tensor
    derivative: torch.Tensor
    outputs: torch.Tensor
    kept: torch.Tensor
    weight_transposed: torch.Tensor
    values_transposed: torch.Tensor
    inputs_derivative: torch.Tensor


class FusedDenseStep:
    """Steps of Adam (Kingma and Ba 2015) on the mean squared error of a dense network with a point head.

    network: as `build` makes it; its weights are copied. `load` copies them back.
    seed: of the dropout, whose probability is rounded to a multiple of 1/65,536.
    Raises ValueError for networks of another kind.
    """

    def __init__(self, network: nn.Module, batch_size: int, betas: tuple[float, float] = (0.9, 0.999), seed: int = 0):
        read = dense_layers_of(network)
        self._linears, self._dropout, self._betas = read.linears, read.dropout, betas
        shapes = [(linear.out_features, linear.in_features + 1) for linear in read.linears]
        n_weights, n_units = sum(rows * columns for rows, columns in shapes), sum(rows for rows, _ in shapes[:-1])
        self._flat, self._gradient, self._mean, self._square = (torch.zeros(n_weights) for _ in range(4))
        self._n_done = torch.zeros(())
        self._random = np.random.Generator(np.random.SFC64(seed))
        self._kept = np.ones(n_units * batch_size, np.float32)
        self._first_inputs, self._layers = self._lay_out(shapes, batch_size)
        for layer, linear in zip(self._layers, self._linears, strict=True):
            layer.weight[:, :-1], layer.weight[:, -1] = linear.weight.detach(), linear.bias.detach()

    def _lay_out(self, shapes: list[tuple[int, int]], batch_size: int) -> tuple[torch.Tensor, list[_Layer]]:
        """Return the buffer of the network's inputs, (batch_size, n_inputs), and the layers."""
        sizes = [rows * columns for rows, columns in shapes]
        # The first layer's values are stored sample by sample, as the inputs come.
        values = [torch.ones(batch_size, shapes[0][1]).t(), *(torch.ones(n, batch_size) for _, n in shapes[1:])]
        outputs = [*(each[:-1] for each in values[1:]), torch.empty(shapes[-1][0], batch_size)]
        widths = [rows for rows, _ in shapes[:-1]]
        kept = [*torch.from_numpy(self._kept).view(-1, batch_size).split(widths), torch.empty(0)]
        layers = []
        for i, (weight, gradient) in enumerate(zip(self._flat.split(sizes), self._gradient.split(sizes), strict=True)):
            weight, derivative = weight.view(shapes[i]), torch.empty(shapes[i][1], batch_size)
            layers.append(_Layer(
                weight, gradient.view(shapes[i]), values[i], torch.empty(shapes[i][0], batch_size), derivative,
                outputs[i], kept[i], weight.t(), values[i].t(), derivative[:-1],
            ))  # fmt: skip
        return values[0].t()[:, :-1], layers

    def __call__(self, inputs: torch.Tensor, targets: torch.Tensor, learning_rate: float) -> torch.Tensor:
        """Do a step on inputs, (batch_size, n_inputs), and targets, (batch_size, p); return the loss before it."""
        if self._dropout > 0:
            self._draw_dropout()
        self._first_inputs.copy_(inputs)
        self._forward()
        loss = self._backward(targets)
        self._n_done += 1
        torch._fused_adam_(
            [self._flat], [self._gradient], [self._mean], [self._square], [], [self._n_done], lr=learning_rate,
            beta1=self._betas[0], beta2=self._betas[1], weight_decay=0.0, eps=EPSILON, amsgrad=False, maximize=False,
        )  # fmt: skip
        return loss

    def load(self) -> None:
        """Copy the weights to the network."""
        with torch.no_grad():
            for layer, linear in zip(self._layers, self._linears, strict=True):
                linear.weight.copy_(layer.weight[:, :-1])
                linear.bias.copy_(layer.weight[:, -1])

    def _draw_dropout(self) -> None:
        words = self._random.integers(0, 2**64, -(-self._kept.size // 4), np.uint64)
        draws = words.view(np.uint16)[: self._kept.size]
        keep(draws, round(self._dropout * DRAWS), 1 / (1 - self._dropout), self._kept)

    def _forward(self) -> None:
        for layer in self._layers[:-1]:
            torch.mm(layer.weight, layer.values, out=layer.products)
            silu(layer.products, out=layer.outputs)
            layer.outputs.mul_(layer.kept)
        last = self._layers[-1]
        torch.mm(last.weight, last.values, out=last.products)
        torch.sigmoid(last.products, out=last.outputs)

    def _backward(self, targets: torch.Tensor) -> torch.Tensor:
        """Write the gradients, and return the loss."""
        last = self._layers[-1]
        difference = last.outputs - targets.t()
        torch.mul(difference, 2 / difference.numel(), out=last.products)
        last.products.mul_(last.outputs).mul_(1 - last.outputs)
        torch.mm(last.products, last.values_transposed, out=last.gradient)
        for layer, before in zip(self._layers[:0:-1], self._layers[-2::-1], strict=True):
            torch.mm(layer.weight_transposed, layer.products, out=layer.derivative)
            layer.inputs_derivative.mul_(before.kept)
            silu_backward(layer.inputs_derivative, before.products, grad_input=before.products)
            torch.mm(before.products, before.values_transposed, out=before.gradient)
        return difference.square_().mean()
