"""(p, q)-singular vectors of a linear map (Boyd 1974), as used for universal perturbations of images.

Khrulkov and Oseledets (2018) maximise Σ_i |J_i v|_q^q over |v|_p = 1, with J_i the Jacobian of a hidden layer at
image i.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

ITERATIONS = 30  # as published

Array = NDArray[np.float64]


def singular_vector(
    forward: Callable[[Array], Array],
    adjoint: Callable[[Array], Array],
    start: Array,
    p: float,
    q: float,
    iterations: int = ITERATIONS,
) -> Array:
    """Return the direction v, (n,), of p-norm one, that makes the q-norm of J v large.

    forward: v ↦ J v, of any shape. adjoint: its transpose. p: above 1, or infinite; q: at least 1, finite.
    The norm of J v never falls from one iteration to the next.
    Raises ValueError for other norms, and where J v is zero.
    """
    if not p > 1 or not 1 <= q < np.inf:
        raise ValueError("The power method takes p above 1, or infinite, and a finite q of at least 1.")
    conjugate = 1.0 if np.isinf(p) else p / (p - 1)
    v = start / np.linalg.norm(start, p)
    for _ in range(iterations):
        image = forward(v)
        size = np.max(np.abs(image))
        if size == 0:
            raise ValueError("The linear map takes the direction to zero: start from another one.")
        v = _dual(adjoint(_dual(image / size, q)), conjugate)
        v = v / np.linalg.norm(v, p)
    return v


def _dual(values: Array, r: float) -> Array:
    """Return sign(z) |z|^(r − 1), which for r = 1 is the sign."""
    return np.sign(values) * np.abs(values) ** (r - 1)
