"""A step from one Gaussian of scaled parameters to the next: a share of a proposal, and what is added to it."""

import torch
from torch import nn

from core.learning.networks.heads import Gaussian, lower_factor

MAX_OUTPUT = 6.0  # bound of every output, such as the step in each direction in standard deviations
MAX_FEATURE_SDS = 3.0  # features are clipped this far from their training mean, as nothing was learnt beyond
MIN_FEATURE_SD = 1e-2
HIDDEN_LAYERS = 3


def triangle(p: int) -> int:
    """Return the number of entries of a lower triangle, (p, p)."""
    return p * (p + 1) // 2


class GaussianStep(nn.Module):
    """A network from features and a proposal to a refined Gaussian of p scaled parameters.

    n_features: without the proposal and the Gaussian that is refined. width: units of each layer.
    """

    def __init__(self, p: int, n_features: int, width: int):
        super().__init__()
        self.p, self.n_features = p, n_features
        self.centre: torch.Tensor
        self.scale: torch.Tensor
        self.spread: torch.Tensor
        self.register_buffer("centre", torch.zeros(self.n_features))
        self.register_buffer("scale", torch.ones(self.n_features))
        self.register_buffer("spread", torch.ones(()))  # calibration factor, as in `GaussianHead`
        layers: list[nn.Module] = []
        for n_inputs in (self.n_features, *[width] * (HIDDEN_LAYERS - 1)):
            layers += [nn.Linear(n_inputs, width), nn.SiLU()]
        # For each entry of a step and of a factor, the share of the proposal and what is added to it.
        last = nn.Linear(width, 2 * (p + triangle(p)))
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.layers = nn.Sequential(*layers, last)

    def fit_features(self, features: torch.Tensor) -> None:
        """Set the centres and scales of the features to those of examples, (n, n_features)."""
        self.centre.copy_(features.mean(0))
        self.scale.copy_(features.std(0).clamp(min=MIN_FEATURE_SD))

    def forward(self, inputs: torch.Tensor) -> Gaussian:
        """Return the refined Gaussians of inputs, (n, k); before any training they equal those that the inputs hold.

        Inputs are the features; the proposal, of a step (p) and of a factor of the precision (triangle of p), the
        factor with logarithms as its diagonal; then the mean (p) and the factor (triangle of p) of the Gaussian. Steps
        and factors are in units of that Gaussian. Means are clipped to the box except in training, where a step beyond
        the box must have a gradient.
        """
        p, entries = self.p, triangle(self.p)
        sizes = [self.n_features, p, entries, p, entries]
        features, step, precision, mean, below = inputs.split(sizes, dim=1)
        features = ((features - self.centre) / self.scale).clamp(-MAX_FEATURE_SDS, MAX_FEATURE_SDS)
        outputs = MAX_OUTPUT * torch.tanh(self.layers(features) / MAX_OUTPUT)
        share, added = outputs.chunk(2, dim=1)
        proposal = torch.cat([step, precision], dim=1).clamp(-MAX_OUTPUT, MAX_OUTPUT)
        refinement = share * proposal + added
        rows, columns = torch.tril_indices(p, p, device=inputs.device)
        factor = torch.zeros(len(inputs), p, p, dtype=inputs.dtype, device=inputs.device)
        factor[:, rows, columns] = below
        shift = torch.linalg.solve_triangular(factor, refinement[:, :p].unsqueeze(-1), upper=False).squeeze(-1)
        refined = lower_factor(refinement[:, p : 2 * p], refinement[:, 2 * p :]) @ factor / self.spread
        refined_mean = mean + shift
        return Gaussian(refined_mean if self.training else refined_mean.clamp(0, 1), refined)
