"""Minimise the MAP loss: each method as a recorded path, and an estimator that starts from a grid."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import OptimizeResult, minimize

from core.estimate import Estimate
from core.objective import Problem, fused_landscape

METHODS = {"L-BFGS-B": "gradient-based", "Nelder-Mead": "gradient-free"}

_FAR = 1e12  # stands for an infinite loss, which SciPy's line searches cannot handle


@dataclass(frozen=True, eq=False)
class OptimiserPath:
    """Where a method went: positions (k, p) and losses (k,), evaluations, how it ended.

    An evaluation is one of the loss, or of the loss together with its gradient.
    """

    method: str
    positions: NDArray[np.float64]
    losses: NDArray[np.float64]
    evaluations: int
    status: str


def _loss_and_gradient(problem: Problem) -> Callable[[NDArray[np.float64]], tuple[float, NDArray[np.float64]]]:
    """Return a function of the unknowns (p,) that returns loss and gradient (p,)."""

    def evaluate(position: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        loss, gradient = problem.gradient(position)
        return (float(loss), gradient) if np.isfinite(loss) else (_FAR, np.zeros_like(gradient))

    return evaluate


def descend(problem: Problem, start: ArrayLike, method: str) -> OptimiserPath:
    """Run one of METHODS from start, (p,), within the prior's bounds, and record its path.

    A start outside the bounds is moved to the nearest point inside. Raises ValueError for an unknown method.
    """
    if method not in METHODS:
        raise ValueError(f"The method must be one of {', '.join(METHODS)}; it is {method!r}.")
    lower, upper = problem.bounds.T
    origin = np.clip(np.asarray(start, dtype=float), lower, upper)
    step = problem.step
    positions, losses = [origin], [float(problem.loss(origin, step))]

    def record(intermediate_result: OptimizeResult) -> None:
        positions.append(np.array(intermediate_result.x))
        losses.append(float(intermediate_result.fun) if intermediate_result.fun < _FAR else np.inf)

    if method == "L-BFGS-B":
        result = minimize(
            _loss_and_gradient(problem), origin, jac=True, method=method, bounds=problem.bounds, callback=record
        )
    else:
        # A simplex of a tenth of the box, kept inside it.
        edges = 0.1 * (upper - lower)
        simplex = origin + np.vstack([np.zeros(origin.size), np.diag(np.where(origin + edges <= upper, edges, -edges))])
        result = minimize(
            lambda position: min(float(problem.loss(position, step)), _FAR),
            origin,
            method=method,
            bounds=problem.bounds,
            callback=record,
            options={"initial_simplex": simplex, "xatol": 1e-5, "fatol": 1e-4},
        )
    if result.fun < min(losses[-1], _FAR):
        positions.append(np.array(result.x))
        losses.append(float(result.fun))
    if result.fun >= _FAR:
        status = "Stopped: the loss is infinite here, and shows no way down."
        return OptimiserPath(method, np.array(positions), np.array(losses), int(result.nfev), status)
    on_edge = np.any((result.x <= lower) | (result.x >= upper))
    status = "Converged" if result.success else f"Stopped: {result.message.rstrip('.').lower()}"
    status += ", on the edge of the prior." if on_edge else "."
    return OptimiserPath(method, np.array(positions), np.array(losses), int(result.nfev), status)


def map_estimate(problem: Problem, n_grid: int = 41, n_starts: int = 3) -> Estimate:
    """Return the MAP estimate of two unknown parameters: Nelder–Mead from the n_starts best points of an n_grid² grid.

    Takes a trace on any time grid. Raises ValueError unless exactly two parameters are unknown.
    """
    if len(problem.unknown) != 2:
        raise ValueError("The MAP estimate from a grid needs exactly two unknown parameters.")
    result = fused_landscape(problem, n_grid)
    grid = np.stack(np.meshgrid(result.x, result.y), axis=-1).reshape(-1, 2)
    starts = grid[np.argsort(result.loss.ravel())[:n_starts]]
    paths = [descend(problem, start, "Nelder-Mead") for start in starts]
    best = min(paths, key=lambda path: path.losses[-1])
    return Estimate(best.positions[-1:], None, problem.unknown, best.status)
