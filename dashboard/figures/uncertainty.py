"""The figures of the Uncertainty page: the posterior on the plane and by parameter, what it predicts, its profiles."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.posterior.profile import RISE_95, Profile
from core.symbols import symbol_of
from dashboard.figures.density import Raster
from dashboard.figures.palette import translucent
from dashboard.figures.regions import MASSES, SMALLEST_FRAME, contours, ellipse, estimated, frame, placed
from dashboard.figures.style import (
    DATA,
    FAINT,
    LIMIT,
    MAP,
    PRIOR,
    TRUTH,
    Look,
    array,
    axis,
    dots,
    grid,
    layout,
    legend_entry,
    line,
    line_entry,
    mark_entry,
    named,
    reach,
    upright_entry,
)

HIGHEST_RISE = 6.0  # of a profile, on screen

Array = NDArray[np.float64]
Point = tuple[float, float]


def plane(
    names: tuple[str, str],
    box: Array,
    density: Raster,
    bounds: Array,
    normal: tuple[Array, Array | None] | None,
    found: Mapping[str, tuple[Look, Array, Array | None]],
    truth: Point | None,
    title: str,
    zoom: Array | None = None,
) -> dict[str, Any]:
    """Draw the posterior in a box, (2, 2), of the plane, with what other estimators make of the same data.

    bounds: of the prior; normal: mean and covariance of the Laplace approximation, without covariance where it is
    refused, or None where it is not known; found: name → (look, estimate, covariance or None); zoom: a box to frame.
    What lies outside is pointed to from the frame.
    """
    traces = [contours(density, name="exact"), legend_entry("exact", "square", LIMIT)]
    shapes: list[dict[str, Any]] = [frame(bounds, PRIOR, "dash")]
    if zoom is not None:
        half = np.maximum(0.5 * (zoom[:, 1] - zoom[:, 0]), SMALLEST_FRAME * (box[:, 1] - box[:, 0]))
        shapes.append(frame(zoom.mean(axis=1)[:, None] + np.outer(half, [-1, 1]), LIMIT))
    traces += _ellipses("Laplace", MAP, "dash", normal or (np.zeros(2), None))
    traces[-1]["showlegend"] = normal is not None and normal[1] is not None
    if normal is not None:
        shapes.append(named("MAP", placed("x", MAP, normal[0], box)))
        traces.append(legend_entry("MAP", "x", MAP))
    for name, (look, estimate, covariance) in found.items():
        if covariance is not None:
            traces += _ellipses(name, look.colour, "solid", (estimate, covariance))
        traces.append(mark_entry(name, look))
    # The best map stands first, and is drawn last, on top.
    shapes += [
        named(name, estimated(look, estimate, box)) for name, (look, estimate, _) in reversed(list(found.items()))
    ]
    if truth is not None:
        shapes.append(named("truth", placed("star", TRUTH, np.array(truth), box)))
        traces.append(legend_entry("truth", "star", TRUTH))
    return {
        "data": traces,
        "layout": layout(
            title,
            axis(symbol_of(names[0]), range=box[0].tolist()),
            axis(symbol_of(names[1]), range=box[1].tolist()),
            shapes=shapes,
            margin={"l": 58, "r": 12, "t": 62, "b": 38},
            uirevision="-".join(names),
        ),
    }


def _ellipses(name: str, colour: str, dash: str, law: tuple[Array, Array | None]) -> list[dict[str, Any]]:
    """Return the ellipses of a normal distribution, mean and covariance, which the legend shows and hides together.

    Without a covariance they are there and empty, so that what follows keeps its place.
    """
    mean, covariance = law
    outlines = [np.full((1, 2), np.nan) if covariance is None else ellipse(mean, covariance, mass) for mass in MASSES]
    return [
        line(name, colour, 1.6, x=array(outline[:, 0]), y=array(outline[:, 1]), line={"dash": dash},
             hoverinfo="skip", showlegend=False)
        for outline in outlines
    ]  # fmt: skip


def marginal(
    name: str,
    values: Array,
    exact: Array,
    prior: Array,
    normal: Array | None,
    truth: float | None,
    title: str,
) -> dict[str, Any]:
    """Draw the density of one parameter, (n,), after the data and before, and of the Laplace approximation, if any."""
    at = {"x": array(values), "hoverinfo": "skip"}
    traces = [
        line("exact", LIMIT, 2, y=array(exact), **at),
        line("prior", PRIOR, 1.4, y=array(prior), **at),
    ]
    law = np.full(values.size, np.nan) if normal is None else normal
    traces.append(line("Laplace", MAP, 1.6, y=array(law), line={"dash": "dash"}, **at))
    # A shape, since a trace's filling does not slide with it.
    corners = zip(np.r_[values[0], values, values[-1]].tolist(), np.r_[0.0, exact, 0.0].tolist(), strict=True)
    path = "L".join(f"{x:.7g},{y:.4g}" for x, y in corners)
    filling = {"type": "path", "path": f"M{path}Z", "layer": "below", "fillcolor": translucent(LIMIT, 0.2),
               "line": {"width": 0}}  # fmt: skip
    shapes = [named("exact", filling)]
    if truth is not None:
        shapes.append(named("truth", _upright(truth, TRUTH, "solid")))
        traces.append(upright_entry("truth", TRUTH))
    return {
        "data": traces,
        "layout": layout(
            title,
            axis(symbol_of(name), range=[float(values[0]), float(values[-1])]),
            axis("density", rangemode="tozero", nticks=4),
            shapes=shapes,
            margin={"l": 52, "r": 12, "t": 48, "b": 38},
        ),
    }


def _upright(at: float, colour: str, dash: str) -> dict[str, Any]:
    """Return a line across the height of a figure."""
    return {"type": "line", "x0": at, "x1": at, "yref": "paper", "y0": 0, "y1": 1, "layer": "above",
            "line": {"color": colour, "width": 1.4, "dash": dash}}  # fmt: skip


def prediction(
    times: Array, data: Array, potential: Array, noisy: Array, truth: Array | None, title: str
) -> dict[str, Any]:
    """Draw the data, and the bands, (2, n_times) each, of the potential without noise and of the data."""
    traces = [
        _band("90 % of the data", times, noisy, translucent(LIMIT, 0.16)),
        _band("90 % of u without noise", times, potential, translucent(LIMIT, 0.75)),
    ]
    if truth is not None:
        traces.append(line("truth", TRUTH, 1.1, y=array(truth), **grid(times), hoverinfo="skip"))
    return {
        "data": [*traces, legend_entry("data", "circle", DATA)],
        "layout": layout(
            title,
            axis("t [ms]", range=[float(times[0]), float(times[-1])]),
            axis("u", range=reach(np.concatenate([data, noisy.ravel()]), (-3, 3))),
            shapes=[named("data", dots(DATA, times, data, 2.2))],
            margin={"l": 52, "r": 12, "t": 48, "b": 40},
        ),
    }


def _band(name: str, times: Array, ends: Array, colour: str) -> dict[str, Any]:
    """Return the band between two lines, (2, n_times)."""
    return {
        **line(name, colour, 0.8),
        "x": array(np.concatenate([times, times[::-1]])),
        "y": array(np.concatenate([ends[0], ends[1][::-1]])),
        "fill": "toself",
        "fillcolor": colour,
        "hoverinfo": "skip",
    }


def profile(found: Profile, box: Array, truth: float | None, title: str) -> dict[str, Any]:
    """Draw how far the misfit rises as one parameter is held, over a stretch of it, (2,), with the 95 % line."""
    rises = np.where(np.isfinite(found.rises), found.rises, 1e6)
    level = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": RISE_95, "y1": RISE_95, "layer": "below",
             "line": {"color": FAINT, "width": 1.4, "dash": "dash"}}  # fmt: skip
    ends = [_upright(end, MAP, "dot") for end in found.interval if end is not None]
    shapes = [named("95 % line", level), *(named("95 % bound", end) for end in ends)]
    traces = [
        line("lowest misfit", MAP, 1.8, x=array(found.values), y=array(rises), hoverinfo="skip"),
        line_entry("95 % line", FAINT, "dash"),
    ]
    if ends:
        traces.append(line_entry("95 % bound", MAP, "dot"))
    if truth is not None:
        shapes.append(named("truth", _upright(truth, TRUTH, "solid")))
        traces.append(upright_entry("truth", TRUTH))
    return {
        "data": traces,
        "layout": layout(
            title,
            axis(symbol_of(found.name), range=box.tolist()),
            axis("rise of the misfit", range=[-0.15, HIGHEST_RISE]),
            shapes=shapes,
            margin={"l": 52, "r": 12, "t": 48, "b": 38},
        ),
    }


def both_regions(
    names: tuple[str, str], box: Array, coloured: Raster, white: Raster, truth: Point | None
) -> dict[str, Any]:
    """Draw the 90 % regions of the posteriors under both noise models in a box, (2, 2)."""
    mass = MASSES[-1:]
    traces = [
        contours(coloured, mass, name="AR(1)"),
        contours(white, mass, shaded=False, dash="dot", name="white"),
        line_entry("AR(1)", LIMIT),
        line_entry("white", LIMIT, "dot"),
    ]
    shapes = []
    if truth is not None:
        shapes.append(named("truth", placed("star", TRUTH, np.array(truth), box)))
        traces.append(legend_entry("truth", "star", TRUTH))
    return {
        "data": traces,
        "layout": layout(
            "90 % regions under both noise models",
            axis(symbol_of(names[0]), range=box[0].tolist()),
            axis(symbol_of(names[1]), range=box[1].tolist()),
            shapes=shapes,
            margin={"l": 58, "r": 12, "t": 48, "b": 38},
        ),
    }


def autocorrelations(coloured: Array, white: Array, n_times: int, interval: float) -> dict[str, Any]:
    """Draw the autocorrelation, (n_lags + 1,), of the whitened residual under both noise models, and the 95 % band."""
    half = 1.96 / np.sqrt(n_times)
    band = {"type": "rect", "xref": "paper", "x0": 0, "x1": 1, "y0": -half, "y1": half, "layer": "below",
            "fillcolor": translucent(LIMIT, 0.18), "line": {"width": 0}}  # fmt: skip
    lags = {"x0": 0.0, "dx": interval, "hoverinfo": "skip"}
    return {
        "data": [
            line("AR(1)", LIMIT, 1.8, y=array(coloured), **lags),
            line("white", LIMIT, 1.8, y=array(white), line={"dash": "dot"}, **lags),
            legend_entry("95 % of white noise", "square", band["fillcolor"]),
        ],
        "layout": layout(
            "What is left in the whitened residual",
            axis("lag [ms]", range=[0.0, interval * (coloured.size - 1)]),
            axis("autocorrelation", range=[min(-0.3, 1.1 * float(min(coloured.min(), white.min()))), 1.05]),
            shapes=[named("95 % of white noise", band)],
            margin={"l": 52, "r": 12, "t": 48, "b": 38},
        ),
    }
