"""The minima of a loss that matter: a survey of the whole box, then descents from all promising points at once.

The descent is that of Levenberg (1944) and Marquardt (1963): a step solves (H + λ diag H) δ = −g with the Gauss–Newton
Hessian H. Each start has its own λ, which falls after a step that went downhill and rises after one that did not.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from core.estimate import Estimate
from core.problem.problem import Problem

SURVEY_SIDE = 64  # points a side of the survey of two parameters
SURVEY_DRAWS = 2**14  # points of the survey of any other number of parameters
STARTS = 64  # the most promising points of a survey, from which to descend
ITERATIONS = 12
POLISHING = 30  # further iterations for the lowest minimum
CONVERGED = 1e-7  # what a step promises to gain, below which a descent is at its end
STUCK = 1e6  # the λ at which a descent finds nothing lower any more
HOPELESS = 100.0  # above the lowest loss found so far, at which a descent that is well under way is given up
GENERATIONS = 2  # of descents after the first, for the global MAP
PARENTS = 24  # ends through which the lines of the next generation go
DISTINCT = 0.1  # of a standard deviation: minima closer than this are the same


@dataclass(frozen=True, eq=False)
class Survey:
    """Losses (k,) at points (k, p) from which minima may be reached."""

    points: NDArray[np.float64]
    losses: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Modes:
    """Distinct minima of a loss, the lowest first: positions (k, p), losses (k,), Gauss–Newton Hessians (k, p, p)."""

    positions: NDArray[np.float64]
    losses: NDArray[np.float64]
    hessians: NDArray[np.float64]

    def within(self, most: float) -> "Modes":
        """Return the minima at most so far above the lowest."""
        near = self.losses <= self.losses[0] + most
        return Modes(self.positions[near], self.losses[near], self.hessians[near])


def survey(problem: Problem) -> Survey:
    """Return the loss all over the box of the unknown parameters: on a grid of two, on a Sobol sequence of more."""
    bounds = problem.bounds
    if len(bounds) == 2:
        line = (np.arange(SURVEY_SIDE) + 0.5) / SURVEY_SIDE
        unit = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    else:
        unit = qmc.Sobol(len(bounds), rng=0).random(SURVEY_DRAWS)
    points = bounds[:, 0] + unit * (bounds[:, 1] - bounds[:, 0])
    return Survey(points, problem.loss(points))


def _normal_step(
    hessians: NDArray[np.float64], gradients: NDArray[np.float64], damping: NDArray[np.float64], free: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the damped steps, (k, p), in the coordinates that are free, (k, p)."""
    diagonal = np.einsum("kii->ki", hessians)
    scale = np.sqrt(np.where(free & (diagonal > 0), diagonal, 1.0))
    both = free[:, :, None] & free[:, None, :]
    matrices = np.where(both, hessians / (scale[:, :, None] * scale[:, None, :]), 0.0)
    matrices += np.where(free, damping[:, None] + 1e-12, 1.0)[:, :, None] * np.eye(free.shape[1])
    right = np.where(free, -gradients / scale, 0.0)
    return np.linalg.solve(matrices, right[..., None])[..., 0] / scale


