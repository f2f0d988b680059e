"""A layer that centres, scales and clips features as those of the training were."""

import torch
from torch import nn

MAX_SDS = 5.0  # features are clipped this far from their training mean, as nothing was learnt beyond
MIN_SD = 1e-3


class FeatureScale(nn.Module):
    """Centre and scale of features, (n, k); until `fit` they stay as they are, apart from the clipping."""

    def __init__(self, n_features: int):
        super().__init__()
        self.centre: torch.Tensor
        self.scale: torch.Tensor
        self.register_buffer("centre", torch.zeros(n_features))
        self.register_buffer("scale", torch.ones(n_features))

    def fit(self, features: torch.Tensor) -> None:
        """Take mean and standard deviation of the features of a training."""
        self.centre.copy_(features.mean(0))
        self.scale.copy_(features.std(0).clamp(min=MIN_SD))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return the scaled features."""
        return ((features - self.centre) / self.scale).clamp(-MAX_SDS, MAX_SDS)


def draw_linear_weights(module: nn.Module, generator: torch.Generator) -> None:
    """Draw the weights of all linear layers within; the biases are zero."""
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            nn.init.kaiming_uniform_(layer.weight, a=5**0.5, generator=generator)
            nn.init.zeros_(layer.bias)
