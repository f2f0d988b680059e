"""Least squares for any observed states and times, with any parameters and initial states unknown.

With a uniform prior, the loss of a problem is half the sum of its squared whitened residuals, so that the minimum is
the maximum-likelihood estimate.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.checks import as_count
from core.estimate import Estimate, Finding, Remark, remark
from core.optimisation.minima import descend_together
from core.problem.known_and_unknown import positive_sentence
from core.problem.problem import Problem
from core.symbols import symbol_of

DRAWS_AT_ONCE = 1000  # trajectories simulated together; with a thousand samples each they take 16 MB
APART_BOX_SHARE = 0.1  # two starts differ by this share of the box in some unknown; nearer ones would end alike
MOST_STEPS = 50  # of one descent; those that converge need about half of it, the others would need hundreds
SINGULAR_CONDITION = 1e12  # with a larger condition number, the inverse of the scaled Hessian is rounding error

Array = NDArray[np.float64]


def fit_states(problem: Problem, rng: np.random.Generator | int, n_draws: int = 8000, n_starts: int = 5) -> Estimate:
    """Return the estimate, (1, p), with the inverse of the Gauss–Newton Hessian there as its covariance.

    The loss is evaluated at n_draws points of the box, which is cheap. Descents begin at the n_starts best points that
    are far enough apart, and the lowest loss wins. Remarks warn where every draw diverges, the descent has not
    converged, the estimate lies on an edge, or the data do not determine the unknowns. Raises ValueError for less than
    one draw or start, and for a lower bound at or below zero where only values above zero make sense.
    """
    n_draws, n_starts = as_count(n_draws, "draws"), as_count(n_starts, "starts")
    check_positive(problem)
    lower, upper = problem.bounds.T
    draws = np.random.default_rng(rng).uniform(lower, upper, (n_draws, len(problem.unknown)))
    losses = np.concatenate([problem.loss(some) for some in np.array_split(draws, -(-n_draws // DRAWS_AT_ONCE))])
    starts = _best_apart(problem, draws, losses, n_starts)
    if len(starts) == 0:
        nothing = np.full((1, len(problem.unknown)), np.nan)
        return Estimate(nothing, None, problem.unknown, (remark(Finding.ALL_DIVERGE, n=n_draws),))
    found = descend_together(problem, starts, MOST_STEPS)
    best = np.argmin(found.losses)
    position, covariance = found.positions[best], _inverse(found.hessians[best])
    remarks = _remarks(problem, position, bool(found.converged[best]), covariance)
    fit = problem.goodness_of_fit(position)
    return Estimate(position[None], None if covariance is None else covariance[None], problem.unknown, remarks, fit=fit)


def check_positive(problem: Problem) -> None:
    """Raise ValueError unless the lower bound of each positive quantity is above zero."""
    lower = dict(zip(problem.unknown, problem.bounds[:, 0], strict=True))
    for quantity in problem.model.parameters:
        if quantity.positive and not lower.get(quantity.name, 1.0) > 0:
            raise ValueError(positive_sentence(quantity))


def cramer_rao(problem: Problem, truth: ArrayLike) -> Array:
    """Return the Cramér–Rao bound at the truth, (p,): the smallest covariance, (p, p), of an unbiased estimate.

    The bound depends on which samples of the data are NaN, not on the values. Raises ValueError where such data do not
    determine the unknowns, and for a truth that is not one point within the bounds.
    """
    truth = np.asarray(truth, dtype=float)
    low, high = problem.bounds.T
    if truth.shape != low.shape or not np.all((truth >= low) & (truth <= high)):
        raise ValueError(f"The truth must be one point, ({len(low)},), within the bounds of {problem.unknown}.")
    covariance = _inverse(problem.with_flat_prior().hessian(truth, exact=False))
    if covariance is None:
        raise ValueError("Such data do not determine the unknowns: observe more, or fix some of them.")
    return covariance


def _best_apart(problem: Problem, draws: Array, losses: Array, n_starts: int) -> Array:
    """Return up to n_starts draws with the lowest finite losses, (n, p), no two of them near each other."""
    box = np.ptp(problem.bounds, axis=1)
    order = np.argsort(losses)
    starts = np.empty((0, draws.shape[1]))
    for draw in draws[order[np.isfinite(losses[order])]]:
        if len(starts) == n_starts:
            break
        apart = np.all(np.max(np.abs(starts - draw) / box, axis=1) > APART_BOX_SHARE)
        if apart and np.isfinite(problem.loss(draw, problem.step)):
            starts = np.vstack([starts, draw])
    return starts


def _inverse(hessian: Array) -> Array | None:
    """Return the inverse, (p, p), or None where the matrix is singular within rounding."""
    scale = np.sqrt(np.diag(hessian))
    if not np.all((scale > 0) & (scale < np.inf)):
        return None
    scaled = hessian / np.outer(scale, scale)
    if not np.linalg.cond(scaled) < SINGULAR_CONDITION:
        return None
    return np.linalg.inv(scaled) / np.outer(scale, scale)


def _remarks(problem: Problem, position: Array, converged: bool, covariance: Array | None) -> tuple[Remark, ...]:
    """Return a remark for each reason not to trust an estimate, (p,)."""
    lower, upper = problem.bounds.T
    on_edge = (position <= lower) | (position >= upper)
    symbols = ", ".join(symbol_of(name) for name, edge in zip(problem.unknown, on_edge, strict=True) if edge)
    remarks = [] if converged else [remark(Finding.NOT_CONVERGED, n=MOST_STEPS)]
    if symbols:
        remarks.append(remark(Finding.ON_EDGE_OF_BOX, symbols=symbols))
    if covariance is None:
        remarks.append(remark(Finding.UNDETERMINED))
    return tuple(remarks)
