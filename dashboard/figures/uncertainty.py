"""The figures below on the Uncertainty page: what the posterior predicts, profiles, and what the noise is taken for."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from core.posterior.profile import RISE_95, Profile
from core.symbols import symbol_of
from dashboard.figures.density import Raster
from dashboard.figures.joint import Beside
from dashboard.figures.palette import translucent
from dashboard.figures.regions import MASSES, contours, ellipse, estimated, on_plane
from dashboard.figures.style import (
    DATA,
    FAINT,
    LIMIT,
    MAP,
    TRUTH,
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

EXACT = "exact"
HIGHEST_RISE = 6.0  # of a profile, on screen
BEYOND = 1e6  # stands for an infinite rise
N_BETWEEN = 300  # values of a parameter at which its profile is interpolated

Array = NDArray[np.float64]
Point = tuple[float, float]


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
    """Draw how far the misfit rises as one parameter is held, over a stretch of it, (2,), with the 95 % line.

    Between the values that were computed the curve is smooth, and rises or falls only where they do.
    """
    known = np.where(np.isfinite(found.rises), found.rises, BEYOND)
    low, high = np.clip(box, found.values[0], found.values[-1]).tolist()
    values = np.union1d(found.values, np.linspace(low, high, N_BETWEEN))
    rises = PchipInterpolator(found.values, known)(values)
    level = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": RISE_95, "y1": RISE_95, "layer": "below",
             "line": {"color": FAINT, "width": 1.4, "dash": "dash"}}  # fmt: skip
    ends = [_upright(end, MAP, "dot") for end in found.interval if end is not None]
    shapes = [named("95 % line", level), *(named("95 % bound", end) for end in ends)]
    traces = [
        line("lowest misfit", MAP, 1.8, x=array(values), y=array(rises), hoverinfo="skip"),
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
    return on_plane("90 % regions under both noise models", names, box, traces, [], truth, top=48)


def learned_regions(
    names: tuple[str, str], box: Array, density: Raster, beside: Sequence[Beside], truth: Point | None
) -> dict[str, Any]:
    """Draw in a box, (2, 2), the 90 % regions of a posterior and of Gaussians beside it, which have covariances."""
    traces = [contours(density, MASSES[-1:], name=EXACT), line_entry(EXACT, LIMIT)]
    for each in beside:
        assert each.covariance is not None
        outline = ellipse(each.mean, each.covariance, MASSES[-1])
        look = {"hoverinfo": "skip", "showlegend": False, "line": {"dash": each.look.dash}}
        traces.append(line(each.name, each.look.colour, 1.8, x=array(outline[:, 0]), y=array(outline[:, 1]), **look))
        traces.append(mark_entry(each.name, each.look))
    shapes = [named(each.name, estimated(each.look, each.mean, box)) for each in reversed(beside)]
    title = "90 % regions: exact, local Gaussian, and learned"
    return on_plane(title, names, box, traces, shapes, truth, top=90)  # three rows of the legend below the title


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
