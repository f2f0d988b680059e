"""The figures of the Landscape page: the loss as heat map and as surface, the candidate's fit and its residual."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.optimisation.path import OptimiserPath
from core.problem.landscape import Landscape
from core.symbols import symbol_of
from dashboard.figures import race
from dashboard.figures.heat_image import heat_image
from dashboard.figures.palette import translucent
from dashboard.figures.style import (
    CANDIDATE,
    DATA,
    LIMIT,
    PRIOR,
    TRUTH,
    array,
    axis,
    dots,
    grid,
    layout,
    legend_entry,
    line,
    mark,
    named,
    reach,
    saved,
)
from dashboard.scene.lowest import Place

Point = tuple[float, float]
# Viridis, stretched towards its bright end: on the logarithmic scale most of a landscape lies in the upper third.
_VIRIDIS = (
    "#440154",
    "#482878",
    "#3e4989",
    "#31688e",
    "#26828e",
    "#1f9e89",
    "#35b779",
    "#6ece58",
    "#b5de2b",
    "#fde725",
)
COLOURS = [((i / 9) ** 0.45, colour) for i, colour in enumerate(_VIRIDIS)]
LOWEST = "#F0E442"
SCALE, OF_THE_GRID = "log₁₀(J − lowest J + 1)", "log₁₀(J − lowest J of the grid + 1)"


def heights(losses: ArrayLike, zero: float) -> NDArray[np.float64]:
    """Return log₁₀(J − zero + 1), (...), of losses J, (...), of which zero is the lowest; NaN where one is infinite."""
    losses = np.asarray(losses, dtype=float)
    above = np.subtract(losses, zero, where=np.isfinite(losses), out=np.full(losses.shape, np.nan))
    return np.log10(above + 1)


def _top(z: NDArray[np.float64]) -> float:
    """Return the top of the colour scale, which changes rarely so that colours do not flicker."""
    return float(np.ceil(4 * np.nanmax(z)) / 4) if np.any(np.isfinite(z)) else 1.0


def _inside(landscape: Landscape, point: Point) -> bool:
    x, y = landscape.x, landscape.y
    return x[0] <= point[0] <= x[-1] and y[0] <= point[1] <= y[-1]


def heat_map(landscape: Landscape, lowest: float | None, dragged: bool = False) -> dict[str, Any]:
    """Draw the loss as a heat map.

    lowest: where the colour scale begins; None while it is not known, and the scale begins at the grid's own.
    dragged: the map changes while a control is dragged, so that it brings the picture of its cells along.
    """
    z = heights(landscape.loss, float(np.min(landscape.loss)) if lowest is None else lowest)
    top = _top(z)
    trace = {
        "type": "heatmap",
        "x": array(landscape.x),
        "y": array(landscape.y),
        "z": array(z),
        "colorscale": COLOURS,
        "zmin": 0,
        "zmax": top,
        "zsmooth": False,
        "hovertemplate": "%{x:.3f}, %{y:.3f}: %{z:.2f}<extra>click: start here</extra>",
        "colorbar": {
            "title": {"text": SCALE if lowest is not None else OF_THE_GRID, "side": "right", "font": {"size": 11}},
            "thickness": 10,
            "outlinewidth": 0,
            "tickformat": ".1f",  # of one width, so that the map keeps its own
        },
    }
    return {**trace, "meta": {"image": heat_image(z, 0, top, COLOURS)}} if dragged else trace


def loss_map(
    landscape: Landscape,
    candidate: Point,
    lowest: Place | None,
    prior_mean: Point,
    truth: Point | None,
    paths: Sequence[OptimiserPath],
    heat: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Draw the loss as a heat map with truth, candidate, prior mean, lowest point and the optimisers' paths.

    lowest: None while it is not known; heat: the heat map, where it is there already.
    """
    traces = [heat or heat_map(landscape, None if lowest is None else lowest.loss)]
    shapes = [named("prior mean", mark("square", PRIOR, prior_mean))]
    if lowest is not None:
        shapes.append(named("lowest", mark("x", LOWEST, lowest.position, "#000000")))
    traces += [legend_entry("prior mean", "square", PRIOR), legend_entry("lowest", "x", LOWEST, "#000000")]
    if truth is not None and _inside(landscape, truth):
        shapes.append(named("truth", mark("star", "#FFFFFF", truth, "#000000")))
        traces.append(legend_entry("truth", "star", "#FFFFFF", "#000000"))
    lines, ends = race.on_map(paths, len(shapes))
    traces += lines
    shapes += ends
    shapes.append(named("candidate", mark("circle", CANDIDATE, candidate, "#000000")))
    traces.append(legend_entry("candidate", "circle", CANDIDATE, "#000000"))
    x_name, y_name = (symbol_of(name) for name in landscape.axes)
    return {
        "data": traces,
        "layout": layout(
            f"Loss over ({x_name}, {y_name})",
            axis(x_name, range=[float(landscape.x[0]), float(landscape.x[-1])], showgrid=False),
            axis(y_name, range=[float(landscape.y[0]), float(landscape.y[-1])], showgrid=False),
            shapes=shapes,
            margin={"l": 52, "r": 12, "t": 52, "b": 38},
            uirevision="-".join(landscape.axes),
        ),
    }


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
    pins = [("lowest", lowest, LOWEST), ("candidate", candidate, CANDIDATE), ("truth", truth, TRUTH)]
    traces: list[dict[str, Any]] = [
        {
            "type": "surface",
            "x": array(landscape.x),
            "y": array(landscape.y),
            "z": array(z),
            "colorscale": COLOURS,
            "cmin": 0,
            "cmax": _top(z),
            "showscale": False,
            "lighting": {"ambient": 0.75, "diffuse": 0.5, "specular": 0.05},
            "contours": {axis_name: {"highlight": False} for axis_name in "xyz"},
            "hovertemplate": "%{x:.3f}, %{y:.3f}: %{z:.2f}<extra></extra>",
        }
    ]
    traces += [
        saved(_pin(landscape, z, name, place, zero, colour))
        for name, place, colour in pins
        if place is not None and np.isfinite(place.loss) and _inside(landscape, place.position)
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


def fit(
    times: NDArray[np.float64],
    data: NDArray[np.float64],
    candidate: NDArray[np.float64],
    truth: NDArray[np.float64] | None,
    time_range: tuple[float, float],
) -> dict[str, Any]:
    """Draw the candidate's potential, (n_times,), over the data and the truth."""
    traces = [] if truth is None else [line("truth", TRUTH, 1.4, y=array(truth), **grid(times), hoverinfo="skip")]
    traces.append(line("candidate", CANDIDATE, 1.8, y=array(candidate), **grid(times), hoverinfo="skip"))
    traces.append(legend_entry("data", "circle", DATA))
    return {
        "data": traces,
        "layout": layout(
            "Candidate over the data",
            axis("t [ms]", range=list(time_range)),
            axis("u", range=reach(data, (-3, 3))),
            shapes=[named("data", dots(DATA, times, data, 2.2))],
            margin={"l": 46, "r": 10, "t": 48, "b": 38},
        ),
    }


def residual(
    times: NDArray[np.float64], values: NDArray[np.float64], whitened: bool, time_range: tuple[float, float]
) -> dict[str, Any]:
    """Draw the candidate's residual in units of its standard deviation, with the band that holds 95 % of pure noise."""
    largest = np.nanmax(np.abs(values)) if np.any(np.isfinite(values)) else 1.0
    limit = float(2 ** np.ceil(np.log2(max(largest, 4.0))))
    colour = translucent(LIMIT, 0.18)
    band = {
        "type": "rect",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": -1.96,
        "y1": 1.96,
        "layer": "below",
        "fillcolor": colour,
        "line": {"width": 0},
    }
    entry = saved(legend_entry("95 % of pure noise", "square", colour))
    return {
        "data": [
            line("residual", CANDIDATE, 1.1, y=array(values), **grid(times), hoverinfo="skip", showlegend=False),
            entry,
        ],
        "layout": layout(
            "Whitened residual (data − candidate)" if whitened else "Residual (data − candidate) / s",
            axis("t [ms]", range=list(time_range)),
            axis("sd", range=[-limit, limit]),
            shapes=[band],
            margin={"l": 46, "r": 10, "t": 30, "b": 38},
        ),
    }