def descend_together(
    problem: Problem, starts: NDArray[np.float64], iterations: int = ITERATIONS, fixed: tuple[int, ...] = ()
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Run Levenberg–Marquardt from all starts (k, p) at once, within the bounds, and return where they end.

    fixed: positions, among the unknown parameters, of those that stay. Returns positions (k, p), losses (k,) and
    Gauss–Newton Hessians (k, p, p) at the frozen step. A start that comes to a loss far above the lowest is given up.
    """
    lower, upper = problem.bounds.T
    positions = np.clip(starts, lower, upper)
    losses, gradients, hessians = problem.expansion(positions)
    damping = np.full(len(positions), 1e-3)
    going = np.isfinite(losses)
    for iteration in range(iterations):
        going &= ~(losses > np.min(losses) + HOPELESS) if iteration >= iterations // 3 else True
        which = np.flatnonzero(going)
        if which.size == 0:
            break
        x, g = positions[which], gradients[which]
        # On the edge, a coordinate whose loss falls outwards stays.
        free = ~(((x <= lower) & (g > 0)) | ((x >= upper) & (g < 0)))
        free[:, list(fixed)] = False
        steps = _normal_step(hessians[which], g, damping[which], free)
        trial = np.clip(x + steps, lower, upper)
        trial_losses, trial_gradients, trial_hessians = problem.expansion(trial)
        lower_now = trial_losses < losses[which]
        promised = -0.5 * np.sum(g * steps, axis=1)
        damping[which] = np.where(lower_now, damping[which] / 5, damping[which] * 8)
        better = which[lower_now]
        positions[better], losses[better] = trial[lower_now], trial_losses[lower_now]
        gradients[better], hessians[better] = trial_gradients[lower_now], trial_hessians[lower_now]
        going[which[(promised < CONVERGED) | (damping[which] > STUCK)]] = False
    return positions, losses, hessians


def _promising(surveyed: Survey) -> NDArray[np.float64]:
    """Return the starts: the lowest points of the survey."""
    return surveyed.points[np.argsort(surveyed.losses, kind="stable")[:STARTS]]


def find_modes(problem: Problem, surveyed: Survey) -> Modes:
    """Return the distinct minima to which the most promising points of a survey lead, the lowest polished."""
    positions, losses, hessians = descend_together(problem, _promising(surveyed))
    best = np.argmin(losses)
    positions[best], losses[best], hessians[best] = (
        part[0] for part in descend_together(problem, positions[best : best + 1], POLISHING)
    )
    order = np.argsort(losses, kind="stable")
    order = order[np.isfinite(losses[order])]
    kept: list[int] = []
    for i in order:
        apart = [positions[i] - positions[j] for j in kept]
        if all(d @ hessians[j] @ d > DISTINCT**2 for d, j in zip(apart, kept, strict=True)):
            kept.append(i)
    return Modes(positions[kept], losses[kept], hessians[kept])


def _lowest_of_all(problem: Problem) -> Modes:
    """Return the minima after generations of descents, each from points on lines through ends of the ones before.

    Valleys are curved and a thousand times as long as wide: descents get stuck on their ripples, and only lines along
    the valley lead on.
    """
    modes, rng = find_modes(problem, survey(problem)), np.random.default_rng(0)
    for _ in range(GENERATIONS):
        ends = modes.positions[:PARENTS]
        if len(ends) < 2:
            break
        first, second = rng.integers(0, len(ends), (2, STARTS))
        points = ends[first] + rng.uniform(-0.5, 1.0, (STARTS, 1)) * (ends[second] - ends[first])
        points = np.concatenate([np.clip(points, *problem.bounds.T), ends])
        modes = find_modes(problem, Survey(points, problem.loss(points)))
    return modes


def map_estimate(problem: Problem) -> Estimate:
    """Return the MAP estimate: the lowest of the minima to which the most promising points of the box lead.

    Takes a trace on any time grid, and any number of unknown parameters. Its status says where it lies on an edge, and
    where the noise does not explain what it leaves of the data.
    Raises ValueError where no point of the box can be simulated.
    """
    modes = _lowest_of_all(problem)
    if not modes.losses.size:
        raise ValueError("No point of the prior’s box can be simulated: bring the known parameters back into range.")
    lower, upper = problem.bounds.T
    position = modes.positions[0]
    fit = problem.goodness_of_fit(position)
    on_edge = bool(np.any((position <= lower) | (position >= upper)))
    place = "On the edge of the prior." if on_edge else "The lowest minimum that was found."
    return Estimate(position[None], None, problem.unknown, f"{fit.sentence} {place}".strip(), fit=fit)
