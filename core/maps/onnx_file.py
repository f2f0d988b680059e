"""A map's network as an ONNX file (onnx.ai), which runtimes outside of Python read, too.

It takes traces as they are and returns estimates in the units of the parameters. Learned Gauss–Newton steps simulate,
and are no part of it: `InverseMap.predict` applies them. What onnx brings is imported here alone.
"""

import json

import numpy as np
import onnx
from onnx import helper

from core.learning.networks.heads import MAX_LOG_SD, GaussianHead
from core.learning.networks.network import Layers
from core.learning.training_settings import MeanAndCovariance
from core.maps.gauss_newton_step import Refined
from core.maps.inverse_map import InverseMap
from core.maps.local_gaussian_labels import LOG_VARIANCES, lowest_logarithms
from core.maps.onnx_graph import OPSET, Graph, add_layer
from core.maps.recipe_file import recipe_as_json
from core.maps.task import Task
from core.published import SAMPLING_INTERVAL

IR_VERSION = 9  # of files with this OPSET
SQUARINGS, TERMS = 7, 12  # of a matrix exponential: logarithms up to 40 then have a relative error below 1e-9


def onnx_of(inverse_map: InverseMap) -> bytes:
    """Return a map's network as an ONNX file.

    Inputs: traces (n, n_times), single precision; for maps that are told parameters known (n, k), those in the units of
    the model; for maps of windows n_samples (n,), how many samples of each trace count.
    Outputs: mean (n, p) and, for maps that give one, covariance (n, p, p), in double precision. They are those that the
    map itself estimates, before any learned step, up to single precision; for traces unlike the training's, the map
    also bounds the covariance.
    """
    recipe, task = inverse_map.recipe, inverse_map.recipe.task
    network = inverse_map.network.first if isinstance(inverse_map.network, Refined) else inverse_map.network
    assert isinstance(network, Layers), "all maps have such a network"
    graph = Graph()
    *layers, head = network
    value = _columns(graph, task)
    for layer in layers:
        value = add_layer(graph, layer, value)
    if isinstance(head, GaussianHead):
        scaled, covariance = _gaussian(graph, head, value)
    else:
        scaled, covariance = graph.add("Cast", add_layer(graph, head, value), to=onnx.TensorProto.DOUBLE), ""
    p = len(task.names)
    if isinstance(recipe.head, MeanAndCovariance):
        scaled, covariance = graph.part(scaled, 0, p), _of_logarithms(graph, p, graph.part(scaled, p, 2**31))
    lower, upper = task.law.bounds.T
    widths = upper - lower
    _output(graph, graph.scaled(scaled, widths, lower, np.float64), "mean")
    if covariance:
        _output(graph, graph.scaled(covariance, np.outer(widths, widths), 0.0, np.float64), "covariance")
    model = helper.make_model(
        _with_ends(graph, task, bool(covariance)),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="inverse-lab",
    )
    helper.set_model_props(
        model,
        {
            "map": inverse_map.name,
            "parameters": ", ".join(task.names),
            "sampling interval in ms": str(SAMPLING_INTERVAL),
            "learned steps left out": str(
                len(inverse_map.network.steps) if isinstance(inverse_map.network, Refined) else 0
            ),
            "recipe": json.dumps(recipe_as_json(recipe)),
        },
    )
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _with_ends(graph: Graph, task: Task, has_covariance: bool) -> onnx.GraphProto:
    """Return the graph with its named inputs and outputs."""
    single, double, whole = onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE, onnx.TensorProto.INT64
    p = len(task.names)
    inputs = [helper.make_tensor_value_info("traces", single, ["n", task.n_times[1]])]
    if task.given is not None:
        inputs.append(helper.make_tensor_value_info("known", single, ["n", len(task.given.names)]))
    if task.has_window:
        inputs.append(helper.make_tensor_value_info("n_samples", whole, ["n"]))
    outputs = [helper.make_tensor_value_info("mean", double, ["n", p])]
    if has_covariance:
        outputs.append(helper.make_tensor_value_info("covariance", double, ["n", p, p]))
    return helper.make_graph(graph.nodes, "inverse map", inputs, outputs, graph.constants)


def _output(graph: Graph, value: str, name: str) -> None:
    graph.nodes.append(helper.make_node("Identity", [value], [name]))


