"""Build a network from inputs, body and head, and compute its estimates."""

import os
import sys

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from core.learning.networks.cnn import WIDTHS as CNN_WIDTHS
from core.learning.networks.cnn import cnn_layers
from core.learning.networks.dense import dense_layers
from core.learning.networks.heads import Gaussian, GaussianHead, point_layers
from core.learning.networks.input_layer import InputLayer
from core.learning.networks.residual import residual_layers
from core.learning.training_settings import (
    Body,
    Cnn,
    Dense,
    GaussianEstimate,
    Head,
    InitialWeights,
    Inputs,
    MeanAndCovariance,
    TimeSeries,
)

TRACES_AT_ONCE = 500

# A forked process has no copy of PyTorch's threads, and would wait for them for ever.
if sys.platform != "win32":
    os.register_at_fork(after_in_child=lambda: torch.set_num_threads(1))


class Layers(nn.Sequential):
    """A network of layers, the last of them its head."""

    @property
    def calibration_factor(self) -> torch.Tensor:
        """The factor of the standard deviations, which the calibration sets; a Gaussian head alone has one."""
        head = self[-1]
        assert isinstance(head, GaussianHead), "a point estimate has no standard deviations"
        return head.spread


def _body_layers(body: Body, n_times: int) -> tuple[list[nn.Module], int]:
    """Return the layers of a body, and the number of their output features."""
    if isinstance(body, Cnn):
        return cnn_layers(n_times), CNN_WIDTHS[-1]
    if isinstance(body, Dense):
        return dense_layers(n_times, body.widths, body.dropout), body.widths[-1]
    return residual_layers(n_times, body.widths), body.widths[-1]


def build(
    inputs: Inputs,
    body: Body,
    head: Head,
    initial_weights: InitialWeights,
    n_times: int,
    n_parameters: int,
    seed: int,
    n_columns: int = 0,
    has_window: bool = False,
) -> Layers:
    """Return a network that maps traces, (n, n_times), to scaled parameters, (n, p), or to a `Gaussian` of them.

    With the head `MeanAndCovariance`, p (p + 1) / 2 scaled entries of a covariance follow the parameters.

    n_columns: further inputs after the samples. has_window: whether the last is the share of samples that are real.
    The weights are drawn with the seed; the biases are zero.
    """
    input_layer = InputLayer(inputs, n_times, n_columns, has_window)
    first = [] if type(inputs) is TimeSeries and not n_columns else [input_layer]
    layers, n_features = _body_layers(body, input_layer.n_features)
    if isinstance(head, GaussianEstimate):
        last: list[nn.Module] = [GaussianHead(n_features, n_parameters)]
    else:
        with_covariance = isinstance(head, MeanAndCovariance)
        last = point_layers(n_features, n_parameters + with_covariance * n_parameters * (n_parameters + 1) // 2)
    network = Layers(*first, *layers, *last)
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.Conv1d):
            if initial_weights is InitialWeights.FLAT:
                nn.init.kaiming_uniform_(module.weight, a=5**0.5, generator=generator)
            else:
                nn.init.xavier_uniform_(module.weight, generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return network


def predict(
    network: nn.Module, traces: NDArray[np.floating], device: str = "cpu"
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Return a network's means, (n, p), and covariances, (n, p, p) or None, for traces, (n, n_times)."""
    if network.training:  # eval() walks all layers, which takes as long as a small network's prediction
        network.eval()
    with torch.inference_mode():
        # PyTorch warns of arrays that cannot be written to, such as those of a test set that all share.
        batches = torch.from_numpy(np.require(traces, np.float32, ["C", "W"])).split(TRACES_AT_ONCE)
        outputs = [network(batch.to(device)) for batch in batches]
        if not isinstance(outputs[0], Gaussian):
            return torch.cat(outputs).double().cpu().numpy(), None
        mean = torch.cat([output.mean for output in outputs]).double().cpu().numpy()
        factor = torch.cat([output.factor for output in outputs]).double().cpu()
        return mean, Gaussian(torch.from_numpy(mean), factor).covariance().numpy()
