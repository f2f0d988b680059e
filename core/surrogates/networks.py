"""The network of a surrogate while it is trained, with the scales of its inputs and outputs."""

import math
from collections.abc import Sequence

import torch
from torch import nn

from core.learning.networks.dense import dense_layers


class ScaledNetwork(nn.Module):
    """A dense network between inputs and outputs in their own units.

    input_centre, input_scale: (n_in,); output_centre, output_scale: (n_out,), of the training's inputs and outputs.
    frequencies: (k, n_in); where there are any, cosine and sine of 2π times their products with the scaled inputs join
    the inputs as random Fourier features (Rahimi and Recht 2007).
    """

    def __init__(self, n_in: int, widths: Sequence[int], n_out: int, n_frequencies: int = 0):
        super().__init__()
        self.input_centre: torch.Tensor
        self.input_scale: torch.Tensor
        self.output_centre: torch.Tensor
        self.output_scale: torch.Tensor
        self.frequencies: torch.Tensor
        for name, n in {"input": n_in, "output": n_out}.items():
            self.register_buffer(f"{name}_centre", torch.zeros(n))
            self.register_buffer(f"{name}_scale", torch.ones(n))
        self.register_buffer("frequencies", torch.zeros(n_frequencies, n_in))
        first = n_in + 2 * n_frequencies
        self.layers = nn.Sequential(*dense_layers(first, tuple(widths)), nn.Linear(widths[-1], n_out))

    def features(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the inputs of the first layer, (..., n_in + 2 k)."""
        scaled = (inputs - self.input_centre) / self.input_scale
        angles = 2 * math.pi * scaled @ self.frequencies.T
        return torch.cat([scaled, angles.cos(), angles.sin()], dim=-1) if len(self.frequencies) else scaled

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the outputs, (..., n_out), of inputs, (..., n_in)."""
        found: torch.Tensor = self.layers(self.features(inputs))
        return self.output_centre + self.output_scale * found
