"""A training step for dense networks on the processor, written out by hand.

With batches of 32, a step of automatic differentiation spends most of its time between the operations. This one has
few: inputs have a one behind them, so that the biases are columns of the weight matrices, and one draw gives the
dropout of all layers. In a wide network the traffic of memory decides: Adam updates a block of rows as soon as its
gradient is computed, in a buffer that stays in the processor's cache.
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

BLOCK = 2**16  # numbers in the buffer of gradients, unless a row has more

silu, silu_backward = torch.ops.aten.silu.out, torch.ops.aten.silu_backward.grad_input


@kernel
def keep(draws: NDArray[np.uint16], n_dropped: int, factor: float, kept: NDArray[np.float32]) -> None:
    """Set kept to the factor, or to zero where a draw is below n_dropped; both (n,)."""
    value, threshold = np.float32(factor), np.uint16(n_dropped)
    for i in range(kept.size):
        kept[i] = value if draws[i] >= threshold else np.float32(0.0)


@kernel
def adam(
    weights: NDArray[np.float32], means: NDArray[np.float32], squares: NDArray[np.float32],
    gradients: NDArray[np.float32], rates: NDArray[np.float32],
) -> None:  # fmt: skip
    """Do a step of Adam for weights with running means of gradients and of their squares; all are (n,).

    rates: 1 − β₁, 1 − β₂, the learning rate over 1 − β₁ᵗ in step t, one over the root of 1 − β₂ᵗ, and ε.
    """
    mean_rate, square_rate, learning_rate, square_factor, epsilon = rates
    for i in range(weights.size):
        gradient = gradients[i]
        means[i] += mean_rate * (gradient - means[i])
        squares[i] += square_rate * (gradient * gradient - squares[i])
        weights[i] -= learning_rate * means[i] / (np.sqrt(squares[i]) * square_factor + epsilon)


@dataclass(frozen=True, eq=False)
class _Block:
    """Some rows of a layer: the derivative by their products, their weights and gradient, and what `adam` takes."""

    products: torch.Tensor
    weight_transposed: torch.Tensor
    gradient: torch.Tensor
    arrays: tuple[NDArray[np.float32], ...]


@dataclass(frozen=True, eq=False)
class _Layer:
    """The buffers of a layer, most of them views. Samples are columns.

    weight: (n_outputs, n_inputs + 1), the bias last.
    values: (n_inputs + 1, batch_size), the inputs and a row of ones.
    products: (n_outputs, batch_size), weight times values; then the derivative of the loss by them.
    derivative: (n_inputs + 1, batch_size), of the loss by the values.
    outputs, kept: (n_outputs, batch_size), the next layer's inputs, and by what dropout multiplies them.
    """

    weight: torch.Tensor
    blocks: list[_Block]
    values: torch.Tensor
    products: torch.Tensor
    derivative: torch.Tensor
    outputs: torch.Tensor
    kept: torch.Tensor
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
        n_units = sum(rows for rows, _ in shapes[:-1])
        self._n_done = 0
        self._random = np.random.Generator(np.random.SFC64(seed))
        self._kept = np.ones(n_units * batch_size, np.float32)
        self._rates = np.zeros(5, np.float32)
        self._gradients = torch.zeros(max(BLOCK, *(columns for _, columns in shapes)))
        self._first_inputs, self._layers = self._lay_out(shapes, batch_size)
        for layer, linear in zip(self._layers, self._linears, strict=True):
            layer.weight[:, :-1], layer.weight[:, -1] = linear.weight.detach(), linear.bias.detach()

    def _lay_out(self, shapes: list[tuple[int, int]], batch_size: int) -> tuple[torch.Tensor, list[_Layer]]:
        """Return the buffer of the network's inputs, (batch_size, n_inputs), and the layers."""
        # The first layer's values are stored sample by sample, as the inputs come.
        values = [torch.ones(batch_size, shapes[0][1]).t(), *(torch.ones(n, batch_size) for _, n in shapes[1:])]
        outputs = [*(each[:-1] for each in values[1:]), torch.empty(shapes[-1][0], batch_size)]
        kept = torch.from_numpy(self._kept).view(-1, batch_size).split([rows for rows, _ in shapes[:-1]])
        layers = []
        for i, (rows, columns) in enumerate(shapes):
            weight, derivative = torch.zeros(rows, columns), torch.empty(columns, batch_size)
            products = torch.empty(rows, batch_size)
            layers.append(_Layer(
                weight, self._blocks(weight, products), values[i], products, derivative, outputs[i],
                kept[i] if i < len(kept) else torch.ones(()), values[i].t(), derivative[:-1],
            ))  # fmt: skip
        return values[0].t()[:, :-1], layers

    def _blocks(self, weight: torch.Tensor, products: torch.Tensor) -> list[_Block]:
        """Return a layer's rows in blocks whose gradients fit into the buffer."""
        state = (weight, torch.zeros_like(weight), torch.zeros_like(weight))
        n_rows, blocks = self._gradients.numel() // weight.shape[1], []
        for parts in zip(products.split(n_rows), *(each.split(n_rows) for each in state), strict=True):
            gradient = self._gradients[: parts[1].numel()]
            arrays = tuple(part.numpy().reshape(-1) for part in (*parts[1:], gradient))
            blocks.append(_Block(parts[0], parts[1].t(), gradient.view_as(parts[1]), arrays))
        return blocks

    def __call__(self, inputs: torch.Tensor, targets: torch.Tensor, learning_rate: float) -> torch.Tensor:
        """Do a step on inputs, (batch_size, n_inputs), and targets, (batch_size, p); return the loss before it.

        Raises ValueError for other shapes.
        """
        shapes = self._first_inputs.shape, self._layers[-1].outputs.t().shape
        if (inputs.shape, targets.shape) != shapes:
            raise ValueError(
                f"A step takes inputs and targets of the shapes {' and '.join(str(tuple(shape)) for shape in shapes)}; "
                f"these have {tuple(inputs.shape)} and {tuple(targets.shape)}."
            )
        if self._dropout > 0:
            self._draw_dropout()
        self._first_inputs.copy_(inputs)
        self._n_done += 1
        beta1, beta2 = self._betas
        rate, factor = learning_rate / (1 - beta1**self._n_done), (1 - beta2**self._n_done) ** -0.5
        self._rates[:] = 1 - beta1, 1 - beta2, rate, factor, EPSILON
        self._forward()
        return self._backward(targets)

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
        """Update the weights from the last layer to the first, and return the loss."""
        last = self._layers[-1]
        difference = last.outputs - targets.t()
        torch.mul(difference, 2 / difference.numel(), out=last.products)
        last.products.mul_(last.outputs).mul_(1 - last.outputs)
        for layer, before in zip(self._layers[:0:-1], self._layers[-2::-1], strict=True):
            layer.derivative.zero_()
            for block in layer.blocks:  # each is read from memory once for both
                torch.addmm(layer.derivative, block.weight_transposed, block.products, out=layer.derivative)
                self._update(block, layer.values_transposed)
            layer.inputs_derivative.mul_(before.kept)
            silu_backward(layer.inputs_derivative, before.products, grad_input=before.products)
        for block in self._layers[0].blocks:
            self._update(block, self._layers[0].values_transposed)
        return difference.square_().mean()

    def _update(self, block: _Block, values: torch.Tensor) -> None:
        torch.mm(block.products, values, out=block.gradient)
        adam(*block.arrays, self._rates)
