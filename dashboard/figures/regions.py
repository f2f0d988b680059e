"""The posterior on a plane of two parameters, wherever it is shown: its regions, frames, and what lies outside."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from core.symbols import symbol_of
from dashboard.figures.density import Raster, widened
from dashboard.figures.outlines import outlines
from dashboard.figures.palette import translucent
from dashboard.figures.style import LIMIT, TRUTH, Look, array, axis, grid, layout, legend_entry, mark, named

MASSES = (0.5, 0.9)  # of the regions that are drawn
MARGIN = 0.06  # of a box beyond a point that it is widened to
SHADE = 0.25  # the opacity of each region: they lie on each other
SMALLEST_FRAME = 0.03  # of the plane: half a side of a frame that is seen around the marks
ASPECT = 1.15  # of the plane on screen, width over height, for the direction of an arrow

Array = NDArray[np.float64]
Point = tuple[float, float]


def ellipse(mean: Array, covariance: Array, mass: float) -> Array:
    """Return the outline, (n, 2), of the region of highest density of a normal distribution of two parameters."""
    angle = np.linspace(0, 2 * np.pi, 121)
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    return mean + np.sqrt(chi2.ppf(mass, 2)) * circle @ np.linalg.cholesky(covariance).T


def contours(
    density: Raster,
    masses: Sequence[float] = MASSES,
    shaded: bool = True,
    dash: str = "solid",
    name: str = "",
    colour: str = LIMIT,
) -> Any:
    """Return the trace of a posterior: its density as shade, and the edges of its regions of highest density.

    name: of the legend's entry that shows and hides it.
    """
    top = float(density.masses.max()) or 1.0
    levels = sorted(density.level(mass) / top for mass in masses)
    return {
        "type": "contour",
        **grid(density.x),
        "y0": float(density.y[0]),
        "dy": float(density.y[1] - density.y[0]),
        "z": array(density.masses / top),
        "zmin": 0,
        "zmax": 1,
        "autocontour": False,
        "contours": {
            "coloring": "heatmap" if shaded else "none",
            "start": levels[0],
            "end": levels[-1],
            "size": levels[-1] - levels[0] or 1.0,
        },
        "colorscale": [[0, translucent(LIMIT, 0)], [1, translucent(LIMIT, 0.8)]],
        "showscale": False,
        "showlegend": False,
        "legendgroup": name,
        "line": {"color": colour, "width": 1.6, "dash": dash, "smoothing": 0.6},
        "hovertemplate": "%{x:.5~g}, %{y:.5~g}<extra></extra>",
    }


def region_shapes(density: Raster) -> list[dict[str, Any]]:
    """Return the two regions of a posterior as shapes, which slide: the smaller lies on the larger."""
    look = {"line": {"color": LIMIT, "width": 1.6}, "fillcolor": translucent(LIMIT, SHADE), "fillrule": "evenodd"}
    return [{"type": "path", "path": path, "layer": "below", **look} for path in outlines(density, MASSES[::-1])]


def frame(box: Array, colour: str, dash: str = "solid") -> dict[str, Any]:
    """Return the outline of a box, (2, 2)."""
    (x_low, x_high), (y_low, y_high) = box.tolist()
    return {"type": "rect", "x0": x_low, "x1": x_high, "y0": y_low, "y1": y_high, "layer": "above",
            "line": {"color": colour, "width": 1.2, "dash": dash}}  # fmt: skip


def estimated(look: Look, estimate: Array, box: Array) -> dict[str, Any]:
    """Return the mark of an estimate, (2,), in a box of the plane."""
    return placed(look.symbol, look.colour, estimate, box, hollow=look.hollow)


def outside(box: Array, point: Array) -> bool:
    """Say whether a point lies outside a box, (2, 2)."""
    return bool(np.any((point < box[:, 0]) | (point > box[:, 1])))


def reaching(box: Array, points: Iterable[Array]) -> Array:
    """Return a box, (2, 2), that is widened with a margin as far as points, (2,) each, lie outside of it."""
    for point in points:
        if outside(box, point):
            box = widened(np.column_stack([np.minimum(box[:, 0], point), np.maximum(box[:, 1], point)]), MARGIN)
    return box


def in_sight(point: Array, box: Array) -> Array:
    """Return the place of a point, (2,), or the one at the frame of the box, (2, 2), on the line to it."""
    if not outside(box, point):
        return point
    centre, half = box.mean(axis=1), 0.5 * (box[:, 1] - box[:, 0])
    direction = (point - centre) / half
    return centre + 0.985 * half * direction / np.max(np.abs(direction))


def placed(symbol: str, colour: str, point: Array, box: Array, hollow: bool = False) -> dict[str, Any]:
    """Return the mark of a point, or an arrow at the frame that points to where it lies outside the box."""
    if not outside(box, point):
        return mark(symbol, colour, (point[0], point[1]), hollow=hollow)
    centre, half = box.mean(axis=1), 0.5 * (box[:, 1] - box[:, 0])
    direction = (point - centre) / half
    at = in_sight(point, box)
    across, up = direction * np.array([ASPECT, 1.0]) / np.hypot(ASPECT * direction[0], direction[1])
    corners = [(0, 0), (-13, 6), (-10, 0), (-13, -6)]
    path = "L".join(f"{x * across - y * up:.1f},{x * up + y * across:.1f}" for x, y in corners)
    return {**mark(symbol, colour, (at[0], at[1]), hollow=hollow), "path": f"M{path}Z"}


def on_plane(
    title: str,
    names: Sequence[str],
    box: Array,
    traces: list[dict[str, Any]],
    shapes: list[dict[str, Any]],
    truth: Point | None,
    top: int,
) -> dict[str, Any]:
    """Return the figure of regions in a box, (2, 2), with the truth in front; top: its margin in pixels."""
    if truth is not None:
        shapes = [*shapes, named("truth", placed("star", TRUTH, np.array(truth), box))]
        traces = [*traces, legend_entry("truth", "star", TRUTH)]
    return {
        "data": traces,
        "layout": layout(
            title,
            axis(symbol_of(names[0]), range=box[0].tolist()),
            axis(symbol_of(names[1]), range=box[1].tolist()),
            shapes=shapes,
            margin={"l": 58, "r": 12, "t": top, "b": 38},
        ),
    }
