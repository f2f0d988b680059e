"""What an optimiser needs of a problem."""

from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


class Objective(Protocol):
    """What a method needs of a problem; p unknowns, losses infinite where there is no trajectory."""

    @property
    def bounds(self) -> Array:
        """Lower and upper bounds, (p, 2)."""

    @property
    def step(self) -> float | None:
        """The frozen step in ms of all that follows."""

    def loss(self, unknown: ArrayLike, step: float | None = None) -> Array:
        """Return the loss, (...), of values (..., p)."""

    def gradient(self, unknown: ArrayLike) -> tuple[Array, Array]:
        """Return the loss (...) and its gradient (..., p)."""

    def hessian(self, unknown: ArrayLike) -> Array:
        """Return the Hessian of the loss, (..., p, p)."""

    def residuals(self, unknown: ArrayLike) -> Array:
        """Return r numbers for values (p,), half the sum of whose squares is the loss."""

    def jacobian(self, unknown: ArrayLike) -> Array:
        """Return the derivatives of the residuals, (r, p)."""
