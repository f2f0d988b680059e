"""A network for the velocity that carries a standard normal distribution to another one, which depends on features.

Flow matching (Lipman, Chen, Ben-Hamu, Nickel and Le 2023; Liu, Gong and Liu 2023): along the straight line
x_t = (1 − t) ε + t z from a normal ε to a value z, the velocity is z − ε. Its mean over all lines through a point is
the velocity of a flow that carries the one distribution to the other, and the network learns it by the squared error.
"""

import numpy as np
import torch
from torch import nn

from core.learning.networks.feature_scale import FeatureScale, draw_linear_weights

FREQUENCIES = 4  # of the sines and cosines of time that the network gets


class VelocityNetwork(nn.Module):
    """Velocities of points in p dimensions, from features (n, k) of their traces."""

    def __init__(self, n_features: int, p: int, width: int, embedding: int):
        super().__init__()
        self.p = p
        self.feature_scale = FeatureScale(n_features)
        self.of_features = nn.Sequential(nn.Linear(n_features, width), nn.SiLU(), nn.Linear(width, embedding))
        layers: list[nn.Module] = []
        for before in (embedding + p + 1 + 2 * FREQUENCIES, width, width):
            layers += [nn.Linear(before, width), nn.SiLU()]
        self.layers = nn.Sequential(*layers, nn.Linear(width, p))

    def draw_first_weights(self, generator: torch.Generator) -> None:
        """Draw the weights of an untrained network."""
        draw_linear_weights(self, generator)

    def embedding(self, features: torch.Tensor) -> torch.Tensor:
        """Return what the velocity takes of features, (n, embedding)."""
        return self.of_features(self.feature_scale(features))

    def forward(self, embedding: torch.Tensor, points: torch.Tensor, times: torch.Tensor) -> torch.Tensor:
        """Return the velocities, (n, p), of points (n, p) at times (n, 1) between 0 and 1."""
        phases = times * np.pi * torch.arange(1, FREQUENCIES + 1, device=times.device)
        return self.layers(torch.cat([embedding, points, times, phases.sin(), phases.cos()], dim=1))

    def divergence(
        self, embedding: torch.Tensor, points: torch.Tensor, times: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the velocities, (n, p), and their divergences, (n,); the arguments are those of `forward`."""
        with torch.enable_grad():
            points = points.detach().requires_grad_()
            velocity = self(embedding, points, times)
            slopes = [
                torch.autograd.grad(velocity[:, i].sum(), points, retain_graph=i + 1 < self.p)[0][:, i]
                for i in range(self.p)
            ]
        return velocity.detach(), torch.stack(slopes).sum(0)
