"""The posterior on the plane of its two parameters, with the marginal of each on the plane's own axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from core.symbols import symbol_of
from dashboard.figures.density import Raster
from dashboard.figures.outlines import closed, decimals_in
from dashboard.figures.palette import translucent
from dashboard.figures.regions import MASSES, SMALLEST_FRAME, ellipse, estimated, frame, placed, region_shapes
from dashboard.figures.style import (
    LIMIT,
    PRIOR,
    TRUTH,
    Look,
    array,
    axis,
    layout,
    legend_entry,
    line,
    line_entry,
    mark,
    mark_entry,
    named,
    saved,
)

PLANE = 0.8  # of the width and of the height
GAP = 0.02
HIGHEST = 1.08  # of a marginal, whose exact one reaches up to 1

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Beside:
    """What is drawn beside the exact posterior: an estimate, (2,), and its covariance, (2, 2), if it has one."""

    name: str
    look: Look
    mean: Array
    covariance: Array | None


def joint(
    names: tuple[str, str],
    box: Array,
    density: Raster,
    near: Raster,
    beside: Sequence[Beside],
    truth: tuple[float, float] | None,
    bounds: Array | None = None,
    prior: tuple[Array, Array] | None = None,
    zoom: Array | None = None,
    mean: Array | None = None,
) -> dict[str, Any]:
    """Draw the posterior in a box, (2, 2), of the plane, with its marginals and what stands beside it.

    density, near: the posterior in that box, and where its probability is, for the marginals.
    bounds, prior: the box of the prior and its densities, (n,) each, at the pixels of density, if they are shown.
    zoom: a box to frame. mean: (2,), of the posterior, to mark.
    What lies outside is pointed to from the frame of the plane.
    """
    shapes = region_shapes(density)
    traces, entries = [], [legend_entry("exact", "square", LIMIT)]
    places = near.x, near.y
    exact = [near.masses.sum(axis=i) / (at[1] - at[0]) for i, at in enumerate(places)]
    heights = [float(np.max(each)) or 1.0 for each in exact]
    for i, at in enumerate(places):
        traces.append(_marginal("exact", LIMIT, i, at, exact[i] / heights[i], width=2))
        shapes.append(_filling(i, at, exact[i] / heights[i]))
    if prior is not None and bounds is not None:
        shapes.append(named("prior", frame(bounds, PRIOR, "dash")))
        for i, at in enumerate((density.x, density.y)):
            traces.append(_marginal("prior", PRIOR, i, at, prior[i] / heights[i], dash="dash"))
        entries.append(line_entry("prior", PRIOR, "dash"))
    if zoom is not None:
        half = np.maximum(0.5 * (zoom[:, 1] - zoom[:, 0]), SMALLEST_FRAME * (box[:, 1] - box[:, 0]))
        shapes.append(frame(zoom.mean(axis=1)[:, None] + np.outer(half, [-1, 1]), LIMIT))
    if mean is not None:
        shapes.append(named("exact", placed("square", LIMIT, mean, box)))
    for each in beside:
        traces += _normal(each, places, heights)
        entries.append(mark_entry(each.name, each.look))
    # What is named first is drawn last, on top.
    shapes += [named(each.name, estimated(each.look, each.mean, box)) for each in reversed(beside)]
    if truth is not None:
        shapes += [_upright(i, float(truth[i])) for i in range(2)]
        shapes.append(named("truth", placed("star", TRUTH, np.array(truth), box)))
        entries.append(legend_entry("truth", "star", TRUTH))
    return {"data": [*traces, *map(saved, entries)], "layout": _layout(names, box, shapes)}


def _layout(names: tuple[str, str], box: Array, shapes: list[dict[str, Any]]) -> dict[str, Any]:
    first, second = map(symbol_of, names)
    plane, margin = [0, PLANE], [PLANE + GAP, 1]
    bare: dict[str, Any] = {"range": [0, HIGHEST], "showticklabels": False, "showgrid": False, "fixedrange": True}
    return layout(
        "Posterior: lines hold 50 % and 90 %",
        axis(first, range=box[0].tolist(), domain=plane),
        axis(second, range=box[1].tolist(), domain=plane),
        xaxis2={**axis(f"p({second})", **bare), "domain": margin, "anchor": "y"},
        yaxis2={**axis(f"p({first})", **bare), "domain": margin, "anchor": "x"},
        shapes=shapes,
        margin={"l": 62, "r": 8, "t": 30, "b": 40},
        uirevision="-".join(names),
        showlegend=True,
    )


def _across(i: int) -> dict[str, str]:
    """Return the axes of the marginal of the first or second parameter, as traces name them."""
    return {"xaxis": "x", "yaxis": "y2"} if i == 0 else {"xaxis": "x2", "yaxis": "y"}


def _of_marginal(i: int, shape: dict[str, Any]) -> dict[str, Any]:
    return {**shape, **dict(zip(("xref", "yref"), _across(i).values(), strict=True))}


def _marginal(
    name: str, colour: str, i: int, at: Array, heights: Array, dash: str = "solid", width: float = 1.6
) -> dict[str, Any]:
    """Return the curve of one parameter's density, (n,), on the axis of the plane."""
    x, y = (at, heights) if i == 0 else (heights, at)
    curve = {"x": array(x), "y": array(y), "line": {"dash": dash}, "hoverinfo": "skip", "showlegend": False}
    return line(name, colour, width, **curve, **_across(i))


