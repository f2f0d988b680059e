"""The residual network (He and others 2016)."""

import torch
from torch import nn

from core.learning.networks.dense import dense_layers

RESOLUTIONS = ((32, 9, 4), (48, 5, 2), (64, 5, 2), (96, 5, 2))  # number of filters, length, stride


class ResidualBlock(nn.Module):
    """Two convolutions of length 5, whose output is added to their input."""

    def __init__(self, n_filters: int):
        super().__init__()
        first, second = (nn.Conv1d(n_filters, n_filters, 5, padding=2) for _ in range(2))
        self.layers = nn.Sequential(first, nn.SiLU(), second)

    def forward(self, series: torch.Tensor) -> torch.Tensor:
        """Return series of the same shape, (n, n_filters, length)."""
        return nn.functional.silu(series + self.layers(series))


def residual_layers(n_times: int, widths: tuple[int, ...]) -> list[nn.Module]:
    """Return for each resolution a convolution and a residual block, then dense layers of these widths."""
    layers: list[nn.Module] = [nn.Unflatten(1, (1, n_times))]
    length, n_inputs = n_times, 1
    for n_filters, size, stride in RESOLUTIONS:
        layers += [nn.Conv1d(n_inputs, n_filters, size, stride=stride, padding=size // 2), nn.SiLU()]
        layers.append(ResidualBlock(n_filters))
        length, n_inputs = (length - 1) // stride + 1, n_filters
    return [*layers, nn.Flatten(), *dense_layers(n_inputs * length, widths)]
