"""A search for the minima of a loss in three or four unknowns, whose minima are too narrow for a coarse grid.

Many descents start at the lowest of a long Sobol sequence. Further generations start on lines through pairs of the
lowest ends, which follow the valleys of the loss: differential evolution (Storn and Price 1997) with descents.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from core.optimisation.minima import Minima, check_found, descend_together
from core.problem.problem import Problem

SOBOL_POINTS = 2**16
STARTS = 512  # of the lowest Sobol points
GENERATIONS = 3
STARTS_OF_GENERATION = 256
PARENTS = 48  # ends of a generation that the next one starts from
ITERATIONS = 30
APART = 0.003  # ends closer together than this, in widths of the box, count as one
SEED = 0

Array = NDArray[np.float64]


def thorough_search(problem: Problem, starts: Array) -> Minima:
    """Return the lowest ends of descents from all over the box, and from further starts (k, p), the lowest first.

    At most PARENTS ends are returned. They lie APART, but need not be minima: many can lie in one valley. The same
    problem gives the same ends. Raises ValueError where no point of the box can be simulated.
    """
    rng, bounds = np.random.default_rng(SEED), problem.bounds
    width = np.ptp(bounds, axis=1)
    positions = bounds[:, 0] + qmc.Sobol(len(bounds), rng=SEED).random(SOBOL_POINTS) * width
    lowest = np.argsort(problem.loss(positions), kind="stable")[:STARTS]
    ends = _lowest_ends(problem, np.concatenate([positions[lowest], starts]), None)
    check_found(ends)
    for _ in range(GENERATIONS):
        first, second = rng.integers(0, len(ends.positions), (2, STARTS_OF_GENERATION))
        between = rng.uniform(-0.5, 1.0, (STARTS_OF_GENERATION, 1))
        positions = ends.positions[first] + between * (ends.positions[second] - ends.positions[first])
        positions = positions + APART * width * rng.standard_normal(positions.shape)
        ends = _lowest_ends(problem, np.clip(positions, *bounds.T), ends)
    return ends


def _lowest_ends(problem: Problem, starts: Array, before: Minima | None) -> Minima:
    """Return the lowest ends of descents from starts, (k, p), and of those before, without near neighbours."""
    found = descend_together(problem, starts, ITERATIONS)
    positions, losses, hessians = found.positions, found.losses, found.hessians
    if before is not None:
        positions = np.concatenate([before.positions, positions])
        losses = np.concatenate([before.losses, losses])
        hessians = np.concatenate([before.hessians, hessians])
    reach = APART * np.ptp(problem.bounds, axis=1)
    kept: list[int] = []
    for i in np.argsort(losses, kind="stable"):
        if len(kept) == PARENTS or not np.isfinite(losses[i]):
            break
        if np.all(np.any(np.abs(positions[kept] - positions[i]) > reach, axis=1)):
            kept.append(int(i))
    return Minima(positions[kept], losses[kept], hessians[kept])