def _normal(each: Beside, places: tuple[Array, Array], heights: list[float]) -> list[dict[str, Any]]:
    """Return the 90 % ellipse and both marginals, at places (n,) each, of a normal distribution.

    Where there is none they are empty, so that what follows keeps its place while a control is dragged.
    """
    outline = np.full((1, 2), np.nan)
    curves = [np.full(at.size, np.nan) for at in places]
    if each.covariance is not None:
        outline = ellipse(each.mean, each.covariance, MASSES[-1])
        sds = np.sqrt(np.diag(each.covariance))
        curves = [norm.pdf(places[i], each.mean[i], sds[i]) / heights[i] for i in range(2)]
    look = each.look
    around = {"x": array(outline[:, 0]), "y": array(outline[:, 1]), "hoverinfo": "skip", "showlegend": False}
    ellipse_of = line(each.name, look.colour, 1.8, **around, line={"dash": look.dash}, xaxis="x", yaxis="y")
    return [ellipse_of, *(_marginal(each.name, look.colour, i, places[i], curves[i], look.dash) for i in range(2))]


def _filling(i: int, at: Array, heights: Array) -> dict[str, Any]:
    """Return the area below a marginal. It is a shape, since a trace's filling does not slide with it."""
    corners = np.column_stack([np.r_[at[0], at, at[-1]], np.r_[0.0, heights, 0.0]])
    path = closed(corners if i == 0 else corners[:, ::-1], max(4, decimals_in(at[0], at[-1])))
    shape = {"type": "path", "path": path, "layer": "below", "fillcolor": translucent(LIMIT, 0.2)}
    return _of_marginal(i, {**shape, "line": {"width": 0}})


def _upright(i: int, at: float) -> dict[str, Any]:
    """Return the line at the truth across a marginal, as a path, which slides."""
    path = f"M{at!r},0L{at!r},{HIGHEST}" if i == 0 else f"M0,{at!r}L{HIGHEST},{at!r}"
    shape = {"type": "path", "path": path, "layer": "above", "line": {"color": TRUTH, "width": 1.4}}
    return named("truth", _of_marginal(i, shape))


def sign(look: Look, has_line: bool = True) -> dict[str, Any]:
    """Return what the browser draws beside a name: colour, dashes and the outline of a mark.

    has_line: whether a line stands behind the mark.
    """
    dashes = {"solid": "none", "dash": "6 3"}[look.dash] if has_line else ""
    path = mark(look.symbol, look.colour, (0, 0))["path"] if look.symbol else ""
    return {"colour": look.colour, "dash": dashes, "path": path, "hollow": look.hollow}
