"""The conic descent of Chizat (2019, arXiv:1907.10300): weights r|r|/m shrink and grow, and places move."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def weights(sizes: Array) -> Array:
    """Return the weights r|r|/m of m particles, (..., m); sizes: r, (..., m)."""
    return sizes * np.abs(sizes) / sizes.shape[-1]


def grown(sizes: Array, gradients: Array, rate: float) -> Array:
    """Return r exp(−2 α g), (..., m): the mirror step, which keeps every sign; rate: α."""
    return sizes * np.exp(-2 * rate * gradients)


@dataclass(frozen=True)
class Rates:
    """The steps of a descent: α of the sizes, and β of the places as a multiple of it."""

    alpha: float
    ratio: float = 1.0

    @property
    def beta(self) -> float:
        """The step of the places."""
        return self.alpha * self.ratio


def recorded_steps(n_steps: int, n_recorded: int) -> tuple[int, ...]:
    """Return the steps 0, 1, …, n_steps to record: so many at most, after the first equally spaced in their logarithm.

    A step is a whole number, so that the first ones are all recorded.
    """
    spaced = np.rint(np.geomspace(1, n_steps, n_recorded - 1)).astype(int)
    return (0, *dict.fromkeys(int(step) for step in spaced))
