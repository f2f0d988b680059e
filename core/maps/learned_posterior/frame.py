"""Coordinates around an estimate, and what a few simulations around it say of a trace's posterior."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.maps.dataset import observed_traces
from core.maps.inputs import TraceInputs
from core.maps.task import Task
from core.noise import ResidualSums, residual_sums
from core.published import SAMPLING_INTERVAL

RADII, DIRECTIONS = (0.7, 1.5, 3.0, 6.0), 8  # of the stencil: circles around the estimate, in its sds
HIGHEST_RISE = 200.0  # of the loss over the lowest on the stencil; beyond, the posterior is negligible
FARTHEST_EDGE = 20.0  # distance of an edge of the prior, in sds; beyond, none is seen
LARGEST_SUM = 1e12  # in place of the sum of squares of a diverged trajectory
MIN_SUM_OF_SQUARES = 1e-3  # of a residual, where its correlation is estimated
MAX_DISTANCE = 50.0  # of the residual's noise from the estimated one, in sds of the estimate
AT_ONCE = 50  # traces whose stencils are simulated together

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Frame:
    """Coordinates z of p parameters, θ = mean + factor z, in which n posteriors are about standard normal.

    mean: (n, p). factor: (n, p, p), lower triangles.
    """

    mean: Array
    factor: Array

    @property
    def sd(self) -> Array:
        """The standard deviations, (n, p), of the parameters when z is standard normal."""
        return np.sqrt(np.einsum("nij,nij->ni", self.factor, self.factor))

    @property
    def log_scale(self) -> Array:
        """The logarithms, (n,), of the volume of the unit cube of z."""
        return np.asarray(np.log(np.einsum("nii->ni", self.factor)).sum(axis=1))

    def values(self, coordinates: Array) -> Array:
        """Return the parameters, (n, k, p), at coordinates (n, k, p)."""
        return self.mean[:, None] + np.einsum("nij,nkj->nki", self.factor, coordinates)

    def coordinates(self, values: Array) -> Array:
        """Return the coordinates, (n, k, p), of parameters (n, k, p)."""
        deviations = np.swapaxes(values - self.mean[:, None], 1, 2)
        return np.asarray(np.swapaxes(np.linalg.solve(self.factor, deviations), 1, 2))

    def of(self, i: int) -> "Frame":
        """Return the frame of one trace, with n = 1."""
        return Frame(self.mean[i : i + 1], self.factor[i : i + 1])


def stencil() -> Array:
    """Return the points of the stencil, (k, 2): the centre, and circles whose points stand in each other's gaps."""
    angles = 2 * np.pi / DIRECTIONS * np.arange(DIRECTIONS)
    turned = [angles + np.pi / DIRECTIONS * (i % 2) for i in range(len(RADII))]
    circles = [r * np.column_stack([np.cos(a), np.sin(a)]) for r, a in zip(RADII, turned, strict=True)]
    return np.concatenate([np.zeros((1, 2)), *circles])


def n_features(task: Task) -> int:
    """Return the number of features of a trace."""
    p = len(task.names)
    return 1 + len(RADII) * DIRECTIONS + p + p * (p + 1) // 2 + 2 * p + 2 + 2 * task.estimates_noise


def features(task: Task, inputs: TraceInputs, frame: Frame) -> NDArray[np.float32]:
    """Return the features, (n, k), of traces whose posteriors lie around a frame.

    The trajectories of a stencil around its mean give the rise of the loss over the lowest there, under the noise of
    the lowest residual. With it come the frame, the distance to the edges of the prior, and that noise.
    """
    n = len(inputs.traces)
    parts = [slice(first, min(first + AT_ONCE, n)) for first in range(0, n, AT_ONCE)]
    found = [
        _features(
            task,
            TraceInputs(inputs.traces[part], inputs.given[part], inputs.lengths[part]),
            Frame(frame.mean[part], frame.factor[part]),
        )
        for part in parts
    ]
    return np.concatenate(found).astype(np.float32)


def _features(task: Task, inputs: TraceInputs, frame: Frame) -> Array:
    assert task.noise is not None, "checked where the map is made"
    n, q = len(inputs.traces), len(task.prior.names)
    points = np.broadcast_to(stencil(), (n, 1 + len(RADII) * DIRECTIONS, q))
    points = Frame(frame.mean[:, :q], frame.factor[:, :q, :q]).values(points)
    points = np.clip(points, task.prior.lower, task.prior.upper)
    sums = _sums(task, inputs, points)
    rho, unbounded = _correlation(task, sums)
    squares = np.where(np.isfinite(sums.squares), sums.quadratic_form(rho[:, None]), LARGEST_SUM)
    lowest = np.argmin(squares, axis=1)
    size = np.sqrt(squares[np.arange(n), lowest] / inputs.traces.shape[1])
    marginal_sd = np.clip(size, *(task.noise.bounds[1] / SAMPLING_INTERVAL))
    loss = 0.5 * squares / marginal_sd[:, None] ** 2 + task.prior.regularisation(points)
    rise = loss - loss.min(axis=1, keepdims=True)
    low, high = task.law.bounds.T
    edges = np.concatenate([(low - frame.mean) / frame.sd, (high - frame.mean) / frame.sd], axis=1)
    columns = [
        np.sqrt(np.minimum(rise, HIGHEST_RISE)),
        task.scale(frame.mean),
        _shape(frame, task.widths),
        np.clip(edges, -FARTHEST_EDGE, FARTHEST_EDGE),
        np.arctanh(rho),
        np.log(marginal_sd),
    ]
    if task.estimates_noise:
        both = np.column_stack([points[np.arange(n), lowest], size * SAMPLING_INTERVAL, unbounded])
        columns.append(np.clip(frame.coordinates(both[:, None])[:, 0, q:], -MAX_DISTANCE, MAX_DISTANCE))
    return np.column_stack(columns)


def _sums(task: Task, inputs: TraceInputs, points: Array) -> ResidualSums:
    """Return the sums, each (n, k), over the residuals of traces at points (n, k, q)."""
    n, k, q = points.shape
    given = np.repeat(inputs.given, k, axis=0)
    simulated = observed_traces(task.model, task.complete(points.reshape(n * k, q), given), task.times)
    return residual_sums(inputs.traces[:, None] - simulated.reshape(n, k, -1))


def _correlation(task: Task, sums: ResidualSums) -> tuple[Array, Array]:
    """Return the correlation, (n,), of the residual at the stencil's centre, within its bounds and without them."""
    assert task.noise is not None, "checked where the map is made"
    products, before = sums.products[:, 0], (sums.squares - sums.last)[:, 0]
    lost = ~np.isfinite(before)
    found = np.where(lost, task.noise.mean[0], products) / np.where(lost, 1.0, np.maximum(before, MIN_SUM_OF_SQUARES))
    return np.clip(found, *task.noise.bounds[0]), np.clip(found, -1.0, 1.0)


def _shape(frame: Frame, widths: Array) -> Array:
    """Return the logarithms of a factor's diagonal in widths of the box, and the entries below over their row's one."""
    diagonal = np.einsum("nii->ni", frame.factor)
    rows, columns = np.tril_indices(frame.factor.shape[1], -1)
    return np.column_stack([np.log(diagonal / widths), frame.factor[:, rows, columns] / diagonal[:, rows]])
