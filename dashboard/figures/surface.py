"""The loss over the two unknown parameters as a surface, with pins at the MAP, the candidate and the truth."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.problem.landscape import Landscape
from core.symbols import symbol_of
from dashboard.figures.landscape import COLOURS, inside, ranks
from dashboard.figures.style import CANDIDATE, MAP, TRUTH, array, layout, saved
from dashboard.scene.lowest import Place


def heights(losses: ArrayLike, zero: float) -> NDArray[np.float64]:
    """Return log₁₀(J − zero + 1), (...), of losses J, (...), of which zero is the lowest; NaN where one is infinite."""
    losses = np.asarray(losses, dtype=float)
    above = np.subtract(losses, zero, where=np.isfinite(losses), out=np.full(losses.shape, np.nan))
    return np.log10(above + 1)


def _top(z: NDArray[np.float64]) -> float:
    """Return the top of the axis, which changes rarely."""
    return float(np.ceil(4 * np.nanmax(z)) / 4) if np.any(np.isfinite(z)) else 1.0


def _pin(
    landscape: Landscape, z: NDArray[np.float64], name: str, place: Place, zero: float, colour: str
) -> dict[str, Any]:
    """Return a pin that stands at its own loss, and whose head is above the surface, which is coarser than the loss."""
    (x, y), height = place.position, float(heights(place.loss, zero))
    on_surface = z[int(np.abs(landscape.y - y).argmin()), int(np.abs(landscape.x - x).argmin())]
    foot, head = height, float(np.fmax(height, on_surface))
    return {
        "type": "scatter3d",
        "mode": "lines+markers",
        "name": name,
        "x": [x, x],
        "y": [y, y],
        "z": [foot, head + 0.05],
        "line": {"color": colour, "width": 4},
        "marker": {"color": colour, "size": [0, 5], "line": {"color": "#000000", "width": 1}},
        "hoverinfo": "name",
    }


def surface(landscape: Landscape, candidate: Place | None, lowest: Place | None, truth: Place | None) -> dict[str, Any]:
    """Draw the loss as a surface, with pins at the lowest point, the candidate and the truth, and the loss of each."""
    zero = float(np.min(landscape.loss)) if lowest is None else lowest.loss
    z = heights(landscape.loss, zero)
    pins = [("MAP", lowest, MAP), ("candidate", candidate, CANDIDATE), ("truth", truth, TRUTH)]
    traces: list[dict[str, Any]] = [
        {
            "type": "surface",
            "x": array(landscape.x),
            "y": array(landscape.y),
            "z": array(z),
            "surfacecolor": array(ranks(landscape.loss)),
            "colorscale": COLOURS,
            "cmin": 0,
            "cmax": 100,
            "showscale": False,
            "lighting": {"ambient": 0.75, "diffuse": 0.5, "specular": 0.05},
            "contours": {axis_name: {"highlight": False} for axis_name in "xyz"},
            "hovertemplate": "%{x:.3f}, %{y:.3f}: %{z:.2f}<extra></extra>",
        }
    ]
    traces += [
        saved(_pin(landscape, z, name, place, zero, colour))
        for name, place, colour in pins
        if place is not None and np.isfinite(place.loss) and inside(landscape, place.position)
    ]
    scene_axis = {
        "gridcolor": "theme:grid",
        "color": "theme:text",
        "showbackground": False,
        "showspikes": False,
        "nticks": 4,
    }
    x_name, y_name = (symbol_of(name) for name in landscape.axes)
    return {
        "data": traces,
        "layout": layout(
            "The same as a surface",
            {"visible": False},
            {"visible": False},
            scene={
                "xaxis": {**scene_axis, "title": {"text": x_name}},
                "yaxis": {**scene_axis, "title": {"text": y_name}},
                "zaxis": {**scene_axis, "title": {"text": ""}, "range": [0, _top(z) + 0.2]},
                "camera": {"eye": {"x": 1.05, "y": -1.7, "z": 1.05}, "center": {"x": 0.05, "y": 0, "z": -0.18}},
                "aspectmode": "manual",
                "aspectratio": {"x": 1.2, "y": 1.2, "z": 0.7},
                "uirevision": "kept",
            },
            margin={"l": 0, "r": 0, "t": 28, "b": 0},
        ),
    }
