"""The architectures: each maps traces (n, n_times) to parameters scaled to [0, 1], (n, p), or to a Gaussian of them.

The published ones are `Dense` and `ConvolutionalNetwork`; ours are `WideDense` and `ResidualConvolutional`.
"""

import os
import sys
from typing import NamedTuple

import torch
from torch import nn

from core.published import RHO, SAMPLING_INTERVAL, SIGMA

# PyTorch's threads do not exist in a forked process, which would wait for them for ever.
if sys.platform != "win32":
    os.register_at_fork(after_in_child=lambda: torch.set_num_threads(1))


class Gaussian(NamedTuple):
    """Normal laws of n scaled parameters: mean (n, p), and factor (n, p, p), a lower A with A'A the precision."""

    mean: torch.Tensor
    factor: torch.Tensor

    def negative_log_likelihood(self, truth: torch.Tensor) -> torch.Tensor:
        """Return ½ |A (truth − mean)|² − log det A, (n,), for scaled parameters (n, p)."""
        white = (self.factor @ (truth - self.mean).unsqueeze(-1)).squeeze(-1)
        log_diagonal = self.factor.diagonal(dim1=1, dim2=2).log()
        return 0.5 * white.square().sum(1) - log_diagonal.sum(1)

    def covariance(self) -> torch.Tensor:
        """Return the covariances, (n, p, p)."""
        identity = torch.eye(self.mean.shape[1], dtype=self.factor.dtype, device=self.factor.device)
        inverse = torch.linalg.solve_triangular(self.factor, identity.expand_as(self.factor), upper=False)
        return inverse @ inverse.transpose(1, 2)


class Dense(nn.Sequential):
    """The published dense network: four layers of 32 units, swish, sigmoid output."""

    def __init__(self, n_times: int, n_outputs: int):
        layers: list[nn.Module] = []
        for n_inputs in (n_times, 32, 32, 32):
            layers += [nn.Linear(n_inputs, 32), nn.SiLU()]
        super().__init__(*layers, nn.Linear(32, n_outputs), nn.Sigmoid())


class ConvolutionalNetwork(nn.Sequential):
    """The published CNN: 8, 16, 32 filters of length 3 and stride 2, average pooling between, two layers of 32 units.

    For 1,000 times and two outputs it has the published 33,874 weights.
    """

    def __init__(self, n_times: int, n_outputs: int):
        layers: list[nn.Module] = [nn.Unflatten(1, (1, n_times))]
        length = n_times
        for n_inputs, n_filters in ((1, 8), (8, 16), (16, 32)):
            if n_inputs > 1:
                layers.append(nn.AvgPool1d(2))
                length //= 2
            layers += [nn.Conv1d(n_inputs, n_filters, 3, stride=2), nn.SiLU()]
            length = (length - 3) // 2 + 1
        layers.append(nn.Flatten())
        for n_features in (32 * length, 32):
            layers += [nn.Linear(n_features, 32), nn.SiLU()]
        super().__init__(*layers, nn.Linear(32, n_outputs), nn.Sigmoid())


class Whitening(nn.Module):
    """The filter that turns AR(1) noise with the published means of ρ and σ into independent standard normals."""

    def forward(self, traces: torch.Tensor) -> torch.Tensor:
        """Return filtered traces, (n, n_times)."""
        scaled = traces * (SAMPLING_INTERVAL / SIGMA)
        innovations = (scaled[:, 1:] - RHO * scaled[:, :-1]) / (1 - RHO**2) ** 0.5
        return torch.cat([scaled[:, :1], innovations], dim=1)


LARGEST_LOG = 8.0  # of a standard deviation in the unit that it is measured in


def lower_factor(log_diagonal: torch.Tensor, below: torch.Tensor) -> torch.Tensor:
    """Return lower triangles, (n, p, p), from logarithms of the diagonal, (n, p), and the rest in units of its row.

    The logarithms are bounded: otherwise, a single strange batch can throw a training off its way.
    """
    p = log_diagonal.shape[1]
    unit = torch.eye(p, device=log_diagonal.device).repeat(len(log_diagonal), 1, 1)
    rows, columns = torch.tril_indices(p, p, -1, device=log_diagonal.device)
    unit[:, rows, columns] = below
    bounded = LARGEST_LOG * torch.tanh(log_diagonal / LARGEST_LOG)
    return bounded.exp().unsqueeze(-1) * unit


