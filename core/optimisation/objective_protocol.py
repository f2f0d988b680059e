"""What an optimiser needs of a problem."""

from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

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
        """Return residuals (..., r) for values (..., p); half the sum of their squares is the loss."""

    def jacobian(self, unknown: ArrayLike) -> Array:
        """Return the derivatives of the residuals, (r, p)."""