def _columns(graph: Graph, task: Task) -> str:
    """Return what `core.maps.inputs.as_columns` makes of the inputs."""
    columns = ["traces"]
    if task.given is not None:
        low, high = task.given.bounds.T
        columns.append(graph.scaled("known", 2 / (high - low), -(low + high) / (high - low)))
    if task.has_window:
        n = task.n_times[1]
        length = graph.shaped(graph.add("Cast", "n_samples", to=onnx.TensorProto.FLOAT), -1, 1)
        real = graph.add("Less", graph.constant(np.arange(n)[None]), length)
        columns[0] = graph.add("Where", real, "traces", graph.constant(0.0))
        columns.append(graph.scaled(length, 1 / n))
    return columns[0] if len(columns) == 1 else graph.add("Concat", *columns, axis=1)


def _gaussian(graph: Graph, head: GaussianHead, features: str) -> tuple[str, str]:
    """Return scaled means (n, p) and covariances (n, p, p), as `GaussianHead` and `Gaussian.covariance` do."""
    p = head.n_parameters
    outputs = add_layer(graph, head.linear, features)
    mean = graph.add("Cast", graph.add("Sigmoid", graph.part(outputs, 0, p)), to=onnx.TensorProto.DOUBLE)
    outputs = graph.add("Cast", outputs, to=onnx.TensorProto.DOUBLE)
    bounded = graph.add("Tanh", graph.scaled(graph.part(outputs, p, 2 * p), 1 / MAX_LOG_SD, 0.0, np.float64))
    sds = graph.add("Exp", graph.scaled(bounded, -MAX_LOG_SD, np.log(float(head.spread) / 4), np.float64))
    # The factor is D U, with D diagonal and U a lower triangle with a diagonal of ones. So its inverse is V D⁻¹ with
    # V = U⁻¹, whose rows follow from those above them.
    below = {
        (i, j): graph.part(outputs, k, k + 1)
        for k, (i, j) in enumerate(((i, j) for i in range(p) for j in range(i)), start=2 * p)
    }
    zero = graph.scaled(graph.part(outputs, 0, 1), 0.0, 0.0, np.float64)
    one = graph.scaled(zero, 0.0, 1.0, np.float64)
    inverse = {(i, i): one for i in range(p)}
    for (i, j), entry in sorted(below.items()):
        total = entry
        for k in range(j + 1, i):
            total = graph.add("Add", total, graph.add("Mul", below[i, k], inverse[k, j]))
        inverse[i, j] = graph.add("Neg", total)
    entries = [inverse.get((i, j), zero) for i in range(p) for j in range(p)]
    unit = graph.shaped(graph.add("Concat", *entries, axis=1), -1, p, p)
    root = graph.add("Mul", unit, graph.shaped(sds, -1, 1, p))
    return mean, graph.add("MatMul", root, graph.add("Transpose", root, perm=[0, 2, 1]))


def _of_logarithms(graph: Graph, p: int, targets: str) -> str:
    """Return the covariances (n, p, p) whose matrix logarithms have these targets, by scaling and squaring."""
    rows, columns = np.tril_indices(p)
    entries = graph.scaled(targets, np.ptp(LOG_VARIANCES), lowest_logarithms(p), np.float64)
    place = np.empty((p, p), np.int64)
    place[rows, columns] = place[columns, rows] = np.arange(len(rows))
    matrices = graph.shaped(graph.add("Gather", entries, graph.constant(place.ravel(), np.int64), axis=1), -1, p, p)
    identity = graph.constant(np.eye(p), np.float64)
    middle = float(np.mean(LOG_VARIANCES))
    shifted = graph.add("Sub", matrices, graph.constant(middle * np.eye(p), np.float64))
    small = graph.scaled(shifted, 0.5**SQUARINGS, 0.0, np.float64)
    power = identity
    for term in range(TERMS, 0, -1):  # Horner's rule for Taylor's series
        product = graph.add("MatMul", small, power)
        power = graph.add("Add", graph.scaled(product, 1 / term, 0.0, np.float64), identity)
    for _ in range(SQUARINGS):
        power = graph.add("MatMul", power, power)
    return graph.scaled(power, np.exp(middle), 0.0, np.float64)
