"""A filter for the traces that turns AR(1) noise into independent standard normals, ahead of a network."""

import torch
from torch import nn

from core.noise import Noise


class Whitening(nn.Module):
    """The filter for a noise of known ρ and standard deviation."""

    def __init__(self, noise: Noise):
        super().__init__()
        self.noise = noise

    def forward(self, traces: torch.Tensor) -> torch.Tensor:
        """Return filtered traces, (n, n_times)."""
        rho = self.noise.rho
        scaled = traces * (1 / self.noise.marginal_sd)
        innovations = (scaled[:, 1:] - rho * scaled[:, :-1]) / (1 - rho**2) ** 0.5
        return torch.cat([scaled[:, :1], innovations], dim=1)
