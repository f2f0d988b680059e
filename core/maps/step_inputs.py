"""The inputs of a learned Gauss–Newton step: the expansion of the misfit at an estimate, and the residual's noise."""

from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray

from core.learning.networks.gaussian_step import triangle
from core.learning.networks.heads import Gaussian
from core.maps.inputs import TraceInputs, from_columns
from core.maps.task import Task
from core.models.lag_products import LagProducts, lag_products
from core.published import SAMPLING_INTERVAL

MAX_CORRELATION = 0.999
MIN_INFORMATION = 1e-3  # added to the Hessian's diagonal, in inverse variances of the Gaussian before the step
HESSIAN_ROUNDING = 1e-9  # this share of its matrix trace is added too, as curvatures can differ by a factor of 1e9
MIN_SUM_OF_SQUARES = 1e-3  # of a residual, where its correlation is estimated
SD_OFFSET = 1e-3  # added to standard deviations, which keeps their logarithms and quotients finite

Array = NDArray[np.float64]


def n_features(task: Task) -> int:
    """Return the number of features of a step, without the Gaussian that it refines."""
    p, q = len(task.names), len(task.prior.names)
    n_given = 0 if task.given is None else len(task.given.names)
    return q + p + triangle(q) + 2 + p + triangle(p) + n_given + task.has_window


def step_inputs(task: Task, columns: torch.Tensor, before: Gaussian) -> torch.Tensor:
    """Return the inputs of a `Step`, (n, k), from a network's inputs, (n, columns), and its Gaussian.

    They are features; then the Gauss–Newton proposal, of a step (p) and of a factor of the precision (triangle of p);
    then the mean (p) and the factor (triangle of p) of the Gaussian. Steps and factors are in units of that Gaussian.
    """
    inputs = from_columns(task, columns.float().cpu().numpy())
    mean, factor = (part.double().cpu().numpy() for part in before)
    p, q = mean.shape[1], len(task.prior.names)
    scale = np.linalg.inv(factor)  # a square root of the covariance, as the factor is a square root of the precision
    found = expansion(task, inputs, mean[:, :q], scale[:, :q, :q])
    gradients, correlation, size = found.gradient, found.correlation, found.marginal_sd
    least = MIN_INFORMATION + HESSIAN_ROUNDING * np.einsum("nii->n", found.hessian)
    hessians = found.hessian + least[:, None, None] * np.eye(q)
    step = np.zeros_like(mean)
    step[:, :q] = -np.einsum("nij,nj->ni", scale[:, :q, :q], np.linalg.solve(hessians, gradients[..., None])[..., 0])
    if task.estimates_noise:
        both = np.column_stack([size * SAMPLING_INTERVAL, correlation])
        step[:, q:] = np.clip((both - task.law.bounds[q:, 0]) / task.widths[q:], 0, 1) - mean[:, q:]
    step = np.einsum("nij,nj->ni", factor, step)
    precision = np.broadcast_to(np.eye(p), factor.shape).copy()
    precision[:, :q, :q] = lower_square_root(hessians)
    # arcsinh and logarithms, because sizes differ by orders of magnitude.
    features = [np.arcsinh(gradients), np.arcsinh(step), logarithmic(precision[:, :q, :q])]
    features += [np.arctanh(correlation), np.log(size), mean, logarithmic(factor), inputs.given]
    if task.has_window:
        features.append(np.log(inputs.lengths))
    together = np.column_stack([*features, step, logarithmic(precision), mean, factor[:, *np.tril_indices(p)]])
    return torch.from_numpy(together.astype(np.float32))


@dataclass(frozen=True, eq=False)
class TraceExpansion:
    """The misfits of n traces: gradient (n, q), Gauss–Newton Hessian (n, q, q), and the noise of the residuals.

    correlation, marginal_sd: (n,), estimated from each residual.
    innovation_sd: (n,), of the residual less the correlated part.
    weighed_sd: (n,), the marginal standard deviation that weighs the misfit: that of the residual within the bounds of
    the noise distribution.
    """

    gradient: Array
    hessian: Array
    correlation: Array
    marginal_sd: Array
    innovation_sd: Array
    weighed_sd: Array

    def replaced(
        self, places: NDArray[np.int64], other: "TraceExpansion", which: NDArray[np.bool_]
    ) -> "TraceExpansion":
        """Return this expansion with those of some traces, (k,), replaced by the chosen ones, (m,), of another."""
        replaced = {}
        for field in fields(self):
            values = getattr(self, field.name).copy()
            values[places] = getattr(other, field.name)[which]
            replaced[field.name] = values
        return TraceExpansion(**replaced)


