"""The worst perturbation of each trace among those of one size: what moves its estimate furthest in sds.

max |U (m̂(d + L w) − m̂(d))| over |w| = size, with L L' the covariance of the noise. There are many local maxima, so that
ascents start in several directions of the plane that the worst directions of the linearised estimator span, every
second one from the gradient at a smaller size. Each turns on the sphere towards the gradient, by at most an angle that
falls from step to step, whether that leads upwards or not: large turns leave small maxima. From the worst perturbation
that they meet, power iterations go on, w ← size · gradient / |gradient|, with over-relaxation: the turn is a share of
the angle between, which grows after a step that leads upwards; another step is not taken, and halves it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.noise import Noise
from core.perturbations.amplification import whitened_jacobian
from core.perturbations.estimator import Estimator
from core.perturbations.whitened import by_whitened_trace, perturbation_of

STARTS, STEPS = 8, 21
SMALLER_SIZE = 0.25  # as a share of the size, at which every second start takes its direction from the gradient
LARGEST_TURN, SMALLEST_TURN = 0.9, 0.1  # radians
GROWTH, SHRINKAGE = 1.5, 0.5  # of the share of the angle

Array = NDArray[np.float64]
Expanded = Callable[[Array], tuple[Array, Array]]  # from (n, n_times) to movements (n,) and gradients (n, n_times)


@dataclass(frozen=True, eq=False)
class WorstCases:
    """The worst perturbations found: whitened, (n, n_times), and how many sds the estimates move by, (n,)."""

    white: Array
    movements: Array


def worst_cases(
    estimator: Estimator,
    traces: Array,
    noises: Sequence[Noise],
    units: Array,
    size: float,
    starts: int = STARTS,
    steps: int = STEPS,
) -> WorstCases:
    """Return the worst perturbations of a size of n traces, (n, n_times), for an estimator of two parameters.

    noises: of each trace, whose norms measure sizes. units: (n, 2, 2), `in_sds` of each trace. starts: of ascents, of
    `steps` evaluations each; the power iterations have as many. Estimates and derivatives are computed
    evaluations(starts, steps) times in all.
    """
    unperturbed, jacobians = estimator.jacobian(traces)
    white = [whitened_jacobian(*each) for each in zip(jacobians, noises, units, strict=True)]
    plane = np.array([np.linalg.svd(each, full_matrices=False)[2] for each in white])

    def expanded(white: Array) -> tuple[Array, Array]:
        changes = np.array([perturbation_of(*each) for each in zip(white, noises, strict=True)])
        estimates, jacobians = estimator.jacobian(traces + changes)
        sds = np.einsum("nij,nj->ni", units, estimates - unperturbed)
        by_trace = np.einsum("ni,nij,njt->nt", sds, units, jacobians)
        gradients = np.array([by_whitened_trace(*each) for each in zip(by_trace, noises, strict=True)])
        return np.linalg.norm(sds, axis=1), gradients

    best = WorstCases(np.zeros_like(traces), np.full(len(traces), -np.inf))
    for i in range(starts):
        angle, left = 2 * np.pi * i / starts, steps
        direction = np.cos(angle) * plane[:, 0] + np.sin(angle) * plane[:, 1]
        if i % 2:
            gradients, left = expanded(SMALLER_SIZE * size * direction)[1], steps - 1
            has_one = np.any(gradients != 0, axis=1)[:, None]  # not where an estimate stays on an edge of the prior
            direction = np.where(has_one, _unit(gradients), direction)
        best = _worse(best, _explored(expanded, size * direction, left))
    return _worse(best, _refined(expanded, best.white, steps))


def evaluations(starts: int = STARTS, steps: int = STEPS) -> int:
    """Return how many times `worst_cases` computes estimates and derivatives of each trace."""
    return 1 + (starts + 1) * steps


def _explored(expanded: Expanded, white: Array, n_evaluations: int) -> WorstCases:
    """Return the worst perturbations on the way of steps whose turns fall from the largest to the smallest."""
    movements, gradients = expanded(white)
    best = WorstCases(white, movements)
    for most in np.linspace(LARGEST_TURN, SMALLEST_TURN, n_evaluations - 1):
        white = _turned(white, gradients, 1.0, most)
        movements, gradients = expanded(white)
        best = _worse(best, WorstCases(white, movements))
    return best


def _refined(expanded: Expanded, white: Array, n_evaluations: int) -> WorstCases:
    """Return the ends of over-relaxed power iterations from whitened perturbations, (n, n_times)."""
    (movements, gradients), share = expanded(white), np.ones((len(white), 1))
    for _ in range(n_evaluations - 1):
        trial = _turned(white, gradients, share, np.pi / 2)
        found = expanded(trial)
        upwards = (found[0] > movements)[:, None]
        white, gradients = np.where(upwards, trial, white), np.where(upwards, found[1], gradients)
        movements = np.maximum(movements, found[0])
        share = share * np.where(upwards, GROWTH, SHRINKAGE)
    return WorstCases(white, movements)


def _turned(white: Array, gradients: Array, share: float | Array, most: float) -> Array:
    """Return perturbations turned on their spheres by a share of the angle to the gradients, at most by an angle."""
    size, towards = np.linalg.norm(white, axis=1, keepdims=True), _unit(gradients)
    cosine = np.sum(white * towards, axis=1, keepdims=True) / size
    across = _unit(towards - cosine * white / size)
    turn = np.minimum(share * np.arccos(np.clip(cosine, -1, 1)), most)
    return size * _unit(np.cos(turn) * white + np.sin(turn) * size * across)


def _worse(one: WorstCases, other: WorstCases) -> WorstCases:
    """Return the perturbation of each trace that moves its estimate further."""
    white = np.where((other.movements > one.movements)[:, None], other.white, one.white)
    return WorstCases(white, np.maximum(one.movements, other.movements))


def _unit(rows: Array) -> Array:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.finfo(float).tiny)
