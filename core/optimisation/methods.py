"""Methods that minimise a loss over a box and record their path."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import Bounds, OptimizeResult, differential_evolution, least_squares, minimize

from core.optimisation.minima import minima_below
from core.optimisation.objective_protocol import Array, Objective
from core.optimisation.path import Ending, OptimiserPath
from core.optimisation.unit_box_run import HUGE_LOSS, LOSS_ROUNDING, Run

BUDGET = 400  # evaluations of a local method
POPULATION = 10  # members of differential evolution for each unknown
GENERATIONS = 200
NEGLIGIBLE = 0.01  # difference of the loss, a negative log-likelihood; a likelihood ratio of 1.01
FIRST_MOVE = 0.1  # in widths of the box
FIRST_BARRIER, LAST_BARRIER = 1e-3, 1e-6  # barrier parameters, in units of the loss
LARGEST_FINAL_SLOPE = 1e-4  # Newton's method ends below this slope of the loss, per width of the box
INSIDE = 0.01  # distance from the edge, in widths of the box, at which an interior-point method begins at least
SUFFICIENT_DECREASE = 1e-4  # gradient descent accepts a step with this share of the decrease that the gradient predicts
LEARNING_RATE = 0.05  # of Adam, in widths of the box
MOMENTUM, FORGETTING = 0.9, 0.999  # of Adam: β₁ and β₂


def _gradient_descent(run: Run) -> bool:
    """Steepest descent, projected on the box; the step is halved until the loss decreases enough.

    The condition is that of Armijo (1966), along the projected path (Bertsekas 1976). Each line search begins with
    twice the last step.
    """
    unit, (loss, gradient) = run.start, run.gradient(run.start)
    if not run.begin(loss):
        return False
    rate = FIRST_MOVE / max(float(np.linalg.norm(gradient)), 1e-300)
    while run.spent < BUDGET:
        trial = np.clip(unit - rate * gradient, 0, 1)
        promised = float(gradient @ (unit - trial))
        if promised <= LOSS_ROUNDING:
            return False
        trial_loss, trial_gradient = run.gradient(trial)
        if trial_loss <= loss - SUFFICIENT_DECREASE * promised:
            unit, loss, gradient = trial, trial_loss, trial_gradient
            run.record(unit, loss)
            rate *= 2
        else:
            rate /= 2
    return True


def _adam(run: Run) -> bool:
    """Adam (Kingma and Ba 2015), projected on the box; the learning rate falls to zero along half a cosine.

    With a constant rate it would never converge in valleys this narrow.
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


def _finite_gradient(run: Run) -> Callable[[Array], tuple[float, Array]]:
    """Return loss and gradient for SciPy, with HUGE_LOSS and a zero gradient where the loss is infinite."""

    def evaluate(unit: Array) -> tuple[float, Array]:
        loss, gradient = run.gradient(unit)
        return (loss, gradient) if np.isfinite(loss) else (HUGE_LOSS, np.zeros_like(gradient))

    return evaluate


def _recorder(run: Run) -> Callable[[OptimizeResult], None]:
    def record(intermediate_result: OptimizeResult) -> None:
        run.record(np.array(intermediate_result.x), float(intermediate_result.fun))
        if run.spent >= BUDGET:
            raise StopIteration

    return record


def _minimised(run: Run, function: Callable[..., Any], start: Array, **arguments: Any) -> bool:
    """Run a method of SciPy's `minimize`; record its result if that is lower than its last step."""
    box = Bounds(np.zeros_like(start), np.ones_like(start), keep_feasible=True)
    result = minimize(function, start, bounds=box, **{"callback": _recorder(run), **arguments})
    if result.fun < run.losses[-1]:
        run.record(np.asarray(result.x), float(result.fun))
    return run.spent >= BUDGET


def _lbfgsb(run: Run) -> bool:
    if not run.begin(run.gradient(run.start)[0]):
        return False
    options = {"maxfun": BUDGET, "maxiter": BUDGET, "ftol": 1e-12, "gtol": 1e-6}
    return _minimised(run, _finite_gradient(run), run.start, jac=True, method="L-BFGS-B", options=options)


def _newton(run: Run) -> bool:
    """SciPy's interior-point trust region, the only one of its Newton methods with bounds.

    SciPy tests the gradient of the loss plus barrier, even while the barrier is large, and would stop before it reaches
    a minimum on an edge. So the callback tests it once the barrier is small. The start is moved off the edges, where
    the method may get stuck or be slow.
    """
    if not run.begin(run.gradient(run.start)[0]):
        return False
    evaluate, record = _finite_gradient(run), _recorder(run)

    def hessian(unit: Array) -> Array:
        matrix = run.hessian(unit)
        return matrix if np.all(np.isfinite(matrix)) else np.zeros_like(matrix)

    def callback(intermediate_result: OptimizeResult) -> None:
        record(intermediate_result)
        if (
            intermediate_result.barrier_parameter < LAST_BARRIER
            and intermediate_result.optimality < LARGEST_FINAL_SLOPE
        ):
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


def _levenberg_marquardt(run: Run) -> bool:
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


