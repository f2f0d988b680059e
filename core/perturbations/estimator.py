"""What perturbations need to know of an estimator: its estimates, and their derivatives by the trace."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Estimator(Protocol):
    """A function from traces to estimates of p parameters. `DifferentiableMap` is one."""

    def __call__(self, traces: Array) -> Array:
        """Return the estimates, (n, p), of traces (n, n_times)."""

    def jacobian(self, traces: Array) -> tuple[Array, Array]:
        """Return the estimates, (n, p), of traces (n, n_times), and their derivatives, (n, p, n_times)."""


@dataclass(frozen=True, eq=False)
class EachItsOwn:
    """An estimator of n traces at once that asks one of n estimators for each, such as the MAP for n noises."""

    estimators: Sequence[Estimator]

    def __call__(self, traces: Array) -> Array:
        """Return the estimates, (n, p)."""
        return np.concatenate([each(trace[None]) for each, trace in zip(self.estimators, traces, strict=True)])

    def jacobian(self, traces: Array) -> tuple[Array, Array]:
        """Return the estimates, (n, p), and their derivatives, (n, p, n_times)."""
        found = [each.jacobian(trace[None]) for each, trace in zip(self.estimators, traces, strict=True)]
        return np.concatenate([each[0] for each in found]), np.concatenate([each[1] for each in found])


@dataclass(frozen=True, eq=False)
class FirstOf:
    """An estimator of the first p of the parameters that another one estimates."""

    estimator: Estimator
    p: int

    def __call__(self, traces: Array) -> Array:
        """Return the estimates, (n, p)."""
        return self.estimator(traces)[:, : self.p]

    def jacobian(self, traces: Array) -> tuple[Array, Array]:
        """Return the estimates, (n, p), and their derivatives, (n, p, n_times)."""
        estimates, jacobian = self.estimator.jacobian(traces)
        return estimates[:, : self.p], jacobian[:, : self.p]
