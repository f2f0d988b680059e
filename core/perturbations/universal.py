"""Universal perturbations: one perturbation that moves the estimates of many traces.

Sizes are those of a common noise, whichever noise each trace has. units: (n, p, p), `in_sds` of each trace.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.noise import Noise
from core.perturbations.estimator import Estimator
from core.perturbations.whitened import by_whitened_trace, perturbation_of

ITERATIONS = 20
FIRST_STEP = 0.5  # of the ascent, in radians on the sphere of perturbations of the same size
SMALLEST_STEP = 0.01

Array = NDArray[np.float64]


def stacked_direction(jacobians: Array, noise: Noise, units: Array) -> Array:
    """Return the whitened direction, (n_times,), that moves the estimates of n traces most, in mean square.

    It is the leading right singular vector of the stacked whitened Jacobians. jacobians: (n, p, n_times), by the trace.
    """
    white = units @ by_whitened_trace(jacobians, noise)
    _, _, directions = np.linalg.svd(white.reshape(-1, white.shape[-1]), full_matrices=False)
    return np.asarray(directions[0], dtype=np.float64)


def mean_movement(estimator: Estimator, traces: Array, white: Array, noise: Noise, units: Array) -> float:
    """Return the mean movement in sds over traces, (n, n_times), and both signs of a perturbation, (n_times,)."""
    unperturbed, change = estimator(traces), perturbation_of(white, noise)
    return float(np.mean([_moved(estimator(traces + sign * change) - unperturbed, units)[1] for sign in (1, -1)]))


@dataclass(frozen=True, eq=False)
class Ascent:
    """An ascent's best perturbation, whitened, (n_times,), and the mean movement after each of its steps, (k,)."""

    white: Array
    movements: Array


def ascended(
    estimator: Estimator, traces: Array, start: Array, noise: Noise, units: Array, iterations: int = ITERATIONS
) -> Ascent:
    """Ascend the mean movement over traces, (n, n_times), and both signs, among perturbations as large as start.

    Projected gradient: each step turns the perturbation on the sphere towards the gradient. A step that does not lead
    upwards is not taken, and halves the next.
    """
    size, angle = float(np.linalg.norm(start)), FIRST_STEP
    unperturbed = estimator(traces)

    def expanded(white: Array) -> tuple[float, Array]:
        change, gradient, total = perturbation_of(white, noise), np.zeros(white.size), 0.0
        for sign in (1, -1):
            estimates, jacobians = estimator.jacobian(traces + sign * change)
            sds, movement = _moved(estimates - unperturbed, units)
            pull = np.einsum("nk,nkp->np", sds / np.maximum(movement, np.finfo(float).tiny)[:, None], units)
            gradient += sign * by_whitened_trace(np.einsum("np,npt->t", pull, jacobians), noise)
            total += float(movement.mean())
        return total / 2, gradient

    white, (movement, gradient), movements = start, expanded(start), []
    for _ in range(iterations):
        across = gradient - (gradient @ white) * white / size**2
        if angle < SMALLEST_STEP or not np.linalg.norm(across) > 0:
            break
        trial = np.cos(angle) * white + np.sin(angle) * size * across / np.linalg.norm(across)
        found = expanded(trial)
        if found[0] > movement:
            white, (movement, gradient) = trial, found
        else:
            angle /= 2
        movements.append(movement)
    return Ascent(white, np.array(movements))


def _moved(changes: Array, units: Array) -> tuple[Array, Array]:
    """Return movements of n estimates in sds, (n, p), and their sizes, (n,)."""
    sds = np.einsum("nij,nj->ni", units, changes)
    return sds, np.linalg.norm(sds, axis=1)
