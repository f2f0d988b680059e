"""The lowest loss that is known of the problem on screen, wherever it was found."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from core.estimate import Estimate
from core.optimisation.basins import Basins
from core.optimisation.path import OptimiserPath
from core.problem.landscape import Landscape
from core.problem.problem import Problem


@dataclass(frozen=True)
class Place:
    """A place in the plane of the two unknown parameters, and the loss there."""

    position: tuple[float, float]
    loss: float


def lowest_known(
    problem: Problem,
    grid: Landscape,
    candidate: tuple[float, float],
    best: Estimate | None,
    paths: Sequence[OptimiserPath] = (),
    found: Basins | None = None,
    truth: tuple[float, float] | None = None,
) -> Place | None:
    """Return the lowest of all losses that the page shows and that of the MAP estimate, None where all are infinite.

    best: the MAP estimate, where it is known; truth: where it is shown.
    """
    points = np.array(
        [point for point in (candidate, truth, None if best is None else best.mean[0]) if point is not None]
    )
    places: list[tuple[float, ArrayLike]] = list(zip(problem.loss(points).tolist(), points, strict=True))
    if np.any(np.isfinite(grid.loss)):
        places.append((float(np.min(grid.loss)), grid.lowest()))
    for path in paths:
        at = int(np.argmin(path.losses))
        places.append((float(path.losses[at]), path.positions[at]))
    if found is not None and found.minima:
        places.append((found.minima[0].loss, found.minima[0].position))
    loss, position = min(places, key=lambda place: place[0])
    if not np.isfinite(loss):
        return None
    x, y = np.asarray(position, dtype=float)
    return Place((float(x), float(y)), loss)
