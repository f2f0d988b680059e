"""The nodes of an ONNX graph, for networks of this laboratory."""

from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from torch import nn

from core.learning.networks.input_layer import LEAST_POWER, InputLayer
from core.learning.networks.residual import ResidualBlock
from core.learning.training_settings import WhitenedTimeSeries
from core.noise import Noise

OPSET = 20  # the first with a Fourier transform along any axis; runtimes of 2024 and later read it


class Graph:
    """Nodes and constants that are added one after another. A value goes by its name."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, value: Any, kind: Any = np.float32) -> str:
        """Add a constant, and return its name."""
        name = f"constant-{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(value, kind), name))
        return name

    def add(self, operation: str, *inputs: str, **attributes: Any) -> str:
        """Add a node with one output, and return the output's name."""
        name = f"{operation}-{len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, list(inputs), [name], **attributes))
        return name

    def scaled(self, value: str, factor: Any, offset: Any = 0.0, kind: Any = np.float32) -> str:
        """Return factor · value + offset."""
        return self.add("Add", self.add("Mul", value, self.constant(factor, kind)), self.constant(offset, kind))

    def part(self, value: str, first: int, end: int) -> str:
        """Return the columns from first up to end of (n, k)."""
        bounds = (self.constant([each], np.int64) for each in (first, end, 1))
        return self.add("Slice", value, *bounds)

    def shaped(self, value: str, *shape: int) -> str:
        """Return a value in another shape, in which one size may be −1."""
        return self.add("Reshape", value, self.constant(shape, np.int64))


def add_layer(graph: Graph, layer: nn.Module, value: str) -> str:
    """Add a layer of a network, and return the name of its output; raises ValueError for one of an unknown kind."""
    match layer:
        case nn.Sequential():
            for each in layer:
                value = add_layer(graph, each, value)
            return value
        case nn.Linear():
            weights = (graph.constant(_array(each)) for each in (layer.weight, layer.bias))
            return graph.add("Gemm", value, *weights, transB=1)
        case nn.Conv1d():
            weights = (graph.constant(_array(each)) for each in (layer.weight, layer.bias))
            padding = [int(layer.padding[0])] * 2
            return graph.add("Conv", value, *weights, strides=list(layer.stride), pads=padding)
        case nn.AvgPool1d():
            size, stride = (np.ravel(each).tolist() for each in (layer.kernel_size, layer.stride))
            return graph.add("AveragePool", value, kernel_shape=size, strides=stride)
        case nn.SiLU():
            return graph.add("Mul", value, graph.add("Sigmoid", value))
        case nn.Sigmoid():
            return graph.add("Sigmoid", value)
        case nn.Dropout():
            return value  # which drops nothing outside of the training
        case nn.Unflatten():
            return graph.shaped(value, -1, *layer.unflattened_size)
        case nn.Flatten():
            return graph.add("Flatten", value)
        case ResidualBlock():
            changed = graph.add("Add", value, add_layer(graph, layer.layers, value))
            return add_layer(graph, nn.SiLU(), changed)
        case InputLayer():
            return _input_layer(graph, layer, value)
    raise ValueError(f"A layer of the kind {type(layer).__name__} cannot be written as ONNX.")


def _input_layer(graph: Graph, layer: InputLayer, columns: str) -> str:
    """Whiten the samples, zero those that are not real, add the spectrum, and pass further columns on."""
    n = layer.n_times
    series = graph.part(columns, 0, n)
    rest = graph.part(columns, n, np.iinfo(np.int64).max)
    if isinstance(layer.inputs, WhitenedTimeSeries):
        series = _whitened(graph, series, n, layer.inputs.noise)
    if layer.has_window:
        share = graph.add("Gather", columns, graph.constant([-1], np.int64), axis=1)
        length = graph.add("Round", graph.scaled(share, float(n)))
        real = graph.add("Less", graph.constant(np.arange(n)[None]), length)
        series = graph.add("Mul", series, graph.add("Cast", real, to=onnx.TensorProto.FLOAT))
    features = [series] if layer.shows_series else []
    if layer.shows_spectrum:
        features.append(_log_power(graph, series, n))
    return graph.add("Concat", *features, rest, axis=1)


def _whitened(graph: Graph, series: str, n: int, noise: Noise) -> str:
    scaled = graph.scaled(series, 1 / noise.marginal_sd)
    before = graph.scaled(graph.part(scaled, 0, n - 1), noise.rho)
    innovations = graph.scaled(graph.add("Sub", graph.part(scaled, 1, n), before), (1 - noise.rho**2) ** -0.5)
    return graph.add("Concat", graph.part(scaled, 0, 1), innovations, axis=1)


def _log_power(graph: Graph, series: str, n: int) -> str:
    # In double precision, as runtimes transform less exactly than PyTorch. The name of an input that is left out is "".
    exact = graph.add("Cast", graph.shaped(series, -1, n, 1), to=onnx.TensorProto.DOUBLE)
    spectrum = graph.add("DFT", exact, "", graph.constant(1, np.int64), onesided=1)
    power = graph.add("ReduceSum", graph.add("Mul", spectrum, spectrum), graph.constant([2], np.int64), keepdims=0)
    return graph.add(
        "Cast", graph.add("Log", graph.scaled(power, 1 / n, LEAST_POWER, np.float64)), to=onnx.TensorProto.FLOAT
    )


def _array(weights: torch.Tensor | None) -> NDArray[np.float32]:
    assert weights is not None, "all layers have biases"
    return np.asarray(weights.numpy(force=True))
