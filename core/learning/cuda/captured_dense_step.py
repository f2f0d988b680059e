"""Training steps for dense networks as one CUDA graph, written out by hand.

In a narrow network a kernel takes hardly longer than its start, so that their number decides: each layer has one
forward, one backward, and one beside it for gradient and Adam. In a wide network the traffic of memory decides: see
dense.cu.
"""

from pathlib import Path

import torch
from torch import nn

from core.learning.cuda.captured_step import captured
from core.learning.cuda.kernels import Argument, Kernels
from core.learning.dense_layers_of import dense_layers_of

EPSILON = 1e-8  # of Adam, as in PyTorch
THREADS, TILE, SAMPLES, UNITS = 256, 64, 32, 4  # as in dense.cu
WIDE_AT_ONCE = 2  # wide layers whose updates fit beside the backward pass
OPTIONS = ("--prec-div=false", "--prec-sqrt=false")  # to two units in the last place, which halves Adam's arithmetic
NARROW_WEIGHTS = 2**19  # up to which a layer's own kernels beat the library's matrix product
SOURCE = Path(__file__).with_name("dense.cu")


class _Layer:
    """A linear layer's weights with their moments, and the buffers of a step.

    values: (batch, n_inputs), of the layer before. delta: (batch, n_outputs), the derivative of the loss.
    """

    def __init__(self, linear: nn.Linear, values: torch.Tensor, kind: torch.dtype):
        weight, bias = linear.weight.detach().contiguous(), linear.bias.detach()
        self.values = values
        if kind is torch.bfloat16:
            bits = weight.view(torch.int32)
            upper = (bits + 0x8000) >> 16
            self.weight = upper.to(torch.int16).view(torch.bfloat16)
            self.remainder = (bits - (upper << 16)).to(torch.int16)
        else:
            self.weight, self.remainder = weight.clone(), torch.zeros((), dtype=torch.int16, device=weight.device)
        self.mean = torch.zeros_like(self.weight)
        self.square = torch.zeros_like(weight)
        self.bias = bias.clone()
        self.bias_mean, self.bias_square = torch.zeros_like(bias), torch.zeros_like(bias)
        shape = (len(values), linear.out_features)
        self.products, self.delta, self.gradient, self.outputs, self.slopes = (
            torch.zeros(shape, dtype=kind, device=values.device) for _ in range(5)
        )

    @property
    def is_narrow(self) -> bool:
        """Whether the layer's own kernels are faster than the library's matrix product."""
        return self.weight.numel() <= NARROW_WEIGHTS

    @property
    def single_weight(self) -> torch.Tensor:
        """The weight in single precision."""
        if self.weight.dtype is torch.float32:
            return self.weight
        bits = self.weight.float().view(torch.int32) + self.remainder.int()
        return bits.view(torch.float32)

    def state(self) -> tuple[torch.Tensor, ...]:
        """Return what a step changes."""
        return (
            self.weight, self.remainder, self.mean, self.square, self.bias, self.bias_mean, self.bias_square,
        )  # fmt: skip


