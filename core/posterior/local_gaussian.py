"""The local Gaussian of a trace: its MAP point, and the inverse of the Gauss–Newton Hessian there as covariance.

Maps that return a mean and a covariance learn them from such labels (Rudi, Bessac and Lenzi 2021).
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.models.spikes import spike_counts, spike_statistics
from core.optimisation.minima import FURTHER_ITERATIONS, descend_together
from core.posterior.laplace import NEAR_EDGE_SDS
from core.problem.problem import Problem

Array = NDArray[np.float64]


class Validity(IntEnum):
    """Whether a local Gaussian describes the posterior, with a sentence for the reader."""

    VALID = 0
    SILENT = 1
    EXCITED = 2
    ON_EDGE = 3
    NEAR_EDGE = 4
    NO_MINIMUM = 5

    @property
    def sentence(self) -> str:
        """The sentence for the reader."""
        return {
            Validity.VALID: "The local Gaussian of this trace is a valid label.",
            Validity.SILENT: "The local Gaussian is not a valid label: at the MAP point the neuron never spikes.",
            Validity.EXCITED: "The local Gaussian is not a valid label: at the MAP point the neuron stays excited and "
            "completes no spike.",
            Validity.ON_EDGE: "The local Gaussian is not a valid label: the MAP point lies on the edge of the prior.",
            Validity.NEAR_EDGE: "The local Gaussian is not a valid label: an edge of the prior lies within "
            f"{NEAR_EDGE_SDS:g} standard deviations of the MAP point.",
            Validity.NO_MINIMUM: "The local Gaussian is not a valid label: the descent has not reached a minimum.",
        }[self]


@dataclass(frozen=True, eq=False)
class LocalGaussian:
    """The local Gaussian of a trace: mean (p,), covariance (p, p), the loss at the mean, and whether it is valid."""

    mean: Array
    covariance: Array
    loss: float
    validity: Validity


def local_gaussian(problem: Problem, start: ArrayLike) -> LocalGaussian:
    """Return the local Gaussian at the minimum of the loss below a start, (p,), such as the truth or the MAP estimate.

    A start outside the prior is moved to its edge. Raises ValueError where the trajectory at the start diverges.
    """
    found = descend_together(problem, np.asarray(start, dtype=float)[None], FURTHER_ITERATIONS)
    if not np.isfinite(found.losses[0]):
        raise ValueError("The trajectory at the start of the descent must not diverge: start at another point.")
    mean, covariance = found.positions[0], np.linalg.inv(found.hessians[0])
    return LocalGaussian(
        mean, covariance, float(found.losses[0]), _validity(problem, mean, covariance, bool(found.converged[0]))
    )


def _validity(problem: Problem, mean: Array, covariance: Array, converged: bool) -> Validity:
    """Return the first reason, in the order of the codes, for which a Gaussian is not valid, or that it is."""
    model, trajectory = problem.model, problem.observed(mean, problem.step)
    lower, upper = problem.bounds.T
    rate, _ = spike_statistics(
        trajectory, problem.times, spike_level=model.spike_level, excited_floor=model.excited_floor
    )
    distances = np.minimum(mean - lower, upper - mean)
    reasons = {
        Validity.SILENT: spike_counts(trajectory, spike_level=model.spike_level) == 0,
        Validity.EXCITED: np.isnan(rate),
        Validity.ON_EDGE: np.any(distances <= 0),
        Validity.NEAR_EDGE: np.any(distances < NEAR_EDGE_SDS * np.sqrt(np.diag(covariance))),
        Validity.NO_MINIMUM: not converged,
    }
    return next((reason for reason, holds in reasons.items() if holds), Validity.VALID)
