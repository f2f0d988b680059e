"""A network from features to a mixture of Gaussians, whose weights, means and factors all depend on the features.

A last component, the background, is a density that whoever evaluates the mixture brings along, such as a prior. Its
weight is learnt like the others', and it keeps the loss of a value finite that lies far from all Gaussians.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from core.learning.networks.feature_scale import FeatureScale, draw_linear_weights
from core.learning.networks.heads import lower_factor

FIRST_WEIGHTS_SD = 0.01  # of the last layer: all traces begin with nearly the same mixture
FIRST_RADIUS = 0.5  # of the circle on which the means of the components begin, so that they differ
FIRST_BACKGROUND = -5.0  # logit of the background's weight


class Mixture(NamedTuple):
    """Mixtures of k Gaussians of p coordinates, for n traces.

    log_weights: (n, k + 1), the last that of the background.
    mean: (n, k, p).
    factor: (n, k, p, p), the lower triangular A for which A'A is a precision matrix.
    """

    log_weights: torch.Tensor
    mean: torch.Tensor
    factor: torch.Tensor

    def log_density(self, values: torch.Tensor, background: torch.Tensor) -> torch.Tensor:
        """Return the log densities, (n,), at values (n, p), where the background's log density is (n,)."""
        white = (self.factor @ (values[:, None] - self.mean).unsqueeze(-1)).squeeze(-1)
        log_diagonal = self.factor.diagonal(dim1=2, dim2=3).log().sum(2)
        gaussian = log_diagonal - 0.5 * white.square().sum(2) - 0.5 * values.shape[1] * np.log(2 * np.pi)
        return torch.logsumexp(self.log_weights + torch.cat([gaussian, background[:, None]], dim=1), dim=1)


class MixtureNetwork(nn.Module):
    """Dense layers from features, (n, k), to a `Mixture`."""

    def __init__(self, n_features: int, p: int, components: int, widths: tuple[int, ...]):
        super().__init__()
        self.p, self.components = p, components
        self.feature_scale = FeatureScale(n_features)
        layers: list[nn.Module] = []
        for before, width in zip((n_features, *widths), widths, strict=False):
            layers += [nn.Linear(before, width), nn.SiLU()]
        self.layers = nn.Sequential(*layers)
        below = p * (p - 1) // 2
        self.sizes = [components + 1, components * p, components * p, components * below]
        self.last = nn.Linear(widths[-1], sum(self.sizes))

    def draw_first_weights(self, generator: torch.Generator) -> None:
        """Draw the weights of an untrained network; its components begin on a circle."""
        draw_linear_weights(self.layers, generator)
        nn.init.normal_(self.last.weight, std=FIRST_WEIGHTS_SD, generator=generator)
        angles = 2 * np.pi * torch.arange(self.components) / self.components
        means = torch.zeros(self.components, self.p)
        means[:, 0], means[:, 1] = FIRST_RADIUS * angles.cos(), FIRST_RADIUS * angles.sin()
        with torch.no_grad():
            self.last.bias.zero_()
            self.last.bias[self.components] = FIRST_BACKGROUND
            self.last.bias[self.components + 1 :][: means.numel()] = means.flatten()

    def forward(self, features: torch.Tensor) -> Mixture:
        """Return the mixtures."""
        n, k, p = len(features), self.components, self.p
        outputs = self.last(self.layers(self.feature_scale(features)))
        logits, mean, log_diagonal, below = outputs.split(self.sizes, dim=1)
        factor = lower_factor(log_diagonal.reshape(n * k, p), below.reshape(n * k, p * (p - 1) // 2))
        return Mixture(logits.log_softmax(1), mean.reshape(n, k, p), factor.reshape(n, k, p, p))
