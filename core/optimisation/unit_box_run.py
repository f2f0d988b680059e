"""A run of a method in the unit box, which counts and records what it evaluates.

Steepest descent, a simplex and a trust region depend on the units of the unknowns. So every method works in the unit
box, in which the bounds of each unknown are 0 and 1. The step of the integration is frozen for the whole run. If it
changed, the loss would jump: it would have false minima, and losses of different methods could not be compared.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from core.optimisation.objective_protocol import Array, Objective

EDGE_DISTANCE = 1e-6  # in widths of the box; methods that stay strictly inside get this close to an edge
LOSS_ROUNDING = 1e-9  # differences of the loss below this are rounding
HUGE_LOSS = 1e12  # stands for an infinite loss, which SciPy's line searches cannot handle


class Run:
    """A run in the unit box. It evaluates the problem, counts the evaluations, and records the path.

    It keeps the last evaluation, for methods that ask for the loss and its derivatives in separate calls.
    """

    def __init__(self, problem: Objective, start: Array, seed: int):
        self.problem, self.seed = problem, seed
        self.lower, self.upper = problem.bounds.T
        self.width = self.upper - self.lower
        self.origin, self.start = start, (start - self.lower) / self.width
        self.spent = 0
        self.positions: list[Array] = []
        self.losses: list[float] = []
        self.evaluations: list[int] = []
        self._last: tuple[Array, Any] | None = None

    def position(self, unit: Array) -> Array:
        """Return the parameters of points of the unit box, (..., p): exact at the start and at the bounds."""
        inside = np.clip(self.lower * (1 - unit) + self.upper * unit, self.lower, self.upper)
        return np.where(unit == self.start, self.origin, inside)

    def _evaluated(self, evaluate: Callable[[Array], Any], unit: Array) -> Any:
        if self._last is None or not np.array_equal(self._last[0], unit):
            self.spent += 1
            self._last = unit.copy(), evaluate(self.position(unit))
        return self._last[1]

    def loss(self, unit: Array) -> float:
        """Return the loss at a point (p,)."""
        return float(self._evaluated(lambda position: self.problem.loss(position, self.problem.step), unit))

    def losses_of(self, units: Array) -> Array:
        """Return the losses, (n,), at points (n, p), together."""
        self.spent += len(units)
        return self.problem.loss(self.position(units), self.problem.step)

    def gradient(self, unit: Array) -> tuple[float, Array]:
        """Return the loss and its gradient, (p,), at a point (p,)."""
        loss, gradient = self._evaluated(self.problem.gradient, unit)
        return float(loss), gradient * self.width

    def hessian(self, unit: Array) -> Array:
        """Return the Hessian of the loss, (p, p), at a point (p,) whose gradient was evaluated."""
        return self.problem.hessian(self.position(unit)) * np.outer(self.width, self.width)

    def residuals(self, unit: Array) -> Array:
        """Return the residuals, (r,), at a point (p,)."""
        return self._evaluated(self.problem.residuals, unit)

    def jacobian(self, unit: Array) -> Array:
        """Return the derivatives of the residuals, (r, p), at a point (p,) whose residuals were evaluated."""
        return self.problem.jacobian(self.position(unit)) * self.width

    def position_after(self, evaluations: int) -> Array:
        """Return the last recorded position, (p,), that took so many evaluations at most."""
        return self.positions[np.searchsorted(self.evaluations, evaluations, side="right") - 1]

    def record(self, unit: Array, loss: float) -> None:
        """Add a point (p,) to the path, unless it equals the last one."""
        position = self.position(unit)
        if not self.positions or not np.array_equal(position, self.positions[-1]):
            self.positions.append(position)
            self.losses.append(loss if loss < HUGE_LOSS else np.inf)
            self.evaluations.append(self.spent)

    def begin(self, loss: float) -> bool:
        """Record the start, and return whether its loss is finite."""
        self.record(self.start, loss)
        return bool(np.isfinite(self.losses[0]))

    def finish(self) -> None:
        """Move an end close to an edge onto it, unless the loss is higher there; record the number of evaluations."""
        unit = (self.positions[-1] - self.lower) / self.width
        near = (unit <= EDGE_DISTANCE) | (unit >= 1 - EDGE_DISTANCE)
        snapped = np.where(near, np.round(unit), unit)
        if not np.array_equal(self.position(snapped)[near], self.positions[-1][near]):
            loss = float(self.losses_of(snapped[None])[0])
            if loss <= self.losses[-1] + LOSS_ROUNDING:
                self.record(snapped, loss)
        if self.evaluations[-1] < self.spent:
            self.positions.append(self.positions[-1])
            self.losses.append(self.losses[-1])
            self.evaluations.append(self.spent)
