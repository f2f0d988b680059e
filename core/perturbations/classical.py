"""The classical estimators of a problem as functions of its trace: MAP, its linearisation, the exact posterior mean.

With the whitened trace x, the whitened simulation f(m), its slopes G and the loss L(m; x) = ½ |x − f(m)|² + prior:

* MAP: ∂L/∂m = 0 at the estimate, so that dm/dx = H⁻¹ G', with H the exact Hessian of L (implicit function theorem).
* MAP, linearised: the same with the Gauss–Newton Hessian, and with f replaced by its tangent.
* Exact posterior mean: dm/dx = Cov(m, f(m)) over the posterior, since ∂ log p(m | x)/∂x = f(m) − x, up to what does
  not depend on m.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.noise import whiten
from core.optimisation.minima import map_estimate
from core.perturbations.whitened import by_trace
from core.posterior.exact import Posterior, posterior
from core.problem.problem import Problem

CELLS_AT_ONCE = 2000  # of a posterior, whose trajectories are stored

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MaximumAPosteriori:
    """The global MAP of a problem, whose noise stays the same for all traces."""

    problem: Problem

    def __call__(self, traces: Array) -> Array:
        """Return the estimates, (n, p), of traces (n, n_times)."""
        return np.concatenate([map_estimate(self.problem.with_data(trace)).mean for trace in traces])

    def jacobian(self, traces: Array) -> tuple[Array, Array]:
        """Return the estimates, (n, p), and their derivatives by the trace, (n, p, n_times)."""
        return _each(self._of_one, traces)

    def _of_one(self, trace: Array) -> tuple[Array, Array]:
        problem = self.problem.with_data(trace)
        position = map_estimate(problem).mean[0]
        return position, map_jacobian(problem, position)


def map_jacobian(problem: Problem, position: Array) -> Array:
    """Return the derivatives by the trace, (p, n_times), of a minimum of the loss, (p,).

    A parameter on an edge of the prior stays there.
    """
    lower, upper = problem.bounds.T
    free = np.flatnonzero((position > lower) & (position < upper))
    moved = np.zeros((position.size, problem.times.size))
    if free.size:
        hessian = problem.hessian(position)[np.ix_(free, free)]
        moved[free] = np.linalg.solve(hessian, slopes(problem, position)[:, free].T)
    return by_trace(moved, problem.noise[0])


@dataclass(frozen=True, eq=False)
class LinearisedMap:
    """The MAP of a problem whose simulation is replaced by its tangent at a point, (p,), without the prior's box."""

    problem: Problem
    point: Array

    def __call__(self, traces: Array) -> Array:
        """Return the estimates, (n, p), of traces (n, n_times)."""
        return self.jacobian(traces)[0]

    def jacobian(self, traces: Array) -> tuple[Array, Array]:
        """Return the estimates, (n, p), and their derivatives by the trace, (n, p, n_times)."""
        problem, noise = self.problem, self.problem.noise[0]
        white = np.linalg.solve(problem.hessian(self.point, exact=False), slopes(problem, self.point).T)
        _, gradient = problem.gradient(self.point)
        at_own_trace = self.point - np.linalg.solve(problem.hessian(self.point, exact=False), gradient)
        estimates = at_own_trace + whiten(np.asarray(traces) - problem.data, noise) @ white.T
        return estimates, np.broadcast_to(by_trace(white, noise), (len(traces), *white.shape))


@dataclass(frozen=True, eq=False)
class ExactMean:
    """The exact posterior mean of a problem of two unknowns, whose noise stays the same for all traces."""

    problem: Problem

    def __call__(self, traces: Array) -> Array:
        """Return the estimates, (n, 2), of traces (n, n_times)."""
        return np.array([posterior(self.problem.with_data(trace)).mean for trace in traces])

    def jacobian(self, traces: Array) -> tuple[Array, Array]:
        """Return the estimates, (n, 2), and their derivatives by the trace, (n, 2, n_times)."""
        return _each(self._of_one, traces)

    def _of_one(self, trace: Array) -> tuple[Array, Array]:
        found = posterior(self.problem.with_data(trace))
        return found.mean, mean_jacobian(found)


def mean_jacobian(found: Posterior) -> Array:
    """Return the derivatives by the trace, (2, n_times), of the mean of a posterior whose noise is known."""
    centres, noise = found.cells.centres, found.problem.noise[0]
    weighed = found.masses[:, None] * (centres - found.mean)
    covariance = np.zeros((centres.shape[1], found.problem.times.size))
    for first in range(0, len(centres), CELLS_AT_ONCE):
        some = slice(first, first + CELLS_AT_ONCE)
        covariance += weighed[some].T @ whiten(found.problem.observed(centres[some]), noise)
    return by_trace(covariance, noise)


def slopes(problem: Problem, position: Array) -> Array:
    """Return the derivatives of the whitened simulation at values (p,) of the unknowns, (n_times, p)."""
    return -problem.jacobian(position)[: problem.times.size]


def _each(of_one: Callable[[Array], tuple[Array, Array]], traces: Array) -> tuple[Array, Array]:
    found = [of_one(trace) for trace in traces]
    return np.array([each[0] for each in found]), np.array([each[1] for each in found])
