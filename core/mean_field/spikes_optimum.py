"""The least loss that any non-negative measure on the circle has of a spikes problem, with a proof of how near it is.

Since the first feature is 1, λ Σ a_i is λ times the first mode, and F = ½ ‖Σ a_i φ(θ_i) − y′‖² + λ y_0 − λ²/2 with
y′ = y − λ e_0: a projection of y′ onto the cone of φ, which non-negative least squares on a grid finds roughly. Every z
with ⟨φ(θ), z⟩ ≥ 0 for all θ bounds it from below: ½ ‖x − y′‖² ≥ ⟨z, x − y′⟩ − ½ ‖z‖² ≥ −⟨z, y′⟩ − ½ ‖z‖².
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize, nnls

from core.mean_field.cone import Array
from core.mean_field.sparse_spikes import Spikes, features, slopes

GRID = 1024  # angles of the first search
FINE = 16 * GRID  # angles of the proof
NEGLIGIBLE = 1e-9  # a weight below this is none


@dataclass(frozen=True, eq=False)
class Optimum:
    """The best measure: angles and weights, (n,), its loss, and how far this can lie above the least one at most."""

    angles: Array
    weights: Array
    loss: float
    gap: float


def optimum(problem: Spikes) -> Optimum:
    """Return the best non-negative measure of one problem."""
    grid = np.arange(GRID) * 2 * np.pi / GRID
    at, target = features(grid, problem.order), problem.signal.copy()
    target[0] -= problem.penalty
    rough, _ = nnls(at.T, target)
    angles, found = _refined(problem, target, *_merged(grid, rough))
    residual = found @ features(angles, problem.order) - target
    constant = problem.penalty * problem.signal[0] - problem.penalty**2 / 2
    loss = 0.5 * float(residual @ residual) + float(constant)
    return Optimum(angles, found, loss, loss - float(constant) - _least(residual, target))


def _merged(grid: Array, rough: Array) -> tuple[Array, Array]:
    """Return neighbours on the grid as one angle and weight each."""
    support = np.flatnonzero(rough > NEGLIGIBLE)
    breaks = np.flatnonzero(np.diff(support) > 1) + 1
    groups = np.split(support, breaks)
    if len(groups) > 1 and groups[0][0] == 0 and groups[-1][-1] == GRID - 1:
        groups = [np.concatenate([groups[-1] - GRID, groups[0]]), *groups[1:-1]]
    steps = grid[1] - grid[0]
    found = [(float(np.average(each, weights=rough[each])) * steps, float(rough[each].sum())) for each in groups]
    angles, sums = np.array(found).reshape(-1, 2).T
    return angles, sums


def _refined(problem: Spikes, target: Array, angles: Array, sums: Array) -> tuple[Array, Array]:
    """Return angles and weights, (n,) each, off the grid."""
    n = len(angles)

    def misfit(z: Array) -> tuple[float, Array]:
        at, a = features(z[:n], problem.order), z[n:] ** 2
        residual = a @ at - target
        slope = np.concatenate([a * (slopes(at) @ residual), 2 * z[n:] * (at @ residual)])
        return 0.5 * float(residual @ residual), slope

    options = {"maxiter": 2000, "ftol": 1e-16, "gtol": 1e-11}
    best = minimize(misfit, np.concatenate([angles, np.sqrt(sums)]), jac=True, method="L-BFGS-B", options=options).x
    return np.mod(best[:n], 2 * np.pi), best[n:] ** 2


def _least(residual: Array, target: Array) -> float:
    """Return a lower bound of ½ ‖x − y′‖² over the cone: the residual, moved until it is non-negative everywhere.

    At the minimum of a polynomial p of order K its slope is 0, and |p″| ≤ K² max|p| (Bernstein). So the minimum lies
    below the value at the nearest angle by ½ (K π / FINE)² max|p| at most, and max|p| is at most 1 / cos(K π / FINE)
    times the largest value (Ehlich and Zeller).
    """
    order = residual.size // 2
    values = features(np.arange(FINE) * 2 * np.pi / FINE, order) @ residual
    most = float(np.max(np.abs(values))) / np.cos(np.pi * order / FINE)
    z = residual.copy()
    z[0] += max(0.0, -float(values.min())) + 0.5 * (order * np.pi / FINE) ** 2 * most
    return -float(z @ target) - 0.5 * float(z @ z)
