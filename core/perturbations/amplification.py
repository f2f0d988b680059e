"""How far a perturbation moves an estimate, in posterior standard deviations a unit of whitened size.

An estimator that follows the parameters of a simulation moves by at least one in its worst direction, as its Jacobian J
and the slopes G of the simulation then have J G = 1 (Cramér–Rao). The linearised MAP moves by just one.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.noise import Noise
from core.perturbations.whitened import by_whitened_trace, perturbation_of

Array = NDArray[np.float64]


def in_sds(covariance: Array) -> Array:
    """Return the matrix, (p, p), that turns movements of parameters with a covariance, (p, p), into sds."""
    return np.asarray(np.linalg.inv(np.linalg.cholesky(covariance)), dtype=np.float64)


def whitened_jacobian(jacobian: Array, noise: Noise, units: Array) -> Array:
    """Return derivatives by a trace, (p, n_times), as posterior sds by the whitened trace; units: `in_sds`, (p, p)."""
    return units @ by_whitened_trace(jacobian, noise)


@dataclass(frozen=True, eq=False)
class Amplification:
    """The worst direction of a perturbation of one trace.

    value: sds that an estimate moves by, for a perturbation of whitened size one.
    of_random: root mean square of the same for perturbations of random directions.
    direction: (n_times,), the whitened perturbation, of norm one. Its sign makes the first parameter grow.
    """

    value: float
    of_random: float
    direction: Array

    def perturbation(self, noise: Noise) -> Array:
        """Return the perturbation of the trace, (n_times,), of whitened size one."""
        return perturbation_of(self.direction, noise)


def amplification(jacobian: Array, noise: Noise, units: Array) -> Amplification:
    """Return the worst direction, from derivatives of p estimates by a trace, (p, n_times).

    units: (p, p), from `in_sds`.
    """
    white = whitened_jacobian(jacobian, noise, units)
    _, sizes, directions = np.linalg.svd(white, full_matrices=False)
    grows = bool((white @ directions[0])[0] >= 0)  # units are lower triangular: the first entry is of one parameter
    of_random = float(np.sqrt(np.sum(sizes**2) / white.shape[1]))
    return Amplification(float(sizes[0]), of_random, directions[0] if grows else -directions[0])


def along(estimator: Callable[[Array], Array], trace: Array, direction: Array, noise: Noise, sizes: Array) -> Array:
    """Return the estimates, (k, p), of a trace, (n_times,), perturbed along a direction at sizes (k,).

    estimator: from traces, (n, n_times), to estimates, (n, p). direction: (n_times,), a whitened perturbation of norm
    one.
    """
    return estimator(trace + np.multiply.outer(sizes, perturbation_of(direction, noise)))