def _nelder_mead(run: Run) -> bool:
    run.begin(run.loss(run.start))
    # A simplex inside the box, with sides of a tenth of its width.
    edges = np.diag(np.where(run.start + FIRST_MOVE <= 1, FIRST_MOVE, -FIRST_MOVE))
    simplex = run.start + np.vstack([np.zeros_like(run.start), edges])
    options = {"initial_simplex": simplex, "xatol": 1e-5, "fatol": 1e-4, "maxfev": BUDGET}
    return _minimised(
        run, lambda unit: min(run.loss(unit), HUGE_LOSS), run.start, method="Nelder-Mead", options=options
    )


def _differential_evolution(run: Run) -> bool:
    """SciPy's differential evolution (Storn and Price 1997), vectorised; it ends when all losses are nearly equal."""
    run.begin(run.loss(run.start))

    def generation(units: Array) -> Array:
        losses = run.losses_of(units.T)
        lowest = int(np.argmin(losses))
        if losses[lowest] < run.losses[-1]:
            run.record(units[:, lowest], float(losses[lowest]))
        return np.minimum(losses, HUGE_LOSS)

    result = differential_evolution(
        generation,
        [(0, 1)] * run.start.size,
        x0=run.start,
        popsize=POPULATION,
        maxiter=GENERATIONS,
        tol=0,
        atol=NEGLIGIBLE,
        rng=run.seed,
        polish=False,
        updating="deferred",
        vectorized=True,
    )
    return not result.success


class Needs(Enum):
    """The derivatives that a method needs, if any."""

    LOSS = "loss"
    GRADIENT = "gradient"
    RESIDUALS = "residuals and their derivatives"
    HESSIAN = "exact Hessian"


@dataclass(frozen=True)
class Method:
    """A method: its kind in a few words, what it needs, and the function that runs it.

    run returns whether the method stopped because its budget was spent.
    """

    kind: str
    needs: Needs
    run: Callable[[Run], bool]


METHODS = {
    "Gradient descent": Method("gradient, line search", Needs.GRADIENT, _gradient_descent),
    "Adam": Method("gradient, with momentum", Needs.GRADIENT, _adam),
    "L-BFGS-B": Method("quasi-Newton", Needs.GRADIENT, _lbfgsb),
    "Newton": Method("exact Hessian, trust region", Needs.HESSIAN, _newton),
    "Levenberg–Marquardt": Method("Gauss–Newton, trust region", Needs.RESIDUALS, _levenberg_marquardt),
    "Nelder–Mead": Method("simplex, no gradient", Needs.LOSS, _nelder_mead),
    "Differential evolution": Method("global, a population", Needs.LOSS, _differential_evolution),
}


def _ending(problem: Objective, run: Run, exhausted: bool) -> Ending:
    """Return how a run ended, judged by the exact Hessian at its end and not by the method's own message."""
    if not np.isfinite(run.losses[-1]):
        return Ending.LOSS_INFINITE
    if not np.any(np.isnan(minima_below(problem, run.positions[-1][None], NEGLIGIBLE))):
        return Ending.CONVERGED
    return Ending.BUDGET_SPENT if exhausted else Ending.NO_MINIMUM


def checked_starts(problem: Objective, starts: ArrayLike) -> Array:
    """Return starts, (n, p), as an array; raises ValueError for another shape, and for NaN."""
    starts, p = np.asarray(starts, dtype=float), len(problem.bounds)
    if starts.ndim != 2 or starts.shape[1] != p or np.any(np.isnan(starts)):
        raise ValueError(f"Each start needs {p} numbers, one for each unknown, and none may be NaN.")
    return starts


def descend(problem: Objective, start: ArrayLike, method: str, seed: int = 0) -> OptimiserPath:
    """Run one of METHODS from start, (p,), within the bounds, and record its path.

    A start outside the bounds is moved to the nearest point inside. seed: of differential evolution; other methods are
    deterministic. A run has converged if Newton steps from its end reach a minimum that is at most NEGLIGIBLE lower.
    The evaluations of this check are not counted. Raises ValueError for an unknown method, and for a start of another
    shape or with NaN.
    """
    if method not in METHODS:
        raise ValueError(f"The method must be one of {', '.join(METHODS)}; it is {method!r}.")
    return path_of(method, METHODS[method].run, problem, start, seed)


def path_of(
    name: str, method: Callable[[Run], bool], problem: Objective, start: ArrayLike, seed: int = 0
) -> OptimiserPath:
    """Run a method of that name, any function as `Method.run`, and record its path; the rest is as in `descend`."""
    start = checked_starts(problem, np.asarray(start, dtype=float)[None])[0]
    run = Run(problem, np.clip(start, *problem.bounds.T), seed)
    exhausted = method(run)
    run.finish()
    positions, losses = np.array(run.positions), np.array(run.losses)
    norms = np.linalg.norm(problem.gradient(positions)[1], axis=-1)
    norms[np.isinf(losses)] = np.nan
    evaluations = np.array(run.evaluations, dtype=np.int64)
    on_edge = bool(np.any((positions[-1] <= run.lower) | (positions[-1] >= run.upper)))
    ending = _ending(problem, run, exhausted)
    return OptimiserPath(name, positions, losses, norms, evaluations, ending, on_edge)
