import numpy as np
import torch

from core.learning.losses import loss_of
from core.learning.networks.heads import Gaussian
from core.learning.training_settings import GaussianLikelihood, SquaredError


def test_weights_of_traces_leave_the_best_gaussian_alone():
    """They are constants for the gradient: at the truth of a normal law its expectation is zero, weighted or not."""
    rng = np.random.default_rng(0)
    n, sds = 200_000, np.array([0.1, 0.01])
    truth = torch.from_numpy(rng.normal(size=(2 * n, 2)) * np.repeat(sds, n)[:, None]).float()
    mean = torch.zeros(2, 2, requires_grad=True)
    log_sd = torch.log(torch.tensor(sds)).float().requires_grad_()
    which = torch.repeat_interleave(torch.arange(2), n)
    factor = torch.diag_embed((-log_sd[which, None]).exp().expand(-1, 2))
    loss_of(GaussianLikelihood(0.5), Gaussian(mean[which], factor), truth).backward()
    # Per trace the weighted gradients are of order 1 in the mean, and sd in the log of the sd: standard errors of each.
    assert torch.all(mean.grad.abs() <= 5 / np.sqrt(n))
    assert torch.all(log_sd.grad.abs() <= 5 * torch.tensor(sds) * 2 / np.sqrt(n))


def test_gaussian_loss_in_plain_numpy():
    """Two independent parameters of one sd a trace: weight sd^2β, and ½ Σ z² + 2 log sd."""
    sds, errors = np.array([0.1, 0.02]), np.array([[0.05, -0.2], [0.01, 0.03]])
    factor = torch.diag_embed(torch.tensor(1 / sds)[:, None].expand(-1, 2)).float()
    output, truth = Gaussian(torch.zeros(2, 2), factor), torch.from_numpy(errors).float()
    for beta in (0.0, 0.5, 1.0):
        plain = sds ** (2 * beta) * (0.5 * np.sum((errors / sds[:, None]) ** 2, axis=1) + 2 * np.log(sds))
        assert np.isclose(loss_of(GaussianLikelihood(beta), output, truth).item(), plain.mean(), rtol=1e-5)


def test_squared_error_in_plain_numpy():
    found = loss_of(SquaredError(), torch.tensor([[0.1, 0.5], [0.3, 0.2]]), torch.tensor([[0.2, 0.5], [0.1, 0.6]]))
    assert np.isclose(found.item(), (0.1**2 + 0.2**2 + 0.4**2) / 4)
