"""The map of the Landscape page: how the loss ranks over the two unknown parameters, and what lies on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from core.optimisation.basins import Basins
from core.optimisation.path import OptimiserPath
from core.priors import TruncatedGaussian
from core.problem.landscape import Landscape
from core.symbols import symbol_of
from dashboard.background.sampling import Sampled
from dashboard.figures import race, swarm
from dashboard.figures.basins import edges
from dashboard.figures.heat_image import heat_image
from dashboard.figures.style import (
    CANDIDATE,
    MAP,
    PRIOR,
    SMALL,
    array,
    axis,
    grid,
    layout,
    legend_entry,
    line_entry,
    mark,
    named,
    path_of,
)
from dashboard.scene.lowest import Place
from dashboard.wording.numbers import short

Point = tuple[float, float]
# From ink to a pale grey of one hue, by the rank of a loss; the lowest few per cent have dark tones of their own.
COLOURS = [
    (0.0, "#01060C"), (0.03, "#0C2136"), (0.12, "#274A6C"), (0.35, "#5F82A3"), (0.65, "#A0B7CB"), (1.0, "#E3EAF1"),
]  # fmt: skip
BAR_TITLE = "¼ of the map between ticks"
BAR_TICKS = (0, 25, 50, 75, 100)  # %
BAR_WORDS = ("lowest", "lower", "median", "higher", "highest")  # while a control is dragged
BAR_ROOM = 82  # pixels to the right of the map, enough for the bar with its widest labels, so that the map stands still
CONTOURS = (10, 90, 20)  # %, first, last, and from one to the next
SMOOTHED = 1.5  # points of the grid, over which the contours are smoothed


@dataclass(frozen=True, eq=False)
class Marks:
    """What lies on the map.

    lowest, truth: None while they are not known, or hidden. prior: drawn at one sd. line: its two ends, (2, 2).
    """

    candidate: Point
    lowest: Place | None = None
    truth: Point | None = None
    prior: TruncatedGaussian | None = None
    line: NDArray[np.float64] | None = None
    paths: Sequence[OptimiserPath] = ()
    sampled: Sequence[Sampled] = ()
    basins: Basins | None = None


def ranks(losses: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share in per cent of the finite losses, (ny, nx), that are lower than each; NaN for infinite ones."""
    order = np.argsort(losses, axis=None)
    shares = np.empty(losses.size)
    shares[order] = np.arange(losses.size)
    n = int(np.count_nonzero(np.isfinite(losses)))
    return np.where(np.isfinite(losses), 100 * shares.reshape(losses.shape) / max(n - 1, 1), np.nan)


def inside(landscape: Landscape, point: Point) -> bool:
    """Say whether a point lies on the map."""
    x, y = landscape.x, landscape.y
    return bool(x[0] <= point[0] <= x[-1] and y[0] <= point[1] <= y[-1])


def heat_map(landscape: Landscape, dragged: bool = False) -> list[dict[str, Any]]:
    """Draw the ranks of the loss as a heat map, with contours.

    dragged: the map changes while a control is dragged, so that it brings the picture of its cells along; contours and
    the losses beside the colour bar wait.
    """
    heat = ranked(landscape.x, landscape.y, landscape.loss, "J", "loss J", dragged)
    z = ranks(landscape.loss)
    return [heat] if dragged or not np.all(np.isfinite(z)) else [heat, _contours(landscape, z)]


def ranked(
    x: NDArray[np.float64], y: NDArray[np.float64], values: NDArray[np.float64], symbol: str, name: str, dragged: bool
) -> dict[str, Any]:
    """Return a heat map of the ranks of values, (ny, nx), whose colour bar has the values at the quarters."""
    z = ranks(values)
    labels: tuple[str, ...] = BAR_WORDS
    if not dragged and np.any(np.isfinite(z)):
        labels = tuple(short(float(value)) for value in np.percentile(values[np.isfinite(z)], BAR_TICKS))
    trace = {
        "type": "heatmap",
        "x": array(x),
        "y": array(y),
        "z": array(z),
        "colorscale": COLOURS,
        "zmin": 0,
        "zmax": 100,
        "zsmooth": False,
        "hovertemplate": f"%{{x:.3f}}, %{{y:.3f}}: {symbol} is lower on %{{z:.0f}} % of the map"
        "<extra>click: start here</extra>",
        "colorbar": {
            "title": {"text": f"{name}, {BAR_TITLE}", "side": "right", "font": {"size": SMALL}},
            "thickness": 10,
            "outlinewidth": 0,
            "tickvals": list(BAR_TICKS),
            "ticktext": list(labels),
            "tickfont": {"size": SMALL},
        },
    }
    return {**trace, "meta": {"image": heat_image(z, 0, 100, COLOURS)}} if dragged else trace


