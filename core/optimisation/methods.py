"""Minimise a loss over a box: each method as a recorded path.

θ, ζ and γ have different units, and what steepest descent, a simplex or a trust region does depends on them. So every
method works in the unit box, where the bounds of each unknown are 0 and 1. The step of the integration is frozen for
the whole run, of the population too: a loss that jumps with the step has minima that are none, and losses of different
methods could not be compared.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import Bounds, OptimizeResult, differential_evolution, least_squares, minimize

METHODS = {
    "Gradient descent": "gradient, line search",
    "Adam": "gradient, with momentum",
    "L-BFGS-B": "quasi-Newton",
    "Newton": "exact Hessian, trust region",
    "Levenberg–Marquardt": "Gauss–Newton, trust region",
    "Nelder–Mead": "simplex, no gradient",
    "Differential evolution": "global, a population",
}

BUDGET = 400  # evaluations of a local method
POPULATION = 10  # of differential evolution, for each unknown
GENERATIONS = 200
NEGLIGIBLE = 0.01  # of the loss, a negative log-likelihood: a likelihood ratio of 1.01
SETTLED = 1e-6  # of the loss: what a quadratic model may still promise at a minimum
MOST_STEPS = 20  # down to a minimum, from an end near it; most take two
AT_EDGE = 1e-6  # of the box: methods that stay strictly inside come as near to an edge and no nearer
FIRST_MOVE = 0.1  # of the box
FIRST_BARRIER, LAST_BARRIER = 1e-3, 1e-6  # of the loss
STEADY = 1e-4  # slope of the loss over the box at which Newton's method ends
INSIDE = 0.01  # of the box: where an interior-point method begins, if the start is nearer to an edge
ROUNDING = 1e-9  # of the loss
SUFFICIENT = 1e-4  # share of the decrease that the gradient promises, which a step of gradient descent must bring
LEARNING_RATE, MOMENTUM, FORGETTING = 0.05, 0.9, 0.999  # of Adam; the first in widths of the box
_FAR = 1e12  # stands for an infinite loss, which SciPy's line searches cannot handle

Array = NDArray[np.float64]


class Objective(Protocol):
    """What a method needs of a problem; p unknowns, losses infinite where there is no trajectory."""

    @property
    def bounds(self) -> Array:
        """Lower and upper bounds, (p, 2)."""

    @property
    def step(self) -> float:
        """The frozen step in ms of all that follows."""

    def loss(self, unknown: ArrayLike, step: float | None = None) -> Array:
        """Return the loss, (...), of values (..., p)."""

    def gradient(self, unknown: ArrayLike) -> tuple[Array, Array]:
        """Return the loss (...) and its gradient (..., p)."""

    def hessian(self, unknown: ArrayLike) -> Array:
        """Return the Hessian of the loss, (..., p, p)."""

    def residuals(self, unknown: ArrayLike) -> Array:
        """Return r numbers for values (p,), half the sum of whose squares is the loss."""

    def jacobian(self, unknown: ArrayLike) -> Array:
        """Return the derivatives of the residuals, (r, p)."""


@dataclass(frozen=True, eq=False)
class OptimiserPath:
    """Where a method went, what it cost, how it ended.

    positions: (k, p), the start and the position after each step; losses: (k,); gradient_norms: (k,), of the loss in
    the parameters' units, NaN where the loss is infinite; evaluations: (k,), how many had been spent when that position
    was reached, the last one is the total. One evaluation is one of the loss, alone or with its derivatives.
    """

    method: str
    positions: Array
    losses: Array
    gradient_norms: Array
    evaluations: NDArray[np.int64]
    status: str


class _Run:
    """A run in the unit box: evaluates, counts what is evaluated, and records the path.

    The last evaluation is kept, for methods that ask for the loss and its derivatives one after the other.
    """

    def __init__(self, problem: Objective, start: Array):
        self.problem = problem
        self.lower, self.upper = problem.bounds.T
        self.width = self.upper - self.lower
        self.origin, self.start = start, (start - self.lower) / self.width
        self.spent = 0
        self.positions: list[Array] = []
        self.losses: list[float] = []
        self.evaluations: list[int] = []
        self._last: tuple[Array, Any] | None = None

    def position(self, unit: Array) -> Array:
        """Return the parameters of points of the unit box, (..., p): exact at the start and at the bounds."""
        inside = np.clip(self.lower * (1 - unit) + self.upper * unit, self.lower, self.upper)
        return np.where(unit == self.start, self.origin, inside)

    def _evaluated(self, evaluate: Callable[[Array], Any], unit: Array) -> Any:
        if self._last is None or not np.array_equal(self._last[0], unit):
            self.spent += 1
            self._last = unit.copy(), evaluate(self.position(unit))
        return self._last[1]

    def loss(self, unit: Array) -> float:
        """Return the loss at a point (p,)."""
        return float(self._evaluated(lambda position: self.problem.loss(position, self.problem.step), unit))

    def losses_of(self, units: Array) -> Array:
        """Return the losses, (n,), at points (n, p), together."""
        self.spent += len(units)
        return self.problem.loss(self.position(units), self.problem.step)

    def gradient(self, unit: Array) -> tuple[float, Array]:
        """Return the loss and its gradient, (p,), at a point (p,)."""
        loss, gradient = self._evaluated(self.problem.gradient, unit)
        return float(loss), gradient * self.width

    def hessian(self, unit: Array) -> Array:
        """Return the Hessian of the loss, (p, p), at a point (p,) whose gradient was evaluated."""
        return self.problem.hessian(self.position(unit)) * np.outer(self.width, self.width)

    def residuals(self, unit: Array) -> Array:
        """Return the residuals, (r,), at a point (p,)."""
        return self._evaluated(self.problem.residuals, unit)

    def jacobian(self, unit: Array) -> Array:
        """Return the derivatives of the residuals, (r, p), at a point (p,) whose residuals were evaluated."""
        return self.problem.jacobian(self.position(unit)) * self.width

    def record(self, unit: Array, loss: float) -> None:
        """Add a point (p,) to the path, unless the method stands where it stood."""
        position = self.position(unit)
        if not self.positions or not np.array_equal(position, self.positions[-1]):
            self.positions.append(position)
            self.losses.append(loss if loss < _FAR else np.inf)
            self.evaluations.append(self.spent)

    def begin(self, loss: float) -> bool:
        """Record the start, and say whether its loss is finite."""
        self.record(self.start, loss)
        return bool(np.isfinite(self.losses[0]))

    def finish(self) -> None:
        """Move an end that is all but on an edge onto it, unless the loss is higher there, and note the total."""
        unit = (self.positions[-1] - self.lower) / self.width
        near = (unit <= AT_EDGE) | (unit >= 1 - AT_EDGE)
        snapped = np.where(near, np.round(unit), unit)
        if not np.array_equal(self.position(snapped)[near], self.positions[-1][near]):
            loss = float(self.losses_of(snapped[None])[0])
            if loss <= self.losses[-1] + ROUNDING:
                self.record(snapped, loss)
        if self.evaluations[-1] < self.spent:
            self.positions.append(self.positions[-1])
            self.losses.append(self.losses[-1])
            self.evaluations.append(self.spent)


def _gradient_descent(run: _Run) -> bool:
    """Steepest descent, projected on the box, with a step that is halved until it brings enough.

    The condition is that of Armijo (1966) along the projection, as Bertsekas (1976) has it. Each line search begins
    with twice the last step.
    """
    unit, (loss, gradient) = run.start, run.gradient(run.start)
    if not run.begin(loss):
        return False
    rate = FIRST_MOVE / max(float(np.linalg.norm(gradient)), 1e-300)
    while run.spent < BUDGET:
        trial = np.clip(unit - rate * gradient, 0, 1)
        promised = float(gradient @ (unit - trial))
        if promised <= ROUNDING:
            return False
        trial_loss, trial_gradient = run.gradient(trial)
        if trial_loss <= loss - SUFFICIENT * promised:
            unit, loss, gradient = trial, trial_loss, trial_gradient
            run.record(unit, loss)
            rate *= 2
        else:
            rate /= 2
    return True


def _adam(run: _Run) -> bool:
    """Adam (Kingma and Ba 2015), projected on the box; its rate falls to zero along half a cosine over the budget.

    At a constant rate it would never settle in valleys this narrow.
    """
    unit, (loss, gradient) = run.start, run.gradient(run.start)
    if not run.begin(loss):
        return False
    mean, square = np.zeros_like(unit), np.zeros_like(unit)
    for step in range(1, BUDGET):
        mean = MOMENTUM * mean + (1 - MOMENTUM) * gradient
        square = FORGETTING * square + (1 - FORGETTING) * gradient**2
        direction = (mean / (1 - MOMENTUM**step)) / (np.sqrt(square / (1 - FORGETTING**step)) + 1e-8)
        rate = LEARNING_RATE * 0.5 * (1 + np.cos(np.pi * step / BUDGET))
        unit = np.clip(unit - rate * direction, 0, 1)
        loss, gradient = run.gradient(unit)
        if not np.isfinite(loss):
            return False
        run.record(unit, loss)
    return True


def _finite_gradient(run: _Run) -> Callable[[Array], tuple[float, Array]]:
    """Return loss and gradient for SciPy, flat and far up where the loss is infinite."""

    def evaluate(unit: Array) -> tuple[float, Array]:
        loss, gradient = run.gradient(unit)
        return (loss, gradient) if np.isfinite(loss) else (_FAR, np.zeros_like(gradient))

    return evaluate


def _recorder(run: _Run) -> Callable[[OptimizeResult], None]:
    def record(intermediate_result: OptimizeResult) -> None:
        run.record(np.array(intermediate_result.x), float(intermediate_result.fun))
        if run.spent >= BUDGET:
            raise StopIteration

    return record


def _minimised(run: _Run, function: Callable[..., Any], start: Array, **arguments: Any) -> bool:
    """Run a method of SciPy's `minimize`, and record its result too where that lies lower than its last step."""
    box = Bounds(np.zeros_like(start), np.ones_like(start), keep_feasible=True)
    result = minimize(function, start, bounds=box, **{"callback": _recorder(run), **arguments})
    if result.fun < run.losses[-1]:
        run.record(np.asarray(result.x), float(result.fun))
    return run.spent >= BUDGET


