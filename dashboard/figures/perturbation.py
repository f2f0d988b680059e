"""A perturbed trace with its perturbation, where it moves the estimates, and how far for each size."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.symbols import symbol_of
from dashboard.figures.density import Raster
from dashboard.figures.outlines import outlines
from dashboard.figures.palette import translucent
from dashboard.figures.regions import MASSES, estimated, placed, region_shapes
from dashboard.figures.style import (
    CANDIDATE,
    DATA,
    LIMIT,
    MUTED,
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
    log_axis,
    mark,
    mark_entry,
    named,
    path_of,
    reach,
    saved,
    upright_entry,
)
from dashboard.wording import entries

SHARE = 0.68  # of the height, for the trace; the perturbation stands below it, to the same scale
GAP = 0.07
HEIGHT = 3.5  # of u, up and down
MOVEMENTS = (0.03, 3e3)  # sds that the axis reaches over

Array = NDArray[np.float64]
Point = tuple[float, float]


def trace(times: Array, data: Array, perturbation: Array, time_range: Point) -> dict[str, Any]:
    """Draw the data, the perturbed data, and below them the perturbation to the same scale."""
    low, high = reach(np.concatenate([data, data + perturbation]), (-HEIGHT, HEIGHT))
    half = 0.5 * (high - low) * (1 - SHARE - GAP) / SHARE
    along = grid(times)
    return {
        "data": [
            legend_entry(entries.DATA, "circle", DATA),
            line(entries.PERTURBED, CANDIDATE, 1.2, y=array(data + perturbation), **along),
            line(entries.PERTURBATION, CANDIDATE, 1.6, y=array(perturbation), yaxis="y2", showlegend=False, **along),
        ],
        "layout": layout(
            "Trace, and below it δ to the same scale",
            axis("t [ms]", range=list(time_range), hoverformat=".1f", anchor="y2"),
            axis("u", range=[low, high], domain=[1 - SHARE, 1], hoverformat=".2f"),
            yaxis2={**axis("δ", range=[-half, half], hoverformat=".3f"), "domain": [0, 1 - SHARE - GAP], "nticks": 3},
            margin={"l": 52, "r": 12, "t": 52, "b": 40},
            shapes=[named(entries.DATA, dots(DATA, times, data))],
        ),
    }  # fmt: skip


def plane(
    names: Sequence[str],
    box: Array,
    before: Raster,
    after: Raster,
    found: Mapping[str, tuple[Look, Array]],
    way: tuple[Look, Array],
    truth: Point | None,
    target: Point | None,
) -> dict[str, Any]:
    """Draw the exact posterior before and after, and the estimates after, in a box, (2, 2).

    found: name → (look, estimate, (2,)). way: how one of them moves as the size grows, (k, 2).
    target: where the smallest perturbation is to take it.
    """
    look_before = {"layer": "below", "line": {"color": LIMIT, "width": 1.4, "dash": "dot"}}
    shapes = [
        named(entries.EXACT_BEFORE, {"type": "path", "path": path, "fillcolor": translucent(LIMIT, 0), **look_before})
        for path in outlines(before, MASSES[::-1])
    ]
    shapes += [named(entries.EXACT_AFTER, each) for each in region_shapes(after)]
    look, places = way
    traces = [
        line_entry(entries.EXACT_BEFORE, LIMIT, "dot"),
        legend_entry(entries.EXACT_AFTER, "square", translucent(LIMIT, 0.5), LIMIT),
        line(entries.WAY, look.colour, 1.4, x=array(places[:, 0]), y=array(places[:, 1]), hoverinfo="skip"),
        *(saved(mark_entry(name, each)) for name, (each, _) in found.items()),
    ]
    shapes += [named(name, estimated(each, place, box)) for name, (each, place) in reversed(list(found.items()))]
    if target is not None:
        traces.append(legend_entry(entries.TARGET, "circle", CANDIDATE))
        shapes.append(named(entries.TARGET, mark("circle", CANDIDATE, target)))
    if truth is not None:
        traces.append(legend_entry(entries.TRUTH, "star", TRUTH))
        shapes.append(named(entries.TRUTH, placed("star", TRUTH, np.array(truth), box)))
    first, second = map(symbol_of, names)
    return {
        "data": traces,
        "layout": layout(
            "Estimates of the perturbed trace",
            axis(first, range=box[0].tolist()),
            axis(second, range=box[1].tolist()),
            shapes=shapes,
            margin={"l": 62, "r": 12, "t": 52, "b": 40},
        ),
    }


def movements(sizes: Array, curves: Mapping[str, tuple[Look, Array]], size: float) -> dict[str, Any]:
    """Draw how far each estimate has moved, (k,) in sds, at each size, (k,), and the size on screen."""
    ends = sizes[[0, -1]]
    traces = [
        saved(line(name, look.colour, 1.8, x=array(sizes), y=array(moved), line={"dash": look.dash}))
        for name, (look, moved) in curves.items()
    ]
    traces.append(line(entries.ONE_A_UNIT, MUTED, 1.4, x=array(ends), y=array(ends), line={"dash": "dot"}))
    traces.append(upright_entry(entries.SIZE_NOW, TRUTH))
    at = float(np.clip(size, ends[0] / 2, 2 * ends[1]))
    path = path_of([(at, 1e-9), (at, 1e9)])
    upright = {"type": "path", "path": path, "layer": "below", "line": {"color": TRUTH, "width": 1}}
    return {
        "data": traces,
        "layout": layout(
            "How far estimates move",
            log_axis("size of the perturbation |δ|", range=np.log10(ends).tolist()),
            log_axis("moved [sd of the posterior]", range=np.log10(MOVEMENTS).tolist()),
            shapes=[named(entries.SIZE_NOW, upright)],
            margin={"l": 62, "r": 12, "t": 52, "b": 40},
        ),
    }
