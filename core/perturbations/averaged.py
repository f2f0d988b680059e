"""Estimators made of others: the mean of several, and the mean under added noise."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.perturbations.estimator import Estimator

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MeanOf:
    """The mean of the estimates of several estimators: an ensemble."""

    estimators: Sequence[Estimator]

    def __call__(self, traces: Array) -> Array:
        """Return the estimates, (n, p)."""
        return np.mean([each(traces) for each in self.estimators], axis=0)

    def jacobian(self, traces: Array) -> tuple[Array, Array]:
        """Return the estimates, (n, p), and their derivatives, (n, p, n_times)."""
        return _mean(each.jacobian(traces) for each in self.estimators)


@dataclass(frozen=True, eq=False)
class Smoothed:
    """The mean estimate of a trace with noise added to it: randomised smoothing (Cohen and others 2019).

    added: (k, n_times), the draws of noise, the same for all traces, so that estimates are smooth in the trace.
    """

    estimator: Estimator
    added: Array

    def __call__(self, traces: Array) -> Array:
        """Return the estimates, (n, p)."""
        return np.mean([self.estimator(traces + noise) for noise in self.added], axis=0)

    def jacobian(self, traces: Array) -> tuple[Array, Array]:
        """Return the estimates, (n, p), and their derivatives, (n, p, n_times)."""
        return _mean(self.estimator.jacobian(traces + noise) for noise in self.added)


def _mean(found: Iterable[tuple[Array, Array]]) -> tuple[Array, Array]:
    """Return the means of estimates and of their derivatives; one pair at a time is in memory, beside the sums."""
    pairs = iter(found)
    (estimates, jacobian), n = next(pairs), 1
    for more in pairs:
        estimates, jacobian, n = estimates + more[0], jacobian + more[1], n + 1
    return estimates / n, jacobian / n