def _lbfgsb(run: _Run) -> bool:
    if not run.begin(run.gradient(run.start)[0]):
        return False
    options = {"maxfun": BUDGET, "maxiter": BUDGET, "ftol": 1e-12, "gtol": 1e-6}
    return _minimised(run, _finite_gradient(run), run.start, jac=True, method="L-BFGS-B", options=options)


def _newton(run: _Run) -> bool:
    """SciPy's interior-point trust region, of its Newton methods the one that knows bounds.

    SciPy's own test of the gradient is that of the loss with the barrier, however high that still is, and would end the
    run short of minima on an edge; so the test is made here. Begun on an edge, it may stay there or be slow to leave.
    """
    if not run.begin(run.gradient(run.start)[0]):
        return False
    evaluate, record = _finite_gradient(run), _recorder(run)

    def hessian(unit: Array) -> Array:
        matrix = run.hessian(unit)
        return matrix if np.all(np.isfinite(matrix)) else np.zeros_like(matrix)

    def callback(intermediate_result: OptimizeResult) -> None:
        record(intermediate_result)
        if intermediate_result.barrier_parameter < LAST_BARRIER and intermediate_result.optimality < STEADY:
            raise StopIteration

    return _minimised(
        run,
        lambda unit: evaluate(unit)[0],
        np.clip(run.start, INSIDE, 1 - INSIDE),
        jac=lambda unit: evaluate(unit)[1],
        hess=hessian,
        callback=callback,
        method="trust-constr",
        options={
            "maxiter": 10 * BUDGET,
            "gtol": 0.0,
            "xtol": 1e-9,
            "barrier_tol": LAST_BARRIER,
            "initial_barrier_parameter": FIRST_BARRIER,
            "initial_barrier_tolerance": FIRST_BARRIER,
            "sparse_jacobian": False,
        },
    )


