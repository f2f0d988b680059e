"""A training step for dense networks on the processor, written out by hand.

With batches of 32 a step of automatic differentiation spends most of its time between the operations. This one has few:
samples are columns, so that a row of ones below them carries the biases in the weight matrices; one draw gives the
dropout of all layers; and one call of Adam updates all weights, which lie side by side in memory.
"""

import torch
from torch import nn

from core.learning.dense_layers_of import dense_layers_of

EPSILON = 1e-8  # of Adam, as in PyTorch


def _views(flat: torch.Tensor, shapes: list[tuple[int, int]]) -> list[torch.Tensor]:
    """Return matrices of these shapes that lie side by side in a vector."""
    parts = flat.split([rows * columns for rows, columns in shapes])
    return [part.view(shape) for part, shape in zip(parts, shapes, strict=True)]


class FusedDenseStep:
    """Steps of Adam (Kingma and Ba 2015) on the mean squared error of a dense network with a point head.

    network: as `build` makes it; its weights are copied. `load` copies them back.
    Raises ValueError for networks of another kind.
    """

    def __init__(self, network: nn.Module, batch_size: int, betas: tuple[float, float] = (0.9, 0.999)):
        layers = dense_layers_of(network)
        self._linears, self._dropout, self._betas = layers.linears, layers.dropout, betas
        shapes = [(linear.out_features, linear.in_features + 1) for linear in layers.linears]
        n_weights, widths = sum(rows * columns for rows, columns in shapes), [rows for rows, _ in shapes[:-1]]
        self._flat, self._flat_gradient, self._mean, self._square = (torch.zeros(n_weights) for _ in range(4))
        self._done = torch.zeros(())
        self._weights, self._gradients = (_views(flat, shapes) for flat in (self._flat, self._flat_gradient))
        for matrix, linear in zip(self._weights, layers.linears, strict=True):
            matrix[:, :-1], matrix[:, -1] = linear.weight.detach(), linear.bias.detach()
        self._values = [torch.ones(columns, batch_size) for _, columns in shapes]  # the last row stays one
        self._values_gradients = [torch.empty(columns, batch_size) for _, columns in shapes]
        self._products = [torch.empty(rows, batch_size) for rows, _ in shapes]
        self._all_kept = torch.ones(sum(widths), batch_size)  # by what dropout multiplies each value
        self._kept = self._all_kept.split(widths)

    def __call__(self, inputs: torch.Tensor, targets: torch.Tensor, learning_rate: float) -> torch.Tensor:
        """Do a step on inputs, (batch_size, n_inputs), and targets, (batch_size, p); return the loss before it."""
        if self._dropout > 0:
            self._all_kept.bernoulli_(1 - self._dropout).mul_(1 / (1 - self._dropout))
        self._values[0][:-1] = inputs.t()
        self._forward()
        loss = self._backward(targets.t())
        self._done += 1
        torch._fused_adam_(
            [self._flat], [self._flat_gradient], [self._mean], [self._square], [], [self._done], lr=learning_rate,
            beta1=self._betas[0], beta2=self._betas[1], weight_decay=0.0, eps=EPSILON, amsgrad=False, maximize=False,
        )  # fmt: skip
        return loss

    def load(self) -> None:
        """Copy the weights to the network."""
        with torch.no_grad():
            for matrix, linear in zip(self._weights, self._linears, strict=True):
                linear.weight.copy_(matrix[:, :-1])
                linear.bias.copy_(matrix[:, -1])

    def _forward(self) -> None:
        for i, (weight, products) in enumerate(zip(self._weights, self._products, strict=True)):
            torch.mm(weight, self._values[i], out=products)
            if i < len(self._kept):
                values = self._values[i + 1][:-1]
                torch.ops.aten.silu.out(products, out=values)
                values.mul_(self._kept[i])

    def _backward(self, targets: torch.Tensor) -> torch.Tensor:
        """Write the gradients, and return the loss."""
        estimates = self._products[-1].sigmoid()
        difference = estimates - targets
        delta = torch.ops.aten.sigmoid_backward(difference * (2 / difference.numel()), estimates)
        for i in range(len(self._weights) - 1, -1, -1):
            torch.mm(delta, self._values[i].t(), out=self._gradients[i])
            if i > 0:
                torch.mm(self._weights[i].t(), delta, out=self._values_gradients[i])
                before = self._values_gradients[i][:-1].mul_(self._kept[i - 1])
                delta = self._products[i - 1]
                torch.ops.aten.silu_backward.grad_input(before, delta, grad_input=delta)
        return difference.square_().mean()
