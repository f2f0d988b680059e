"""The observed trajectory and its slopes as a node through which PyTorch passes derivatives."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.maps.task import Task
from core.models.model import TOLERANCE

DIFFERENCE_WIDTHS = 1e-7  # of parameters, for the derivatives of the slopes; in widths of the prior's box

Array = NDArray[np.float64]


class _Trajectory(torch.autograd.Function):
    """Values of the q estimated parameters, (n, q) → the observed state, then its slopes, (n, n_times, 1 + q)."""

    @staticmethod
    def forward(ctx: Any, values: torch.Tensor, task: Task, given: Array, n_times: int) -> torch.Tensor:
        """Integrate; the slopes' own derivatives are central differences at a frozen step."""
        centre = values.detach().double().cpu().numpy()
        step, q = _frozen_step(task, centre, given, n_times), centre.shape[1]
        series = _series(task, centre, given, n_times, step)
        if ctx.needs_input_grad[0]:
            sizes = DIFFERENCE_WIDTHS * task.widths[:q]
            ends = [
                [_series(task, centre + sign * move, given, n_times, step)[..., 1:] for sign in (1, -1)]
                for move in np.diag(sizes)
            ]
            curvature = np.stack([(up - down) / (2 * h) for (up, down), h in zip(ends, sizes, strict=True)], axis=-1)
            ctx.derivatives = torch.from_numpy(np.concatenate([series[..., None, 1:], curvature], axis=-2))
        return torch.from_numpy(series).to(values)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> Any:
        """Return the gradient by the values."""
        return torch.einsum("ntk,ntkq->nq", gradient, ctx.derivatives.to(gradient)), None, None, None


def observed_and_slopes(task: Task, values: torch.Tensor, given: Array, n_times: int) -> torch.Tensor:
    """Return the observed state and its derivatives by the estimated parameters, (n, n_times, 1 + q).

    values: (n, q), of the model's parameters. given: (n, g). From the divergence of a trajectory on, all are zero.
    """
    found = _Trajectory.apply(values, task, given, n_times)  # type: ignore[no-untyped-call]
    assert isinstance(found, torch.Tensor)
    return found


def _frozen_step(task: Task, values: Array, given: Array, n_times: int) -> float | None:
    if task.model.frozen_step is None:
        return None
    return task.model.frozen_step(task.complete(values, given), task.times[:n_times], None, TOLERANCE)


def _series(task: Task, values: Array, given: Array, n_times: int, step: float | None) -> Array:
    model = task.model
    states, slopes = model.sensitivities(task.complete(values, given), task.times[:n_times], step=step)
    observed = states[..., model.observed_column], slopes[..., model.observed_column, task.columns]
    return np.nan_to_num(np.concatenate([observed[0][..., None], observed[1]], axis=-1), nan=0.0, posinf=0, neginf=0)