def _levenberg_marquardt(run: _Run) -> bool:
    residuals = run.residuals(run.start)
    if not run.begin(0.5 * float(residuals @ residuals)):
        return False

    def record(intermediate_result: OptimizeResult) -> None:
        run.record(np.array(intermediate_result.x), float(intermediate_result.cost))

    least_squares(
        run.residuals,
        run.start,
        run.jacobian,
        bounds=(0, 1),
        method="trf",
        ftol=1e-10,
        xtol=1e-10,
        gtol=1e-6,
        max_nfev=BUDGET,
        callback=record,
    )
    return run.spent >= BUDGET


def _nelder_mead(run: _Run) -> bool:
    run.begin(run.loss(run.start))
    # A simplex of a tenth of the box, kept inside it.
    edges = np.diag(np.where(run.start + FIRST_MOVE <= 1, FIRST_MOVE, -FIRST_MOVE))
    simplex = run.start + np.vstack([np.zeros_like(run.start), edges])
    options = {"initial_simplex": simplex, "xatol": 1e-5, "fatol": 1e-4, "maxfev": BUDGET}
    return _minimised(run, lambda unit: min(run.loss(unit), _FAR), run.start, method="Nelder-Mead", options=options)


def _differential_evolution(run: _Run, seed: int) -> bool:
    """SciPy's differential evolution (Storn and Price 1997), a generation at a time; it ends when all lie level."""
    run.begin(run.loss(run.start))

    def generation(units: Array) -> Array:
        losses = run.losses_of(units.T)
        lowest = int(np.argmin(losses))
        if losses[lowest] < run.losses[-1]:
            run.record(units[:, lowest], float(losses[lowest]))
        return np.minimum(losses, _FAR)

    result = differential_evolution(
        generation,
        [(0, 1)] * run.start.size,
        x0=run.start,
        popsize=POPULATION,
        maxiter=GENERATIONS,
        tol=0,
        atol=NEGLIGIBLE,
        rng=seed,
        polish=False,
        updating="deferred",
        vectorized=True,
    )
    return not result.success


