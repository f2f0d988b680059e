"""The inputs of a learned Gauss–Newton step, with derivatives by the trace and by the Gaussian that the step refines.

They are those of `step_inputs`, whose sums are made while a trajectory is integrated. Here trajectory and slopes are
stored, and whitened by the correlation of the residual.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from core.learning.networks.heads import Gaussian
from core.maps.step_inputs import HESSIAN_ROUNDING, MAX_CORRELATION, MIN_INFORMATION, MIN_SUM_OF_SQUARES, SD_OFFSET
from core.maps.task import Task
from core.maps.trajectory_node import observed_and_slopes
from core.published import SAMPLING_INTERVAL

Array = NDArray[np.float64]


def differentiable_step_inputs(
    task: Task, traces: torch.Tensor, given: Array, lengths: NDArray[np.int64], before: Gaussian
) -> torch.Tensor:
    """Return the inputs of a `Step`, (n, k), in the precision of the traces.

    traces: (n, n_times), of which the first lengths, (n,), are real. given: (n, g). before: the Gaussian to refine.
    """
    mean, factor = before
    p, q = mean.shape[1], len(task.prior.names)
    scale = torch.linalg.inv(factor)
    gradient, hessian, correlation, size = _expansion(task, traces, given, lengths, mean[:, :q], scale[:, :q, :q])
    least = MIN_INFORMATION + HESSIAN_ROUNDING * hessian.diagonal(dim1=1, dim2=2).sum(1)
    hessian = hessian + least[:, None, None] * torch.eye(q, dtype=mean.dtype)
    shift = -(scale[:, :q, :q] @ torch.linalg.solve(hessian, gradient.unsqueeze(-1))).squeeze(-1)
    if task.estimates_noise:
        both = torch.stack([size * SAMPLING_INTERVAL, correlation], dim=1)
        low, widths = (torch.as_tensor(each[q:], dtype=mean.dtype) for each in (task.law.bounds[:, 0], task.widths))
        shift = torch.cat([shift, ((both - low) / widths).clamp(0, 1) - mean[:, q:]], dim=1)
    step = (factor @ shift.unsqueeze(-1)).squeeze(-1)
    root = _lower_square_root(hessian)
    precision = torch.eye(p, dtype=mean.dtype).repeat(len(mean), 1, 1)
    precision[:, :q, :q] = root
    features = [gradient.arcsinh(), step.arcsinh(), _logarithmic(root), correlation.arctanh()[:, None]]
    features += [size.log()[:, None], mean, _logarithmic(factor), torch.as_tensor(given, dtype=mean.dtype)]
    if task.has_window:
        features.append(torch.as_tensor(np.log(lengths), dtype=mean.dtype)[:, None])
    rows, columns = torch.tril_indices(p, p)
    return torch.cat([*features, step, _logarithmic(precision), mean, factor[:, rows, columns]], dim=1)


def _expansion(
    task: Task,
    traces: torch.Tensor,
    given: Array,
    lengths: NDArray[np.int64],
    mean: torch.Tensor,
    scale: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return gradient (n, q) and Hessian (n, q, q) of the misfit, and correlation (n,) and sd (n,) of the residual."""
    prior = task.noise
    assert prior is not None, "a recipe without noise has no learned step"
    n_times = int(lengths.max())
    low, widths = (
        torch.as_tensor(each, dtype=mean.dtype) for each in (task.prior.bounds[:, 0], np.ptp(task.prior.bounds, axis=1))
    )
    found = observed_and_slopes(task, low + mean * widths, given, n_times)
    real = torch.from_numpy(np.arange(n_times) < lengths[:, None])
    residual = torch.where(real, traces[:, :n_times] - found[..., 0], 0.0)
    slopes = torch.where(real[..., None], found[..., 1:] @ (widths[:, None] * scale), 0.0)
    series = torch.cat([residual[..., None], slopes], dim=-1)
    # Samples after the last are zero, so that of all squares the last one alone has no successor.
    last = residual[torch.arange(len(residual)), torch.from_numpy(lengths - 1)].square()
    lagged = (residual[:, 1:] * residual[:, :-1]).sum(1)
    squares = (residual.square().sum(1) - last).clamp(min=MIN_SUM_OF_SQUARES)
    correlation = (lagged / squares).clamp(-MAX_CORRELATION, MAX_CORRELATION)
    rho = correlation.clamp(prior.lower[0], prior.upper[0])[:, None, None]
    white = torch.where(real[:, 1:, None], series[:, 1:] - rho * series[:, :-1], 0.0) / (1 - rho**2).sqrt()
    products = white.transpose(1, 2) @ white
    size = (products[:, 0, 0] / torch.as_tensor(lengths - 1, dtype=mean.dtype)).sqrt() + SD_OFFSET
    marginal_sd = size.clamp(prior.lower[1] / SAMPLING_INTERVAL, prior.upper[1] / SAMPLING_INTERVAL) + SD_OFFSET
    weighed = products / marginal_sd.square()[:, None, None]
    return -weighed[:, 0, 1:], weighed[:, 1:, 1:], correlation, size


def _lower_square_root(matrices: torch.Tensor) -> torch.Tensor:
    """Return the lower triangles A, (n, q, q), with A'A equal to symmetric positive matrices, (n, q, q)."""
    return torch.linalg.cholesky(matrices.flip(1, 2)).flip(1, 2).transpose(1, 2)


def _logarithmic(lower: torch.Tensor) -> torch.Tensor:
    """Return for lower triangles, (n, p, p), the logarithms of the diagonals, and what is below over its diagonal."""
    diagonal = lower.diagonal(dim1=1, dim2=2)
    rows, columns = torch.tril_indices(lower.shape[1], lower.shape[1], -1)
    return torch.cat([diagonal.log(), lower[:, rows, columns] / diagonal[:, rows]], dim=1)
