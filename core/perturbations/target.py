"""The smallest perturbation of a trace that takes an estimate to a target.

min ½ |w|² over whitened perturbations w, subject to m̂(d + L w) = target, where L L' is the noise's covariance. The
iterations are those of sequential quadratic programming with the identity as Hessian: each goes towards the smallest w
whose linearised estimate is the target, as far as the merit ½ |w|² + μ |distance in sds| falls (Han 1977; Nocedal and
Wright 2006, chapter 18). On a long curved posterior the merit stops falling just before the target, which Newton steps
of least size then reach.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.noise import Noise
from core.perturbations.amplification import whitened_jacobian
from core.perturbations.classical import slopes
from core.perturbations.estimator import Estimator
from core.perturbations.whitened import perturbation_of
from core.problem.problem import Problem

ITERATIONS = 60
HALVINGS = 12  # of a step, at most
CORRECTIONS = 5  # Newton steps to the target at the end, at most
CLOSE_SDS = 0.01  # an estimate this close to the target is there; a MAP is found to a few thousandths
SMALLEST_CHANGE = 3e-3  # of the perturbation's size, below which it is the smallest around
MERIT_FACTOR = 2.0  # of the multipliers, which makes the merit exact
ROUNDING = 1e-12

Array = NDArray[np.float64]


class Arrival(IntEnum):
    """Whether a perturbation takes the estimate to the target, with a sentence for the reader."""

    THERE = 0
    NOT_SMALLEST = 1
    NOT_THERE = 2

    @property
    def sentence(self) -> str:
        """The sentence for the reader."""
        return {
            Arrival.THERE: "The perturbation takes the estimate to the target; none nearby is smaller.",
            Arrival.NOT_SMALLEST: "The perturbation takes the estimate to the target, but a smaller one may do so too.",
            Arrival.NOT_THERE: "No perturbation was found that takes the estimate to the target.",
        }[self]


@dataclass(frozen=True, eq=False)
class SmallestPerturbation:
    """The smallest perturbation found: whitened, (n_times,), the estimate that it leads to, (p,), and the outcome."""

    white: Array
    estimate: Array
    arrival: Arrival

    @property
    def size(self) -> float:
        """The whitened size."""
        return float(np.linalg.norm(self.white))


def search_smallest(
    estimator: Estimator, trace: Array, target: ArrayLike, noise: Noise, units: Array
) -> Iterator[SmallestPerturbation]:
    """Generate what each iteration finds of the smallest perturbation that takes an estimate to a target; see below.

    The last one is the result; those before it are not known to be the smallest.
    """
    target, white = np.asarray(target, dtype=float), np.zeros(trace.size)

    def expanded(white: Array) -> tuple[Array, Array, Array]:
        estimates, jacobians = estimator.jacobian((trace + perturbation_of(white, noise))[None])
        return estimates[0], units @ (estimates[0] - target), whitened_jacobian(jacobians[0], noise, units)

    estimate, off, jacobian = expanded(white)
    penalty, settled = 0.0, False
    for _ in range(ITERATIONS):
        yield SmallestPerturbation(white, estimate, _arrival(off, settled=False))
        multipliers = np.linalg.lstsq(jacobian @ jacobian.T, jacobian @ white - off, rcond=ROUNDING)[0]
        step = jacobian.T @ multipliers - white
        settled = bool(np.linalg.norm(step) <= SMALLEST_CHANGE * max(float(np.linalg.norm(white)), SMALLEST_CHANGE))
        if settled:
            break
        penalty = max(penalty, MERIT_FACTOR * float(np.linalg.norm(multipliers)))
        before, share = _merit(white, off, penalty), 1.0
        for _ in range(HALVINGS):
            trial = expanded(white + share * step)
            if _merit(white + share * step, trial[1], penalty) < before:
                break
            share /= 2
        else:
            break
        white = white + share * step
        estimate, off, jacobian = trial
    for _ in range(CORRECTIONS):
        if np.linalg.norm(off) <= CLOSE_SDS:
            break
        nearest = white - jacobian.T @ np.linalg.lstsq(jacobian @ jacobian.T, off, rcond=ROUNDING)[0]
        trial = expanded(nearest)
        if not np.linalg.norm(trial[1]) < np.linalg.norm(off):
            break
        settled &= bool(np.linalg.norm(nearest - white) <= SMALLEST_CHANGE * np.linalg.norm(white))
        white = nearest
        estimate, off, jacobian = trial
    yield SmallestPerturbation(white, estimate, _arrival(off, settled))


def smallest_perturbation(
    estimator: Estimator, trace: Array, target: ArrayLike, noise: Noise, units: Array
) -> SmallestPerturbation:
    """Return the smallest perturbation of a trace, (n_times,), that takes its estimate to a target, (p,).

    It is the smallest of those around the way that the iterations take from no perturbation. units: `in_sds`, (p, p).
    """
    *_, found = search_smallest(estimator, trace, target, noise, units)
    return found


def _arrival(off: Array, settled: bool) -> Arrival:
    if np.linalg.norm(off) > CLOSE_SDS:
        return Arrival.NOT_THERE
    return Arrival.THERE if settled else Arrival.NOT_SMALLEST


def _merit(white: Array, off: Array, penalty: float) -> float:
    return float(0.5 * white @ white + penalty * np.linalg.norm(off))


def smallest_for_map(problem: Problem, target: ArrayLike) -> Array:
    """Return the smallest whitened perturbation, (n_times,), of a trace that makes a target, (p,), stationary.

    At a target m the loss of the perturbed trace has the gradient g − G'w, with g that of the problem's own trace and G
    the slopes of the whitened simulation. The smallest w for which it vanishes is G (G'G)⁻¹ g.
    """
    target = np.asarray(target, dtype=float)
    slope = slopes(problem, target)
    _, gradient = problem.gradient(target)
    return np.asarray(slope @ np.linalg.solve(slope.T @ slope, gradient))