# Each runs its method, and says whether the budget ended it.
_LOCAL: dict[str, Callable[[_Run], bool]] = {
    "Gradient descent": _gradient_descent,
    "Adam": _adam,
    "L-BFGS-B": _lbfgsb,
    "Newton": _newton,
    "Levenberg–Marquardt": _levenberg_marquardt,
    "Nelder–Mead": _nelder_mead,
}


def _quadratic_step(problem: Objective, positions: Array) -> tuple[Array, Array, Array]:
    """Return losses (n,), the Newton step (n, p) and the decrease (n,) that the quadratic model promises, for (n, p).

    An unknown on an edge stays there while the loss falls outwards. Along each eigenvector of the Hessian of the others
    the model may go as far as a box's width, so that it promises much at a saddle; the step takes the size of the
    curvature for the curvature. Where the loss is infinite, so is the promise, and there is no step.
    """
    lower, upper = problem.bounds.T
    width = upper - lower
    losses, gradients = problem.gradient(positions)
    hessians = problem.hessian(positions) * np.outer(width, width)
    gradients = gradients * width
    lost = ~np.isfinite(losses)
    gradients[lost], hessians[lost] = 0.0, np.eye(len(width))
    free = ~(((positions <= lower) & (gradients > 0)) | ((positions >= upper) & (gradients < 0)))
    both = free[:, :, None] & free[:, None, :]
    values, vectors = np.linalg.eigh(np.where(both, hessians, 0.0) + np.eye(len(width)) * ~free[:, None, :])
    along = np.einsum("nij,ni->nj", vectors, np.where(free, gradients, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        distances = np.fmin(1.0, np.abs(along / values))
    steps = np.einsum("nij,nj->ni", vectors, -np.sign(along) * distances) * width
    distances[values <= 0] = 1.0
    promised = np.sum(np.abs(along) * distances - 0.5 * values * distances**2, axis=-1)
    return losses, steps, np.where(lost, np.inf, promised)


def followed_down(problem: Objective, ends: Array, most: float) -> Array:
    """Return the minima, (n, p), that lie below ends (n, p) by no more than so much of the loss; NaN where none does.

    Newton steps with the exact Hessian, on the box, of all ends together; one that does not go down is cut to a
    quarter. An end from which the loss falls by more, or at a saddle, or of infinite loss, is given up.
    """
    lower, upper = problem.bounds.T
    minima, positions = np.full_like(ends, np.nan), np.clip(ends, lower, upper)
    radii, floors = np.ones(len(ends)), problem.loss(positions, problem.step) - most
    active = np.flatnonzero(np.isfinite(floors))
    for _ in range(MOST_STEPS):
        if active.size == 0:
            break
        losses, steps, promised = _quadratic_step(problem, positions[active])
        settled = promised <= SETTLED
        minima[active[settled]] = positions[active[settled]]
        active, losses, steps = active[~settled], losses[~settled], steps[~settled]
        if active.size == 0:
            break
        lengths = np.maximum(np.linalg.norm(steps / (upper - lower), axis=1), np.finfo(float).tiny)
        radii[active] = np.minimum(radii[active], lengths)
        trials = np.clip(positions[active] + steps * (radii[active] / lengths)[:, None], lower, upper)
        trial_losses = problem.loss(trials, problem.step)
        down = trial_losses < losses
        positions[active[down]] = trials[down]
        radii[active] *= np.where(down, 4.0, 0.25)
        active = active[~(down & (trial_losses < floors[active]))]
    return minima


def _status(problem: Objective, run: _Run, exhausted: bool) -> str:
    """Say what the end is, by the exact Hessian there rather than by the method's own word."""
    end = run.positions[-1]
    if not np.isfinite(run.losses[-1]):
        return "Stopped: the loss is infinite here, and shows no way down."
    if not np.any(np.isnan(followed_down(problem, end[None], NEGLIGIBLE))):
        status = "Converged"
    elif exhausted:
        status = f"Stopped: {run.spent:,} evaluations were spent before a minimum was reached"
    else:
        status = "Stopped: it went no further, though this is no minimum"
    on_edge = np.any((end <= run.lower) | (end >= run.upper))
    return status + (", on the edge of the prior." if on_edge else ".")


def descend(problem: Objective, start: ArrayLike, method: str, seed: int = 0) -> OptimiserPath:
    """Run one of METHODS from start, (p,), within the bounds, and record its path.

    A start outside the bounds is moved to the nearest point inside. seed: of the population; other methods use none.
    Converged means that Newton steps from the end come to a minimum that is no more than negligibly lower; what this
    check takes is not counted. Raises ValueError for an unknown method.
    """
    if method not in METHODS:
        raise ValueError(f"The method must be one of {', '.join(METHODS)}; it is {method!r}.")
    run = _Run(problem, np.clip(np.asarray(start, dtype=float), *problem.bounds.T))
    exhausted = _LOCAL[method](run) if method in _LOCAL else _differential_evolution(run, seed)
    run.finish()
    positions, losses = np.array(run.positions), np.array(run.losses)
    norms = np.linalg.norm(problem.gradient(positions)[1], axis=-1)
    norms[np.isinf(losses)] = np.nan
    evaluations = np.array(run.evaluations, dtype=np.int64)
    return OptimiserPath(method, positions, losses, norms, evaluations, _status(problem, run, exhausted))
