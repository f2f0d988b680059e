"""Heads, the last layers of a network: from features to scaled parameters, or to a Gaussian of them."""

from typing import NamedTuple

import torch
from torch import nn

from core.learning.networks.precision import at_least_single

MAX_LOG_SD = 8.0  # bound of the logarithm of a standard deviation, in either direction


class Gaussian(NamedTuple):
    """Gaussian distributions of p scaled parameters for n traces.

    mean: (n, p).
    factor: (n, p, p), the lower triangular A for which A'A is the precision matrix.
    """

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


def lower_factor(log_diagonal: torch.Tensor, below: torch.Tensor) -> torch.Tensor:
    """Return lower triangular matrices, (n, p, p), from the logarithms of their diagonals, (n, p).

    below: the entries below the diagonal, each divided by the diagonal entry of its row. The logarithms are bounded:
    otherwise a single batch of unusual traces can make a training diverge.
    """
    p = log_diagonal.shape[1]
    unit = torch.eye(p, dtype=log_diagonal.dtype, device=log_diagonal.device).repeat(len(log_diagonal), 1, 1)
    rows, columns = torch.tril_indices(p, p, -1, device=log_diagonal.device)
    unit[:, rows, columns] = below
    bounded = MAX_LOG_SD * torch.tanh(log_diagonal / MAX_LOG_SD)
    return bounded.exp().unsqueeze(-1) * unit


def point_layers(n_features: int, n_parameters: int) -> list[nn.Module]:
    """Return a linear layer and a sigmoid: scaled parameters lie between 0 and 1."""
    return [nn.Linear(n_features, n_parameters), nn.Sigmoid()]


class GaussianHead(nn.Module):
    """A linear layer from features, (n, k), to the Gaussian of p scaled parameters."""

    def __init__(self, n_features: int, n_parameters: int):
        super().__init__()
        self.linear = nn.Linear(n_features, n_parameters + n_parameters * (n_parameters + 1) // 2)
        self.n_parameters = n_parameters
        self.spread: torch.Tensor  # calibration factor of the standard deviations
        self.register_buffer("spread", torch.ones(()))

    def forward(self, features: torch.Tensor) -> Gaussian:
        """Return the Gaussians. Means stay inside the box, and standard deviations above a ten-thousandth of its width.

        Outputs of zero give the middle of the box as mean, and a quarter of its width as standard deviation.
        """
        outputs, p = at_least_single(self.linear(features)), self.n_parameters
        mean, log_diagonal, below = outputs[:, :p], outputs[:, p : 2 * p], outputs[:, 2 * p :]
        return Gaussian(mean.sigmoid(), 4 / self.spread * lower_factor(log_diagonal, below))
