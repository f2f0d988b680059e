"""The losses that a training minimises."""

import torch
from torch import nn

from core.learning.networks.heads import Gaussian
from core.learning.training_settings import GaussianLikelihood, Loss


def gaussian_loss(output: Gaussian, targets: torch.Tensor, beta: float) -> torch.Tensor:
    """Return the weighted mean negative log-likelihood of scaled parameters, (n, p).

    A trace's weight is the geometric mean of its predicted variances to the power of beta. No gradient flows through
    the weight, so that the best Gaussian for each trace is the same as without weights (Seitzer and others 2022).
    """
    weights = output.factor.detach().diagonal(dim1=1, dim2=2).log().mean(1).mul(-2 * beta).exp()
    return (weights * output.negative_log_likelihood(targets)).mean()


def loss_of(loss: Loss, output: Gaussian | torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the loss of a network's output for scaled parameters, (n, p)."""
    if isinstance(loss, GaussianLikelihood):
        assert isinstance(output, Gaussian)
        return gaussian_loss(output, targets, loss.beta)
    assert isinstance(output, torch.Tensor)
    return nn.functional.mse_loss(output.float(), targets)


def absolute_error(output: Gaussian | torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the mean absolute error, (), of scaled parameters, (n, p)."""
    mean = output.mean if isinstance(output, Gaussian) else output.float()
    return nn.functional.l1_loss(mean.detach(), targets)
