"""What a sampler draws from: the density exp(−loss / temperature) on the box of the prior, in scaled coordinates z.

x = lower + S z. The scale S is a square root of the covariance that Gauss and Newton see at one point, the lowest
minimum as a rule, so that steps of every sampler are counted in standard deviations (Martin, Wilcox, Burstedde and
Ghattas 2012). A flat direction counts as the uniform distribution over the box.

Constraint: outside the box the density is zero. A sampler with an acceptance step rejects what it proposes there, which
is exact. One without folds it back at the wall.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.optimisation.objective_protocol import Array, Objective
from core.problem.problem import Problem

LONGEST_DRIFT = 2.0  # standard deviations, at temperature 1 or at the target's, whichever are larger
START_SPREAD = 0.005  # standard deviation of a cloud of starts, in widths of the box


class Density(Protocol):
    """A density exp(−U(z)) of z, (p,). All functions take many z at once; U is infinite outside the box."""

    @property
    def longest_drift(self) -> float:
        """The longest way that a gradient may move a particle in one step, in z."""

    def loss(self, z: Array) -> Array:
        """Return U, (n,), at z, (n, p)."""

    def gradient(self, z: Array) -> tuple[Array, Array]:
        """Return U, (n,), and its gradient, (n, p), which is zero where U is infinite, at z, (n, p)."""

    def residuals(self, z: Array) -> Array:
        """Return residuals, (n, r), at z, (n, p), half the sum of whose squares is U; NaN where U is infinite."""

    def reflected(self, z: Array) -> Array:
        """Return z, (n, p), folded back into the box."""


@dataclass(frozen=True, eq=False)
class Target:
    """The density exp(−loss / temperature) of a problem, in scaled coordinates.

    scale: S, (p, p). The step of the integration is frozen, as in a run of an optimiser.
    Raises ValueError unless the temperature is a number above zero.
    """

    problem: Objective
    scale: Array
    temperature: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.temperature < np.inf:
            raise ValueError(f"A temperature is a finite number above zero; {self.temperature} is none.")
        object.__setattr__(self, "_inverse", np.linalg.inv(self.scale))
        object.__setattr__(self, "_step", self.problem.step)

    _inverse: Array = None  # type: ignore[assignment]
    _step: float | None = None

    @property
    def _ends(self) -> tuple[Array, Array]:
        lower, upper = self.problem.bounds.T
        return lower, upper

    @property
    def longest_drift(self) -> float:
        """LONGEST_DRIFT in z, whose unit shrinks with √temperature."""
        return float(LONGEST_DRIFT / np.sqrt(min(1.0, self.temperature)))

    def positions(self, z: Array) -> Array:
        """Return the parameters, (..., p), at z, (..., p)."""
        return self._ends[0] + z @ self.scale.T

    def coordinates(self, positions: ArrayLike) -> Array:
        """Return z, (..., p), at parameters (..., p)."""
        return np.asarray((np.asarray(positions, dtype=float) - self._ends[0]) @ self._inverse.T)

    def loss(self, z: Array) -> Array:
        """Return loss / temperature, (n,)."""
        positions, inside, losses = *self._inside(z), np.full(len(z), np.inf)
        if np.any(inside):
            losses[inside] = self.problem.loss(positions[inside], self._step) / self.temperature
        return losses

    def gradient(self, z: Array) -> tuple[Array, Array]:
        """Return loss / temperature, (n,), and its gradient, (n, p)."""
        positions, inside = self._inside(z)
        losses, gradients = np.full(len(z), np.inf), np.zeros_like(z)
        if np.any(inside):
            loss, gradient = self.problem.gradient(positions[inside])
            finite = np.isfinite(loss)[:, None] & np.all(np.isfinite(gradient), axis=1, keepdims=True)
            losses[inside] = np.where(finite[:, 0], loss, np.inf) / self.temperature
            gradients[inside] = np.where(finite, gradient, 0.0) @ self.scale / self.temperature
        return losses, gradients

    def residuals(self, z: Array) -> Array:
        """Return the whitened residuals over √temperature, (n, r)."""
        positions = self.positions(self.reflected(z))
        return self.problem.residuals(positions) / np.sqrt(self.temperature)

    def reflected(self, z: Array) -> Array:
        """Return z, (n, p), folded back at the walls of the box, as often as it takes."""
        positions, inside = self._inside(z)
        lower, upper = self._ends
        beyond = np.mod(positions[~inside] - lower, 2 * (upper - lower))
        folded = z.copy()
        folded[~inside] = self.coordinates(lower + np.minimum(beyond, 2 * (upper - lower) - beyond))
        return folded

    def cloud(self, start: ArrayLike, n: int, rng: np.random.Generator) -> Array:
        """Return n points, (n, p), in z, around the parameters start, (p,), inside the box."""
        lower, upper = self._ends
        spread = START_SPREAD * (upper - lower) * rng.standard_normal((n, lower.size))
        return self.reflected(self.coordinates(np.clip(start, lower, upper) + spread))

    def _inside(self, z: Array) -> tuple[Array, NDArray[np.bool_]]:
        """Return the parameters, (n, p), and whether each lies inside the box, (n,)."""
        lower, upper = self._ends
        positions = self.positions(z)
        # What was folded onto a wall may lie beyond it by rounding.
        rounding = 1e-12 * (upper - lower)
        inside = np.all((positions >= lower - rounding) & (positions <= upper + rounding), axis=1)
        return np.where(inside[:, None], np.clip(positions, lower, upper), positions), inside


def target_at(problem: Problem, position: ArrayLike, temperature: float = 1.0) -> Target:
    """Return the target of a problem, scaled by its Gauss–Newton Hessian at parameters (p,)."""
    _, _, hessian = problem.expansion(np.asarray(position, dtype=float))
    precision = hessian / temperature + np.diag(12 / np.ptp(problem.bounds, axis=1) ** 2)
    return Target(problem, np.asarray(np.linalg.inv(np.linalg.cholesky(precision)).T), temperature)
