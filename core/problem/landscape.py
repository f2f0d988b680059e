"""The loss of a problem on a grid over its two unknowns; stored trajectories serve for every trace on the same grid."""

from collections.abc import Hashable
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.checks import as_count, with_gaps
from core.compiled import kernel, parallel_kernel
from core.noise import Noise
from core.problem.general_misfit import TRAJECTORIES_AT_ONCE
from core.problem.problem import Problem

POTENTIALS_ALONE = 400  # one thread handles up to this many, because waking other threads would take longer


@dataclass(frozen=True, eq=False)
class TrajectoryStore:
    """The observed state on a grid over two unknowns, which does not depend on the data.

    key: what the problem shares with others that have the same trajectories (see `store_key`).
    x: (nx,); y: (ny,), values of the unknowns.
    potentials: (ny, nx, n_times), float32.
    """

    key: Hashable
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    potentials: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Landscape:
    """The loss on a grid over two unknowns: misfit and regularisation, each (ny, nx), over x (nx,) and y (ny,)."""

    axes: tuple[str, ...]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    misfit: NDArray[np.float64]
    regularisation: NDArray[np.float64]

    @property
    def loss(self) -> NDArray[np.float64]:
        """Misfit + regularisation, (ny, nx)."""
        return self.misfit + self.regularisation

    def lowest(self) -> tuple[float, float]:
        """Return the grid point (x, y) with the lowest loss; raises ValueError where none is finite."""
        if not np.any(np.isfinite(self.loss)):
            raise ValueError("No point of this landscape has a finite loss: choose another box or other known values.")
        row, column = np.unravel_index(np.argmin(self.loss), self.loss.shape)
        return float(self.x[column]), float(self.y[row])


@dataclass(frozen=True, eq=False)
class Slopes:
    """The gradient of the loss on a grid over two unknowns, (ny, nx, 2), over x (nx,) and y (ny,)."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    gradient: NDArray[np.float64]

    @property
    def widths(self) -> NDArray[np.float64]:
        """The widths of the grid, (2,)."""
        return np.array([np.ptp(self.x), np.ptp(self.y)])

    @property
    def steepness(self) -> NDArray[np.float64]:
        """The length of the gradient by unknowns in units of the widths, (ny, nx); NaN where a trajectory diverges."""
        return np.linalg.norm(self.gradient * self.widths, axis=-1)


def grid(problem: Problem, n: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return x (n,), y (n,) and the values of both unknowns, (n, n, 2), over the prior's box.

    Raises ValueError unless exactly two are unknown and n is at least one.
    """
    n = as_count(n, "points a side")
    if len(problem.unknown) != 2:
        raise ValueError("A landscape needs exactly two unknown parameters.")
    x, y = (np.linspace(lower, upper, n) for lower, upper in problem.bounds)
    return x, y, np.stack(np.meshgrid(x, y), axis=-1)


def store_key(problem: Problem) -> Hashable:
    """Return what two problems share whose trajectories over the box are the same."""
    known, bounds = tuple(sorted(problem.known.items())), problem.bounds.tobytes()
    return problem.model, problem.observation.states, problem.unknown, known, bounds, problem.times.tobytes()


def trajectory_store(problem: Problem, n: int = 100) -> TrajectoryStore:
    """Simulate an n × n grid over the prior's box of a problem's two unknowns.

    Raises ValueError as `grid` does, and for data that are not one trace without gaps.
    """
    x, y, values = grid(problem, n)
    problem.observation.check_trace()
    if fused := problem.fused:
        potentials = fused.observed(problem.parameters(values), problem.times)
    else:
        flat = values.reshape(-1, 2)
        potentials = np.empty((len(flat), problem.times.size), np.float32)
        for first in range(0, len(flat), TRAJECTORIES_AT_ONCE):
            some = slice(first, first + TRAJECTORIES_AT_ONCE)
            potentials[some] = problem.observed(flat[some])
        potentials = potentials.reshape(n, n, -1)
    return TrajectoryStore(store_key(problem), x, y, potentials)


def landscape(problem: Problem, store: TrajectoryStore) -> Landscape:
    """Return the loss on the grid of a store; raises ValueError if its trajectories are not those of the problem."""
    if store.key != store_key(problem):
        raise ValueError("The stored trajectories are those of another problem: simulate them anew.")
    misfits = misfit(problem.data, store.potentials, problem.noise[0])
    values = np.stack(np.meshgrid(store.x, store.y), axis=-1)
    return Landscape(problem.unknown, store.x, store.y, misfits, problem.prior.regularisation(values))


def computed_landscape(problem: Problem, n: int = 100) -> Landscape:
    """Return the loss of a problem on an n × n grid over its two unknowns, storing no trajectory.

    Raises ValueError as `grid` does.
    """
    x, y, values = grid(problem, n)
    return Landscape(problem.unknown, x, y, problem.misfit(values), problem.prior.regularisation(values))


def slopes(problem: Problem, n: int = 100) -> Slopes:
    """Return the exact gradient of a problem's loss on an n × n grid over its two unknowns.

    Raises ValueError as `grid` does.
    """
    x, y, values = grid(problem, n)
    return Slopes(x, y, problem.gradient(values)[1])


def misfit(data: ArrayLike, potentials: ArrayLike, noise: Noise) -> NDArray[np.float64]:
    """Return the misfit, (...), of potentials, (..., n_times), to one trace, (n_times,).

    A diverged potential contains NaN, and its misfit is infinite. Raises ValueError for a trace of another length.
    """
    potentials = np.asarray(potentials)
    trace = np.array(with_gaps(data), dtype=float)
    if trace.shape != potentials.shape[-1:]:
        raise ValueError(f"The trace has {trace.size} samples but the potentials have {potentials.shape[-1]}.")
    flat, rho, sd = potentials.reshape(-1, potentials.shape[-1]), float(noise.rho), float(noise.marginal_sd)
    out = np.empty(len(flat))
    (_misfits if len(flat) > POTENTIALS_ALONE else _misfits_alone)(flat, trace, rho, sd, out)
    out[np.isnan(out)] = np.inf
    return out.reshape(potentials.shape[:-1])


@kernel
def _misfit(potential: NDArray[np.floating], data: NDArray[np.float64], rho: float, marginal_sd: float) -> float:
    first = data[0] - potential[0]
    total = 0.0
    for t in range(1, data.shape[0]):
        innovation = (data[t] - potential[t]) - rho * (data[t - 1] - potential[t - 1])
        total += innovation * innovation
    return 0.5 * (first / marginal_sd) ** 2 + 0.5 * total / (marginal_sd**2 * (1 - rho**2))


@kernel
def _misfits_alone(
    potentials: NDArray[np.floating],
    data: NDArray[np.float64],
    rho: float,
    marginal_sd: float,
    out: NDArray[np.float64],
) -> None:
    for i in range(potentials.shape[0]):
        out[i] = _misfit(potentials[i], data, rho, marginal_sd)


@parallel_kernel
def _misfits(
    potentials: NDArray[np.floating],
    data: NDArray[np.float64],
    rho: float,
    marginal_sd: float,
    out: NDArray[np.float64],
) -> None:
    for i in numba.prange(potentials.shape[0]):
        out[i] = _misfit(potentials[i], data, rho, marginal_sd)