def expansion(task: Task, inputs: TraceInputs, mean: Array, scale: Array) -> TraceExpansion:
    """Expand the misfits of traces at scaled parameters, (n, q), of the model, in units of triangles, (n, q, q)."""
    prior = task.noise
    assert prior is not None, "a recipe without noise has no learned step"
    low, widths = np.array(task.prior.lower), np.subtract(task.prior.upper, task.prior.lower)
    sums = _lag_products(task, inputs, low + mean * widths).transformed(_residual_beside(widths[:, None] * scale))
    square, product, last = sums.squares[:, 0, 0], sums.products[:, 0, 0], sums.last[:, 0]
    correlation = np.clip(product / np.maximum(square - last**2, MIN_SUM_OF_SQUARES), -MAX_CORRELATION, MAX_CORRELATION)
    rho = np.clip(correlation, prior.lower[0], prior.upper[0])
    innovations = sums.of_innovations(rho) / (1 - rho**2)[:, None, None]
    size = np.sqrt(np.maximum(innovations[:, 0, 0], 0.0) / (inputs.lengths - 1)) + SD_OFFSET
    bounds = np.array([prior.lower[1], prior.upper[1]]) / SAMPLING_INTERVAL
    marginal_sd = np.clip(size, *bounds) + SD_OFFSET
    weighed = innovations / marginal_sd[:, None, None] ** 2
    innovation_sd = (size - SD_OFFSET) * np.sqrt(1 - rho**2)
    return TraceExpansion(-weighed[:, 0, 1:], weighed[:, 1:, 1:], correlation, size, innovation_sd, marginal_sd)


def _lag_products(task: Task, inputs: TraceInputs, estimates: Array) -> LagProducts:
    """Return the sums over residuals and derivatives by the q parameters of the model at estimates, (n, q)."""
    model, n_times = task.model, int(inputs.lengths.max())
    parameters, times, traces = task.complete(estimates, inputs.given), task.times[:n_times], inputs.traces[:, :n_times]
    if model.fused is not None:
        return model.fused.lag_products(parameters, times, traces, inputs.lengths, task.columns)
    states, derivatives = model.sensitivities(parameters, times)
    residuals = traces - _within(states[..., model.observed_column])
    slopes = _within(derivatives[..., model.observed_column, task.columns])
    return lag_products(np.concatenate([residuals[..., None], slopes], axis=-1), inputs.lengths)


def _residual_beside(matrices: Array) -> Array:
    """Return matrices (n, 1 + q, 1 + q) that keep the residual, and transform derivatives by (n, q, q)."""
    whole = np.zeros((len(matrices), 1 + matrices.shape[1], 1 + matrices.shape[2]))
    whole[:, 0, 0], whole[:, 1:, 1:] = 1.0, matrices
    return whole


def _within(series: Array) -> Array:
    """Replace missing samples of diverged trajectories by zeros."""
    return np.nan_to_num(series, nan=0.0, posinf=0.0, neginf=0.0)


def lower_square_root(matrices: Array) -> Array:
    """Return the lower triangles A, (n, q, q), with A'A equal to symmetric positive matrices, (n, q, q)."""
    # Cholesky's factor L has LL' equal to its argument; turning rows and columns round exchanges the two orders.
    turned = np.asarray(np.linalg.cholesky(matrices[:, ::-1, ::-1]), dtype=np.float64)
    return turned[:, ::-1, ::-1].transpose(0, 2, 1)


def logarithmic(lower: Array) -> Array:
    """Return for lower triangles, (n, p, p), the logarithms of the diagonals and transformed entries below them."""
    diagonal = np.einsum("nii->ni", lower)
    rows, columns = np.tril_indices(lower.shape[1], -1)
    return np.column_stack([np.log(diagonal), lower[:, rows, columns] / diagonal[:, rows]])
