"""Find the lowest minima of a loss: evaluate a coarse grid over the box, then descend from its lowest points together.

The descent is that of Levenberg (1944) and Marquardt (1963). A step δ solves (H + λ diag H) δ = −g, where g is the
gradient and H the Gauss–Newton or the exact Hessian. Each start has its own λ, which is lowered after a step that
decreases the loss and raised after one that does not.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from core.estimate import Estimate, Finding, remark
from core.optimisation.distinct_minima import distinct, lowest_of_each, same_minimum
from core.optimisation.kept_trajectories import loss_from_kept
from core.optimisation.objective_protocol import Objective
from core.problem.problem import Problem

GRID_POINTS_A_SIDE = 64  # side of the coarse grid over two unknowns
SOBOL_POINTS = 2**14  # of the coarse sequence over any other number of unknowns
STARTS = 64  # descents begin at this many of the lowest points of the coarse grid
ITERATIONS = 12
FURTHER_ITERATIONS = 30  # more iterations, for the lowest minimum
CONVERGED_GAIN = 1e-7  # a descent has converged when a step is predicted to lower the loss by less than this
ROUGH_GAIN = 1e-3  # the same for a rough descent, which ends 0.04 standard deviations from the minimum
LARGEST_DAMPING = 1e6  # a descent with a larger λ stops: it finds no lower loss
HOPELESS_RISE = 100.0  # after a third of its iterations, a descent this far above the lowest loss is given up
GENERATIONS = 2  # further rounds of descents, for the global MAP
PARENTS = 24  # the lowest ends of a round, whose connecting lines give the starts of the next
ARRIVED_GAIN = 1e-8  # an end with a smaller predicted decrease is taken for the minimum itself: it is 1.4e-4 sds away
MINIMUM_GAIN = 1e-6  # at a minimum, the quadratic model predicts a smaller decrease of the loss than this

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Points:
    """Positions (k, p) at which to start descents, and the losses (k,) there."""

    positions: Array
    losses: Array


@dataclass(frozen=True, eq=False)
class Descents:
    """The ends of k descents: positions (k, p), losses (k,), gradients (k, p) and Hessians (k, p, p).

    falls: (k,), the decrease of the loss from start to end.
    converged: (k,), whether the quadratic model of the loss predicts next to no further decrease.
    """

    positions: Array
    losses: Array
    gradients: Array
    hessians: Array
    falls: Array
    converged: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Minima:
    """Distinct minima of a loss, the lowest first: positions (k, p), losses (k,), Gauss–Newton Hessians (k, p, p)."""

    positions: Array
    losses: Array
    hessians: Array

    def within(self, most: float) -> "Minima":
        """Return the minima whose loss is above the lowest by at most this."""
        near = self.losses <= self.losses[0] + most
        return Minima(self.positions[near], self.losses[near], self.hessians[near])


def coarse_grid(problem: Problem) -> Points:
    """Return the loss over the whole box: on a grid for two unknowns, else on a Sobol sequence."""
    bounds = problem.bounds
    if len(bounds) == 2:
        line = (np.arange(GRID_POINTS_A_SIDE) + 0.5) / GRID_POINTS_A_SIDE
        unit = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    else:
        unit = qmc.Sobol(len(bounds), rng=0).random(SOBOL_POINTS)
    positions = bounds[:, 0] + unit * (bounds[:, 1] - bounds[:, 0])
    return Points(positions, loss_from_kept(problem, positions) if len(bounds) == 2 else problem.loss(positions))


def descend_together(
    problem: Problem,
    starts: Array,
    iterations: int = ITERATIONS,
    fixed: tuple[int, ...] = (),
    rough: bool = False,
) -> Descents:
    """Descend from all starts (k, p) at once, within the bounds, with the Gauss–Newton Hessian at the frozen step.

    fixed: indices of unknowns that do not move. A descent whose loss stays far above the lowest one is given up.
    rough: whether a descent ends as soon as a step is predicted to lower the loss by less than ROUGH_GAIN, and is lost,
    with an infinite loss, where it leads to the same minimum as a lower one.
    """
    return _descend(problem.expansion, problem.bounds, starts, iterations, fixed, HOPELESS_RISE, 0.0, rough)


def minima_below(problem: Objective, ends: Array, most: float, iterations: int = 40) -> Array:
    """Return the minimum that each end, (n, p), lies close to, as (n, p); NaN for an end without one.

    All ends descend together with the exact Hessian. An end is close to a minimum if the loss falls by at most `most`
    on the way. An end that converges to a saddle, or with an infinite loss, has no minimum.
    """

    def expansion(positions: Array) -> tuple[Array, Array, Array]:
        return *problem.gradient(positions), problem.hessian(positions)

    descents = _descend(expansion, problem.bounds, ends, iterations, (), np.inf, ARRIVED_GAIN, False)
    arrived = descents.converged & (descents.falls <= most)
    return np.where(arrived[:, None], descents.positions, np.nan)


def _rising(hessians: Array, width: Array) -> Array:
    """Replace the eigenvalues of indefinite Hessians, (n, p, p), by their absolute values (Greenstadt 1967).

    Then every step goes downhill, and none crosses a saddle into another minimum. The eigenvalues are those in the unit
    box; width: of the box, (p,).
    """
    scale = np.outer(width, width)
    scaled = np.where(np.all(np.isfinite(hessians), axis=(1, 2), keepdims=True), hessians * scale, 0.0)
    values, vectors = np.linalg.eigh(scaled)
    sizes = np.einsum("nij,nj,nkj->nik", vectors, np.abs(values), vectors) / scale
    return np.where(values[:, :1, None] < 0, sizes, hessians)


def _descend(
    expansion: Callable[[Array], tuple[Array, Array, Array]],
    bounds: Array,
    starts: Array,
    iterations: int,
    fixed: tuple[int, ...],
    hopeless_rise: float,
    arrived_gain: float,
    rough: bool,
) -> Descents:
    lower, upper = bounds.T
    if starts.ndim != 2 or starts.shape[1] != len(bounds):
        raise ValueError(f"Starts need the shape (k, {len(bounds)}); theirs is {starts.shape}.")
    positions = np.clip(starts, lower, upper)
    losses, gradients, hessians = expansion(positions)
    first_losses = losses.copy()
    damping = np.full(len(positions), 1e-3)
    gains = _promised_gains(positions, gradients, hessians, bounds, fixed)
    going = np.isfinite(losses) & (gains >= arrived_gain)
    joined = np.zeros(len(positions), bool)
    converged_gain = ROUGH_GAIN if rough else CONVERGED_GAIN
    for iteration in range(iterations):
        going &= ~(losses > np.min(losses) + hopeless_rise) if iteration >= iterations // 3 else True
        if rough and iteration > 0:
            joined |= same_minimum(positions, losses, gradients, hessians)
            going &= ~joined
        which = np.flatnonzero(going)
        if which.size == 0:
            break
        x, g = positions[which], gradients[which]
        free = free_unknowns(x, g, bounds)
        free[:, list(fixed)] = False
        steps = damped_step(_rising(hessians[which], upper - lower), g, damping[which], free)
        trial = np.clip(x + steps, lower, upper)
        trial_losses, trial_gradients, trial_hessians = expansion(trial)
        lower_now = trial_losses < losses[which]
        promised = -0.5 * np.sum(g * steps, axis=1)
        damping[which] = np.where(lower_now, damping[which] / 5, damping[which] * 8)
        better = which[lower_now]
        positions[better], losses[better] = trial[lower_now], trial_losses[lower_now]
        gradients[better], hessians[better] = trial_gradients[lower_now], trial_hessians[lower_now]
        going[which[(np.abs(promised) < converged_gain) | (damping[which] > LARGEST_DAMPING)]] = False
    losses[joined] = np.inf
    with np.errstate(invalid="ignore"):  # the difference of two infinite losses is NaN
        falls = first_losses - losses
    gains = _promised_gains(positions, gradients, hessians, bounds, fixed)
    return Descents(positions, losses, gradients, hessians, falls, gains <= MINIMUM_GAIN)


def free_unknowns(positions: Array, gradients: Array, bounds: Array) -> NDArray[np.bool_]:
    """Return whether each unknown may move, (k, p): not if it is on an edge and the loss falls outwards."""
    lower, upper = bounds.T
    return ~(((positions <= lower) & (gradients > 0)) | ((positions >= upper) & (gradients < 0)))


def damped_step(hessians: Array, gradients: Array, damping: Array, free: NDArray[np.bool_]) -> Array:
    """Return the damped steps, (k, p), with zeros for unknowns that are not free, (k, p)."""
    diagonal = np.einsum("kii->ki", hessians)
    scale = np.sqrt(np.where(free & (diagonal > 0), diagonal, 1.0))
    both = free[:, :, None] & free[:, None, :]
    matrices = np.where(both, hessians / (scale[:, :, None] * scale[:, None, :]), 0.0)
    matrices += np.where(free, damping[:, None] + 1e-12, 1.0)[:, :, None] * np.eye(free.shape[1])
    right = np.where(free, -gradients / scale, 0.0)
    return np.linalg.solve(matrices, right[..., None])[..., 0] / scale


def _promised_gains(
    positions: Array, gradients: Array, hessians: Array, bounds: Array, fixed: tuple[int, ...]
) -> Array:
    """Return the decrease of the loss, (n,), that the quadratic model at positions (n, p) predicts.

    The step along each eigenvector of the Hessian is limited to the width of the box, so that the predicted decrease is
    large at a saddle. An unknown on an edge stays there if the loss falls outwards. The decrease is infinite where the
    loss is.
    """
    width = np.ptp(bounds, axis=1)
    finite = np.all(np.isfinite(gradients), axis=1) & np.all(np.isfinite(hessians), axis=(1, 2))
    gradients = np.where(finite[:, None], gradients, 0.0)
    hessians = np.where(finite[:, None, None], hessians, np.eye(len(width)))
    free = free_unknowns(positions, gradients, bounds)
    free[:, list(fixed)] = False
    both = free[:, :, None] & free[:, None, :]
    scaled = hessians * np.outer(width, width)
    values, vectors = np.linalg.eigh(np.where(both, scaled, 0.0) + np.eye(len(width)) * ~free[:, None, :])
    along = np.einsum("nij,ni->nj", vectors, np.where(free, gradients * width, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        distances = np.fmin(1.0, np.abs(along / values))
    distances[values <= 0] = 1.0
    gains = np.sum(np.abs(along) * distances - 0.5 * values * distances**2, axis=-1)
    return np.where(finite, gains, np.inf)


def find_minima(problem: Problem, points: Points, rough: bool = False) -> Minima:
    """Return the distinct minima that descents from the lowest points reach; the lowest gets further iterations.

    rough: as in `descend_together`.
    """
    starts = points.positions[np.argsort(points.losses, kind="stable")[:STARTS]]
    found = descend_together(problem, starts, rough=rough)
    positions, losses, hessians = found.positions, found.losses, found.hessians
    best = np.argmin(losses)
    if not rough:
        further = descend_together(problem, positions[best : best + 1], FURTHER_ITERATIONS)
        positions[best], losses[best], hessians[best] = further.positions[0], further.losses[0], further.hessians[0]
    finite = np.isfinite(losses)
    positions, losses, hessians = positions[finite], losses[finite], hessians[finite]
    heads = lowest_of_each(distinct(positions, losses, hessians), losses)
    return Minima(positions[heads], losses[heads], hessians[heads])


def _lowest_minima(problem: Problem) -> Minima:
    """Return the minima after several rounds of descents; later rounds start on lines through ends of the one before.

    Valleys of the loss are curved, and a thousand times as long as wide. Descents stop in small dips along a valley.
    Lines through two such ends follow the valley, so that starts on them lead on.
    """
    minima, rng = find_minima(problem, coarse_grid(problem)), np.random.default_rng(0)
    for _ in range(GENERATIONS):
        ends = minima.positions[:PARENTS]
        if len(ends) < 2:
            break
        first, second = rng.integers(0, len(ends), (2, STARTS))
        positions = ends[first] + rng.uniform(-0.5, 1.0, (STARTS, 1)) * (ends[second] - ends[first])
        positions = np.concatenate([np.clip(positions, *problem.bounds.T), ends])
        minima = find_minima(problem, Points(positions, problem.loss(positions)))
    return minima


def map_estimate(problem: Problem) -> Estimate:
    """Return the MAP estimate: the lowest of the minima that are found over the whole box, for any number of unknowns.

    Its remark says whether it lies on an edge, and its fit whether the noise explains the residuals. Raises ValueError
    where no point of the box can be simulated.
    """
    minima = _lowest_minima(problem)
    check_found(minima)
    lower, upper = problem.bounds.T
    position = minima.positions[0]
    on_edge = bool(np.any((position <= lower) | (position >= upper)))
    finding = Finding.ON_EDGE_OF_PRIOR if on_edge else Finding.LOWEST_FOUND
    return Estimate(position[None], None, problem.unknown, (remark(finding),), fit=problem.goodness_of_fit(position))


def check_found(minima: Minima) -> None:
    """Raise ValueError where no minimum was found."""
    if not minima.losses.size:
        raise ValueError("No point of the prior’s box can be simulated: bring the known parameters back into range.")
