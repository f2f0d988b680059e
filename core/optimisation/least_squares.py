"""Least squares on both states: u, v or both, at any times, with parameters and start unknown alike.

J(m) = ½ Σ ((u_obs − u_m)/s_u)² + ½ Σ ((v_obs − v_m)/s_v)², over the samples that were observed. Within the bounds of m
nothing is preferred, so that this is maximum likelihood under white Gaussian noise.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import least_squares

from core.estimate import Estimate, GoodnessOfFit, goodness_of_fit
from core.models.fitzhugh_nagumo.sensitivities import DIRECTIONS, sensitivities
from core.models.fitzhugh_nagumo.simulate import TOLERANCE, resolving_step, simulate, validated

COARSE = 5  # points along each unknown, on the grid that chooses the step
FINEST_TOLERANCE = 1e-9
AT_ONCE = 1000  # trajectories: those of a thousand samples then take 16 MB
APART = 0.1  # of the box along one unknown at least: starts nearer to each other would end alike
ON_EDGE = 1e-4  # of the box: the solver stays inside it, however close
MOST_EVALUATIONS = 50  # of one refinement: those that arrive need half as many, the others crawl on for hundreds
SINGULAR = 1e12  # condition number of the scaled Hessian from which on its inverse is rounding

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StateProblem:
    """The inverse problem for samples of u and v: what is unknown, and what is known about the rest.

    data: (n_times, 2) of (u, v), NaN where a state was not observed; times: (n_times,) in ms, the start (u0, v0) holds
    at the first of them; unknown: names among DIRECTIONS (theta0, theta1, zeta, gamma, u0, v0); known: values of all
    six, of which those of the unknown ones are ignored; noise_sd: (2,), white, of u and v; lower, upper: bounds of the
    unknown ones, (p,) each. Raises ValueError for what does not fit together.
    """

    data: Array
    times: Array
    unknown: tuple[str, ...]
    known: tuple[float, ...]
    noise_sd: Array
    lower: Array
    upper: Array

    def __post_init__(self) -> None:
        for name in ("data", "times", "noise_sd", "lower", "upper"):
            values = np.array(getattr(self, name), dtype=float)
            values.setflags(write=False)
            object.__setattr__(self, name, values)
        self._check_unknown()
        self._check_data()

    def _check_unknown(self) -> None:
        for name in self.unknown:
            if name not in DIRECTIONS:
                raise ValueError(f"Unknowns are among {', '.join(DIRECTIONS)}; {name!r} is not.")
        if not self.unknown or len(set(self.unknown)) < len(self.unknown):
            raise ValueError("Name at least one unknown, and each of them once.")
        if len(self.known) != len(DIRECTIONS):
            raise ValueError(
                f"Known values are needed for all of {', '.join(DIRECTIONS)}; give any to the unknown ones."
            )
        if not self.lower.shape == self.upper.shape == (len(self.unknown),):
            raise ValueError(f"The {len(self.unknown)} unknowns need as many lower bounds and as many upper bounds.")
        for name, lower, upper in zip(self.unknown, self.lower, self.upper, strict=True):
            if not -np.inf < lower < upper < np.inf:
                raise ValueError(f"The bounds of {name} must be finite, the lower below the upper: {lower}, {upper}.")
        at_corners = self.complete(np.stack([self.lower, self.upper]))
        if not np.all(np.isfinite(at_corners)):
            raise ValueError("The known values must be finite numbers.")
        if not np.all(at_corners[:, DIRECTIONS.index("gamma")] > 0):
            raise ValueError(
                "The damping gamma must be above zero, and so must its lower bound: at zero v has no rate."
            )

    def _check_data(self) -> None:
        if self.times.size < 2 or self.data.shape != (self.times.size, 2):
            raise ValueError(
                "The data need a row (u, v) for each of two or more times; "
                f"their shape is {self.data.shape}, that of the times {self.times.shape}."
            )
        validated(self.known[:4], self.times, self.known[4:])
        if np.any(np.isinf(self.data)):
            raise ValueError("The data must be finite numbers, or NaN where a state was not observed.")
        n_observed = np.count_nonzero(self.observed)
        if n_observed < len(self.unknown):
            raise ValueError(
                f"The data hold {n_observed} observed values for {len(self.unknown)} unknowns: "
                "observe more, or fix some of them."
            )
        if self.noise_sd.shape != (2,) or not np.all((self.noise_sd > 0) & np.isfinite(self.noise_sd)):
            raise ValueError("The noise needs two finite standard deviations above zero, of u and of v.")

    @property
    def columns(self) -> list[int]:
        """The positions of the unknowns in DIRECTIONS."""
        return [DIRECTIONS.index(name) for name in self.unknown]

    @property
    def bounds(self) -> Array:
        """The lower and upper bounds of the unknowns, (p, 2)."""
        return np.column_stack([self.lower, self.upper])

    @property
    def observed(self) -> NDArray[np.bool_]:
        """Which samples were observed, (n_times, 2)."""
        return ~np.isnan(self.data)

    def complete(self, unknown: ArrayLike) -> Array:
        """Return all six values in DIRECTIONS, (..., 6), for values of the unknown ones, (..., p)."""
        unknown = np.asarray(unknown, dtype=float)
        values = np.array(np.broadcast_to(self.known, (*unknown.shape[:-1], len(DIRECTIONS))), dtype=float)
        values[..., self.columns] = unknown
        return values

    @cached_property
    def step(self) -> float:
        """The step in ms that resolves a coarse grid over the box, corners included; frozen, it makes the loss smooth.

        Stiffness grows towards the corners of a box. The error in u is to stay below a hundredth of the noise.
        """
        axes = [np.linspace(lower, upper, COARSE) for lower, upper in self.bounds]
        values = self.complete(np.stack(np.meshgrid(*axes), axis=-1))
        tolerance = float(np.clip(self.noise_sd.min() / 100, FINEST_TOLERANCE, TOLERANCE))
        steps = resolving_step(values[..., :4], self.times, values[..., 4:], tolerance)
        return float(np.min(steps, where=np.isfinite(steps), initial=float(np.max(np.diff(self.times)))))

    def loss(self, unknown: ArrayLike, step: float | None = None) -> Array:
        """Return J, (...), for values (..., p): +∞ outside the bounds and where the trajectory diverges.

        step: frozen, in ms, or chosen for each.
        """
        unknown = np.asarray(unknown, dtype=float)
        inside = np.all((unknown >= self.lower) & (unknown <= self.upper), axis=-1)
        squares = np.sum(self._whitened(self._simulated(unknown, step)) ** 2, axis=-1)
        return np.where(inside & np.isfinite(squares), 0.5 * squares, np.inf)

    def residuals(self, unknown: ArrayLike) -> Array:
        """Return (data − model)/sd of the r observed samples, (r,), at the frozen step; +∞ from a divergence on.

        unknown: (p,). J is half the sum of their squares. In time order, u before v.
        """
        residuals = self._whitened(self._simulated(unknown, self.step))
        return np.where(np.isnan(residuals), np.inf, residuals)

    def jacobian(self, unknown: ArrayLike) -> Array:
        """Return the derivatives of the residuals by the unknowns, (r, p), for values (p,), at the frozen step."""
        return self._expanded(unknown)[1]

    def gradient(self, unknown: ArrayLike) -> tuple[Array, Array]:
        """Return J (...) and its gradient (..., p) for values (..., p) inside the bounds, at the frozen step.

        Where the trajectory diverges J is infinite and the gradient NaN.
        """
        residuals, jacobian = self._expanded(unknown)
        loss = 0.5 * np.sum(residuals**2, axis=-1)
        return np.where(np.isnan(loss), np.inf, loss), np.einsum("...r,...rp->...p", residuals, jacobian)

    def hessian(self, unknown: ArrayLike, exact: bool = False) -> Array:
        """Return the Gauss–Newton Hessian of J, (..., p, p), for values (..., p), at the frozen step.

        It leaves out the curvature of the trajectory, and is the Fisher information where the model is true. Raises
        ValueError for an exact one.
        """
        if exact:
            raise ValueError("Samples of both states have a Gauss–Newton Hessian only: ask for exact=False.")
        jacobian = self._expanded(unknown)[1]
        return np.einsum("...rp,...rq->...pq", jacobian, jacobian)

    def _simulated(self, unknown: ArrayLike, step: float | None) -> Array:
        values = self.complete(unknown)
        return simulate(values[..., :4], self.times, values[..., 4:], step=step)

    def _whitened(self, states: Array) -> Array:
        # Contiguous, so that sums round alike in a batch and alone.
        return np.ascontiguousarray(((self.data - states) / self.noise_sd)[..., self.observed])

    def _expanded(self, unknown: ArrayLike) -> tuple[Array, Array]:
        """Return residuals (..., r), NaN from a divergence on, and their derivatives (..., r, p)."""
        values = self.complete(unknown)
        states, derivatives = sensitivities(values[..., :4], self.times, values[..., 4:], step=self.step)
        jacobian = (-derivatives[..., self.columns] / self.noise_sd[:, None])[..., self.observed, :]
        return self._whitened(states), np.ascontiguousarray(jacobian)


def refine(problem: StateProblem, start: ArrayLike) -> Any:
    """Return SciPy's OptimizeResult of least squares from start, (p,), by its trust-region method within the bounds.

    A trial point that diverges has infinite residuals, and the region shrinks. Raises ValueError where start lies
    outside the bounds or diverges itself.
    """
    return least_squares(
        problem.residuals,
        np.asarray(start, dtype=float),
        problem.jacobian,
        bounds=(problem.lower, problem.upper),
        method="trf",
        x_scale="jac",
        max_nfev=MOST_EVALUATIONS,
    )


def fit_states(
    problem: StateProblem, rng: np.random.Generator | int, n_draws: int = 8000, n_starts: int = 5
) -> Estimate:
    """Return the least-squares estimate, (1, p), with the inverse of the Gauss–Newton Hessian there as its covariance.

    n_draws points of the box are tried, which is cheap, and the n_starts best of them that are apart from each other
    refined; the lowest loss wins. The status says what is wrong with it: nothing finite in the box, an end that is not
    converged or on the edge, a misfit that the noise does not explain, unknowns that the data do not determine. Raises
    ValueError for no draws or starts.
    """
    if n_draws < 1 or n_starts < 1:
        raise ValueError(f"A fit needs at least one draw and one start; they are {n_draws} and {n_starts}.")
    draws = np.random.default_rng(rng).uniform(problem.lower, problem.upper, (n_draws, len(problem.unknown)))
    losses = np.concatenate([problem.loss(some) for some in np.array_split(draws, -(-n_draws // AT_ONCE))])
    starts = _best_apart(problem, draws, losses, n_starts)
    if len(starts) == 0:
        nothing = np.full((1, len(problem.unknown)), np.nan)
        status = f"No estimate: all {n_draws} trajectories drawn from the box diverge; choose a narrower one."
        return Estimate(nothing, None, problem.unknown, status)
    best = min((refine(problem, start) for start in starts), key=lambda result: float(result.cost))
    covariance = _inverse(problem.hessian(best.x))
    fit = goodness_of_fit(2 * best.cost, 2 * best.cost, best.fun.size, best.x.size)
    status = " ".join(_doubts(problem, best, covariance, fit))
    return Estimate(best.x[None], None if covariance is None else covariance[None], problem.unknown, status, fit=fit)


def cramer_rao(problem: StateProblem, truth: ArrayLike) -> Array:
    """Return the Cramér–Rao bound's covariance, (p, p), at the truth, (p,): of any unbiased estimate from such data.

    Which samples of the data are NaN matters, their values do not. Raises ValueError where such data do not determine
    the unknowns.
    """
    covariance = _inverse(problem.hessian(truth))
    if covariance is None:
        raise ValueError("Such data do not determine the unknowns: observe more, or fix some of them.")
    return covariance


def _best_apart(problem: StateProblem, draws: Array, losses: Array, n_starts: int) -> Array:
    """Return up to n_starts draws of lowest finite loss, (n, p), no two of them within APART of each other."""
    box = problem.upper - problem.lower
    order = np.argsort(losses)
    starts = np.empty((0, draws.shape[1]))
    for draw in draws[order[np.isfinite(losses[order])]]:
        if len(starts) == n_starts:
            break
        apart = np.all(np.max(np.abs(starts - draw) / box, axis=1) > APART)
        if apart and np.isfinite(problem.loss(draw, problem.step)):
            starts = np.vstack([starts, draw])
    return starts


def _inverse(hessian: Array) -> Array | None:
    """Return the inverse, (p, p), or None where the matrix is singular but for rounding."""
    scale = np.sqrt(np.diag(hessian))
    if not np.all((scale > 0) & (scale < np.inf)):
        return None
    scaled = hessian / np.outer(scale, scale)
    if not np.linalg.cond(scaled) < SINGULAR:
        return None
    return np.linalg.inv(scaled) / np.outer(scale, scale)


def _doubts(problem: StateProblem, result: Any, covariance: Array | None, fit: GoodnessOfFit) -> list[str]:
    """Return a sentence for each reason not to trust an estimate."""
    doubts = [fit.sentence] if fit.sentence else []
    if not result.success:
        doubts.append(f"Not converged in {MOST_EVALUATIONS} evaluations: try more draws and starts, or a narrower box.")
    to_edge = np.minimum(result.x - problem.lower, problem.upper - result.x)
    on_edge = [
        name
        for name, distance in zip(problem.unknown, to_edge / (problem.upper - problem.lower), strict=True)
        if distance <= ON_EDGE
    ]
    if on_edge:
        doubts.append(f"On the edge of the box in {', '.join(on_edge)}: the covariance does not hold there.")
    if covariance is None:
        doubts.append("The data do not determine all unknowns: observe more, or fix some of them.")
    return doubts
