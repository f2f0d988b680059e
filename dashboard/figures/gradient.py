"""The gradient of the loss over the two unknown parameters: how steep the loss is, and which way leads downhill."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.problem.landscape import Slopes
from dashboard.figures.landscape import COLOURS, ranked
from dashboard.figures.style import array, line

TITLE = "|∇J|: dark is flat, arrows downhill"
ARROWS = 13  # a side
LENGTH = 0.75 / ARROWS  # of the map
BARB = 0.38  # of the length
SPREAD = np.pi / 7  # between the shaft and either barb


def arrows(slopes: Slopes) -> NDArray[np.float64]:
    """Return a line of arrows that point downhill, (n, 2), with NaN between their parts.

    Downhill is where the optimisers go, whose unknowns are in units of the map's widths.
    """
    rows, columns = (
        np.linspace(0, size - 1, 2 * ARROWS + 1)[1::2].round().astype(int) for size in (slopes.y.size, slopes.x.size)
    )
    downhill = -(slopes.gradient * slopes.widths)[np.ix_(rows, columns)].reshape(-1, 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        along = LENGTH * downhill / np.linalg.norm(downhill, axis=1, keepdims=True)
    middle = np.stack(np.meshgrid(slopes.x[columns], slopes.y[rows]), axis=-1).reshape(-1, 2)
    tip, gap = 0.5 * along, np.full_like(along, np.nan)

    def barb(angle: float) -> NDArray[np.float64]:
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        return tip - BARB * along @ turn.T

    parts = np.stack([-tip, tip, gap, barb(SPREAD), tip, barb(-SPREAD), gap], axis=1)
    return (middle[:, None] + parts * slopes.widths).reshape(-1, 2)


def gradient_map(slopes: Slopes, dragged: bool = False) -> list[dict[str, Any]]:
    """Draw the ranks of the steepness as a heat map, with arrows downhill.

    dragged: the map changes while a control is dragged, as in `landscape.heat_map`.
    """
    heat = ranked(slopes.x, slopes.y, slopes.steepness, "|∇J|", "|∇J|", dragged)
    x, y = (array(places) for places in arrows(slopes).T)
    quiet = {"x": x, "y": y, "hoverinfo": "skip", "showlegend": False}
    shafts = [line("downhill", colour, width, **quiet) for colour, width in (("#FFFFFF", 3.4), (COLOURS[0][1], 1.4))]
    return [heat, *shafts]