class GaussianHead(nn.Module):
    """A linear layer from features, (n, k), to the law of p scaled parameters."""

    def __init__(self, n_features: int, n_parameters: int):
        super().__init__()
        self.linear = nn.Linear(n_features, n_parameters + n_parameters * (n_parameters + 1) // 2)
        self.n_parameters = n_parameters
        self.spread: torch.Tensor
        self.register_buffer("spread", torch.ones(()))  # of the standard deviations, set by `core.maps.calibration`

    def forward(self, features: torch.Tensor) -> Gaussian:
        """Return the laws; zeros give the middle of the box as mean and a quarter of its width as sd.

        Means stay inside the box and standard deviations above a ten-thousandth of its width.
        """
        outputs, p = self.linear(features).float(), self.n_parameters
        mean, log_diagonal, below = outputs[:, :p], outputs[:, p : 2 * p], outputs[:, 2 * p :]
        return Gaussian(mean.sigmoid(), 4 / self.spread * lower_factor(log_diagonal, below))


def _first(noisy: bool) -> nn.Module:
    """Return the first layer: noise is whitened; without noise that would only lift what is hardest to learn."""
    return Whitening() if noisy else nn.Identity()


class WideDense(nn.Sequential):
    """Wide dense layers; the output is a Gaussian with full covariance.

    All trajectories start from the same state, so that time is absolute: where simulations are plenty, nothing is
    gained by sharing weights along it.
    """

    def __init__(self, n_times: int, n_parameters: int, widths: tuple[int, ...], noisy: bool):
        layers: list[nn.Module] = [_first(noisy)]
        for n_inputs, width in zip((n_times, *widths), widths, strict=False):
            layers += [nn.Linear(n_inputs, width), nn.SiLU()]
        super().__init__(*layers, GaussianHead(widths[-1], n_parameters))


class Residual(nn.Module):
    """Two convolutions of length 5 whose outcome is added to what they are given."""

    def __init__(self, n_filters: int):
        super().__init__()
        first, second = (nn.Conv1d(n_filters, n_filters, 5, padding=2) for _ in range(2))
        self.layers = nn.Sequential(first, nn.SiLU(), second)

    def forward(self, series: torch.Tensor) -> torch.Tensor:
        """Return series of the same shape, (n, n_filters, length)."""
        return nn.functional.silu(series + self.layers(series))


class ResidualConvolutional(nn.Sequential):
    """A residual network (He and others 2016) of four resolutions, then dense layers; the output is a Gaussian.

    32, 48, 64, 96 filters of lengths 9, 5, 5, 5 and strides 4, 2, 2, 2, each with a residual block behind. A trace
    teaches it more than it teaches dense layers, but takes ten times as long: for simulations that are counted.
    """

    def __init__(self, n_times: int, n_parameters: int, widths: tuple[int, ...], noisy: bool):
        layers: list[nn.Module] = [_first(noisy), nn.Unflatten(1, (1, n_times))]
        length, n_inputs = n_times, 1
        for n_filters, size, stride in ((32, 9, 4), (48, 5, 2), (64, 5, 2), (96, 5, 2)):
            layers += [nn.Conv1d(n_inputs, n_filters, size, stride=stride, padding=size // 2), nn.SiLU()]
            layers.append(Residual(n_filters))
            length, n_inputs = (length - 1) // stride + 1, n_filters
        layers.append(nn.Flatten())
        for n_features, width in zip((n_inputs * length, *widths), widths, strict=False):
            layers += [nn.Linear(n_features, width), nn.SiLU()]
        super().__init__(*layers, GaussianHead(widths[-1], n_parameters))


PUBLISHED: dict[str, type[Dense | ConvolutionalNetwork]] = {"cnn": ConvolutionalNetwork, "dense": Dense}
OURS: dict[str, type[WideDense | ResidualConvolutional]] = {"wide": WideDense, "residual": ResidualConvolutional}
ARCHITECTURES = (*OURS, *PUBLISHED)


def build(
    architecture: str, n_times: int, n_outputs: int, seed: int, widths: tuple[int, ...] = (), noisy: bool = True
) -> nn.Module:
    """Return a network of the named architecture, its weights drawn from seed.

    Those of the published networks follow Glorot's uniform law, those of the others a uniform law of variance
    1/(3 inputs): begun flatter, they learn faster. widths: of the dense layers of the others; noisy: whether these are
    to whiten the traces. Raises ValueError for an unknown name.
    """
    if architecture not in ARCHITECTURES:
        raise ValueError(f"The architecture must be one of {', '.join(ARCHITECTURES)}; it is {architecture!r}.")
    network: nn.Module
    if architecture in OURS:
        network = OURS[architecture](n_times, n_outputs, widths, noisy)
    else:
        network = PUBLISHED[architecture](n_times, n_outputs)
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.Conv1d):
            if architecture in OURS:
                nn.init.kaiming_uniform_(module.weight, a=5**0.5, generator=generator)
            else:
                nn.init.xavier_uniform_(module.weight, generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return network