class CapturedDenseSteps:
    """Steps of Adam on the mean squared error of a dense network with a point head, as one CUDA graph.

    inputs: (n, n_inputs). targets: (n, p). Both, and the network, are on the GPU.
    half_precision: whether products have factors in bfloat16, and the running mean of gradients is stored so. Weights,
    sums and the running mean of squares are in single precision.
    `load` copies the weights to the network. Raises ValueError for networks of another kind, or where a layer's number
    of inputs is no multiple of 4.
    """

    def __init__(
        self,
        network: nn.Module,
        inputs: torch.Tensor,
        targets: torch.Tensor,
        batch_size: int,
        n_steps: int,
        half_precision: bool = False,
        betas: tuple[float, float] = (0.9, 0.999),
    ):
        layers = dense_layers_of(network)
        if any(linear.in_features % 4 for linear in layers.linears):
            raise ValueError("Captured steps need layers whose numbers of inputs are multiples of 4.")
        self.network, self._linears, self._dropout, self._betas = network, layers.linears, layers.dropout, betas
        device, kind = inputs.device, torch.bfloat16 if half_precision else torch.float32
        self._kernels = Kernels(SOURCE.read_text("utf-8"), (*OPTIONS, "-DHALF") if half_precision else OPTIONS)
        self._inputs, self._targets = inputs.to(kind), targets.float()
        self._batch_targets = torch.zeros((batch_size, targets.shape[1]), device=device)
        values, self._layers = torch.zeros((batch_size, inputs.shape[1]), dtype=kind, device=device), []
        for linear in layers.linears:
            self._layers.append(_Layer(linear, values, kind))
            values = self._layers[-1].outputs
        widths = [linear.out_features for linear in layers.linears[:-1]]
        self._draws = torch.ones((n_steps, batch_size * sum(widths)), device=device)
        self._draws_of_layers = self._draws.split([batch_size * width for width in widths], dim=1)
        self._order = torch.zeros((n_steps, batch_size), dtype=torch.int64, device=device)
        self._rates = torch.zeros((n_steps, 2), device=device)
        self._learning_rate, self._done = (torch.zeros((), dtype=torch.float64, device=device) for _ in range(2))
        self._sum = torch.zeros((), device=device)
        self._side = torch.cuda.Stream()
        before = [tensor.clone() for layer in self._layers for tensor in layer.state()]
        self._graph = captured(self._steps)
        for tensor, value in zip((each for layer in self._layers for each in layer.state()), before, strict=True):
            tensor.copy_(value)
        self._done.zero_()

    @property
    def loss(self) -> torch.Tensor:
        """The mean loss of the last steps."""
        return self._sum / len(self._order)

    def __call__(self, order: torch.Tensor, learning_rate: float) -> None:
        """Do the steps. order: (n_steps, batch_size), the samples of each batch, on the GPU."""
        self._order.copy_(order)
        self._learning_rate.fill_(learning_rate)
        self._graph.replay()

    def load(self) -> None:
        """Copy the weights to the network."""
        with torch.no_grad():
            for linear, layer in zip(self._linears, self._layers, strict=True):
                linear.weight.copy_(layer.single_weight)
                linear.bias.copy_(layer.bias)

    def _set_rates(self) -> None:
        """Set the rates that the kernel `update` takes, and count the steps."""
        steps = self._done + torch.arange(1, len(self._order) + 1, device=self._done.device)
        beta1, beta2 = self._betas
        self._rates[:, 0] = self._learning_rate / (1 - beta1**steps)
        self._rates[:, 1] = (1 - beta2**steps).rsqrt()
        self._done += len(self._order)

    def _steps(self) -> None:
        self._sum.zero_()
        self._set_rates()
        if self._dropout > 0:
            self._draws.uniform_()
        main, updates = torch.cuda.current_stream(), list[torch.cuda.Event]()
        for i, (batch, rate) in enumerate(zip(self._order, self._rates, strict=True)):
            for update in updates[:1]:
                main.wait_event(update)
            torch.index_select(self._inputs, 0, batch, out=self._layers[0].values)
            torch.index_select(self._targets, 0, batch, out=self._batch_targets)
            for j, (layer, draws) in enumerate(zip(self._layers, self._draws_of_layers, strict=False)):
                for update in updates[j + 1 : j + 2]:  # the next layer's, which reads what this one writes
                    main.wait_event(update)
                self._forward(layer, draws[i])
            self._output(self._layers[-1])
            updates = self._backward(rate)
        main.wait_stream(self._side)

    def _forward(self, layer: _Layer, draws: torch.Tensor) -> None:
        batch_size, width = layer.outputs.shape
        if layer.is_narrow:
            blocks = (-(-width // UNITS), -(-batch_size // SAMPLES))
            self._kernels.start("forward", blocks, THREADS, (
                layer.values, layer.weight, layer.bias, draws, layer.outputs, layer.slopes, batch_size, width,
                layer.values.shape[1], self._dropout,
            ))  # fmt: skip
        else:
            torch.mm(layer.values, layer.weight.t(), out=layer.products)
            size = layer.products.numel()
            self._kernels.start("swish", (-(-size // THREADS), 1), THREADS, (
                layer.products, layer.bias, draws, layer.outputs, layer.slopes, size, width, self._dropout,
            ))  # fmt: skip

    def _output(self, last: _Layer) -> None:
        batch_size, n_outputs = last.outputs.shape
        self._kernels.start("output", (-(-n_outputs // UNITS), -(-batch_size // SAMPLES)), THREADS, (
            last.values, last.weight, last.bias, self._batch_targets, last.delta, self._sum, batch_size, n_outputs,
            last.values.shape[1],
        ))  # fmt: skip

    def _backward(self, rate: torch.Tensor) -> list[torch.cuda.Event]:
        """Go back through the layers; a stream beside it updates the weights that the backward pass has used.

        Return an event for each layer that is updated late: the first layers, whose updates take longer than the
        backward pass. They come in the order in which the next forward pass needs them, so that it runs beside them.
        """
        main, n_wide = torch.cuda.current_stream(), sum(not layer.is_narrow for layer in self._layers)
        n_late = max(0, n_wide - WIDE_AT_ONCE)
        for i in range(len(self._layers) - 1, -1, -1):
            if i > 0:
                self._before(self._layers[i], self._layers[i - 1])
            if i >= n_late:
                self._side.wait_stream(main)
                self._update(self._layers[i], rate)
        self._side.wait_stream(main)
        if n_late == 0:
            main.wait_stream(self._side)
        return [self._update(layer, rate) for layer in self._layers[:n_late]]

    def _before(self, layer: _Layer, before: _Layer) -> None:
        """Compute the derivative of the loss by the products of the layer before."""
        (batch_size, n_outputs), n_inputs = layer.delta.shape, layer.values.shape[1]
        if layer.is_narrow:
            self._kernels.start("backward", (n_inputs // UNITS, -(-batch_size // SAMPLES)), THREADS, (
                layer.delta, layer.weight, before.slopes, before.delta, batch_size, n_outputs, n_inputs,
            ))  # fmt: skip
        else:
            torch.mm(layer.delta, layer.weight, out=before.gradient)
            torch.mul(before.gradient, before.slopes, out=before.delta)

    def _update(self, layer: _Layer, rate: torch.Tensor) -> torch.cuda.Event:
        """Update a layer's weights on the stream beside the passes; return the event of its end."""
        n_outputs, n_inputs = layer.weight.shape
        arguments: tuple[Argument, ...] = (
            *layer.state(), layer.delta, layer.values, rate, len(layer.delta), n_outputs, n_inputs, *self._betas,
            EPSILON,
        )  # fmt: skip
        with torch.cuda.stream(self._side):
            self._kernels.start("update", (-(-n_inputs // TILE), -(-n_outputs // TILE)), THREADS, arguments)
            return self._side.record_event()