def _contours(landscape: Landscape, z: NDArray[np.float64]) -> dict[str, Any]:
    first, last, step = CONTOURS
    return {
        "type": "contour",
        **grid(landscape.x),
        "y0": float(landscape.y[0]),
        "dy": float(landscape.y[1] - landscape.y[0]),
        "z": array(gaussian_filter(z, SMOOTHED)),
        "autocontour": False,
        "contours": {"coloring": "none", "start": first, "end": last, "size": step},
        "line": {"color": "rgba(7, 18, 31, 0.45)", "width": 0.7},
        "hoverinfo": "skip",
        "showscale": False,
        "showlegend": False,
    }


def prior_outline(prior: TruncatedGaussian) -> str:
    """Return the path of the points one sd from the prior's mean, or of the edges of its box where it is flat."""
    mean, sd, lower, upper = (np.array(each) for each in (prior.mean, prior.sd, prior.lower, prior.upper))
    if np.all(np.isfinite(sd)):
        angle = np.linspace(0, 2 * np.pi, 73)
        points = mean + sd * np.column_stack([np.cos(angle), np.sin(angle)])
    else:
        low = np.where(np.isfinite(sd), mean - sd, lower)
        high = np.where(np.isfinite(sd), mean + sd, upper)
        points = np.column_stack([[low[0], high[0], high[0], low[0]], [low[1], low[1], high[1], high[1]]])
    return path_of(points, closed=True)


def _outline(path: str, colour: str, width: float, dash: str = "solid") -> dict[str, Any]:
    return {"type": "path", "path": path, "line": {"color": colour, "width": width, "dash": dash}, "layer": "above"}


def loss_map(
    landscape: Landscape, marks: Marks, heat: list[dict[str, Any]] | None = None, title: str = "Loss J: dark is low"
) -> dict[str, Any]:
    """Draw the loss as a heat map with what lies on it; heat, title: the heat map in its place, and what it shows."""
    traces = [*(heat or heat_map(landscape))]
    shapes = []
    if marks.prior is not None:
        outline = prior_outline(marks.prior)
        shapes.append(named("prior", _outline(outline, "theme:background@0.55", 3.6)))
        shapes.append(named("prior", _outline(outline, PRIOR, 1.8, "6px,4px")))
        traces.append(line_entry("prior", PRIOR, "dash"))
    if marks.basins is not None and (path := edges(marks.basins)):
        shapes += [_outline(path, "rgba(255, 255, 255, 0.7)", 3), _outline(path, COLOURS[0][1], 1)]
    if marks.line is not None:
        shapes.append(_outline(path_of(marks.line), CANDIDATE, 1.1))
    if marks.truth is not None and inside(landscape, marks.truth):
        shapes.append(named("truth", mark("star", "#FFFFFF", marks.truth, "#000000", 1.7)))
        traces.append(legend_entry("truth", "star", "#FFFFFF", "#000000"))
    if marks.lowest is not None:  # it lies near the truth, whose star is larger
        shapes.append(named("MAP", mark("x", MAP, marks.lowest.position, "#FFFFFF", 1.4)))
        traces.append(legend_entry("MAP", "x", MAP))
    entries, swarms = swarm.on_map(marks.sampled)
    shapes += swarms
    lines, ends = race.on_map(marks.paths, len(shapes))
    traces += [*lines, *entries]
    shapes += ends
    shapes.append(named("candidate", mark("circle", CANDIDATE, marks.candidate, "#000000", 1.15)))
    traces.append(legend_entry("candidate", "circle", CANDIDATE, "#000000"))
    x_name, y_name = (symbol_of(name) for name in landscape.axes)
    return {
        "data": traces,
        "layout": layout(
            title,
            axis(x_name, range=[float(landscape.x[0]), float(landscape.x[-1])], showgrid=False),
            axis(y_name, range=[float(landscape.y[0]), float(landscape.y[-1])], showgrid=False),
            shapes=shapes,
            margin={"l": 46, "r": BAR_ROOM, "t": 46, "b": 40},
            uirevision="-".join(landscape.axes),
            meta={"swarms": swarm.places(marks.sampled)},
        ),
    }
