"""The functions of a problem that an optimiser calls, and the recorded path of its run.

Steepest descent, a simplex and a trust region depend on the units of the unknowns. So every method works in the unit
box, in which the bounds of each unknown are 0 and 1. The step of the integration is frozen for the whole run. If it
changed, the loss would jump: it would have false minima, and losses of different methods could not be compared.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

EDGE_DISTANCE = 1e-6  # in widths of the box; methods that stay strictly inside get this close to an edge
LOSS_ROUNDING = 1e-9  # differences of the loss below this are rounding
HUGE_LOSS = 1e12  # stands for an infinite loss, which SciPy's line searches cannot handle

Array = NDArray[np.float64]


class Objective(Protocol):
    """The functions of a problem with p unknowns. A loss is infinite where the trajectory diverges or is given up."""

    @property
    def bounds(self) -> Array:
        """Lower and upper bounds, (p, 2)."""

    @property
    def step(self) -> float | None:
        """The frozen step in ms for all evaluations."""

    def loss(self, unknown: ArrayLike, step: float | None = None) -> Array:
        """Return the loss, (...), of values (..., p)."""

    def gradient(self, unknown: ArrayLike) -> tuple[Array, Array]:
        """Return the loss (...) and its gradient (..., p)."""

    def hessian(self, unknown: ArrayLike) -> Array:
        """Return the Hessian of the loss, (..., p, p)."""

    def residuals(self, unknown: ArrayLike) -> Array:
        """Return residuals (r,) for values (p,); half the sum of their squares is the loss."""

    def jacobian(self, unknown: ArrayLike) -> Array:
        """Return the derivatives of the residuals, (r, p)."""


class Ending(Enum):
    """How a run ended. Each value is the sentence to show, without its full stop."""

    CONVERGED = "Converged"
    BUDGET_SPENT = "Stopped: {evaluations:,} evaluations were spent before a minimum was reached"
    NO_MINIMUM = "Stopped: it went no further, though this is no minimum"
    LOSS_INFINITE = "Stopped: the loss is infinite here, and shows no way down"


@dataclass(frozen=True, eq=False)
class OptimiserPath:
    """The recorded path of a run.

    method: one of METHODS.
    positions: (k, p), the start and the position after each step.
    losses: (k,).
    gradient_norms: (k,), in the parameters' units, NaN where the loss is infinite.
    evaluations: (k,), the number of evaluations up to each position; the last is the total. An evaluation computes the
    loss, alone or with derivatives.
    ending: how the run ended.
    on_edge: whether the end lies on an edge of the prior.
    """

    method: str
    positions: Array
    losses: Array
    gradient_norms: Array
    evaluations: NDArray[np.int64]
    ending: Ending
    on_edge: bool

    @property
    def sentence(self) -> str:
        """Say how the run ended."""
        said = self.ending.value.format(evaluations=int(self.evaluations[-1]))
        return f"{said}, on the edge of the prior." if self.on_edge else f"{said}."


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
