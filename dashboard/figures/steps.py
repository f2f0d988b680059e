"""Steps from an estimate over the posterior, and the errors after them over those of the limit."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.experiments.estimators import REWEIGHTED
from dashboard.figures.density import Raster
from dashboard.figures.palette import translucent
from dashboard.figures.regions import estimated, on_plane, region_shapes
from dashboard.figures.style import (
    LIMIT,
    TRUTH,
    Look,
    array,
    axis,
    layout,
    legend_entry,
    line,
    named,
    path_of,
    upright_entry,
)
from dashboard.wording import entries

TOP = 52  # margin in pixels
ARROW = {"symbol": "arrow", "size": 11, "angleref": "previous"}

Array = NDArray[np.float64]
Point = tuple[float, float]


def plane(
    names: Sequence[str],
    box: Array,
    posterior: Raster,
    paths: Mapping[str, tuple[Look, Array]],
    start: tuple[Look, Array],
    truth: Point | None,
) -> dict[str, Any]:
    """Draw paths, (k, 2), as arrows from a start, (2,), over the exact posterior in a box, (2, 2)."""
    look, place = start
    traces = [legend_entry(entries.EXACT_POSTERIOR, "square", translucent(LIMIT, 0.5), LIMIT)]
    traces += [
        line(
            name,
            each.colour,
            2,
            mode="lines+markers",
            x=array(path[:, 0], "f8"),
            y=array(path[:, 1], "f8"),
            line={"dash": each.dash},
            marker={**ARROW, "color": each.colour},
        )
        for name, (each, path) in paths.items()
    ]
    traces.append(legend_entry(entries.START_OF_STEPS, look.symbol, look.colour))
    shapes = [named(entries.EXACT_POSTERIOR, each) for each in region_shapes(posterior)]
    shapes.append(named(entries.START_OF_STEPS, estimated(look, place, box)))
    return on_plane("Steps over the exact posterior", names, box, traces, shapes, truth, TOP)


def errors(curves: Mapping[str, tuple[Look, Array, Array]], level: float, steps: int) -> dict[str, Any]:
    """Draw errors over the limit's, (k,), after simulations, (k,); level: that of weighted draws; steps: on screen."""
    most = max(float(spent.max()) for _, spent, _ in curves.values())
    traces = [
        line(name, look.colour, 1.8, mode="lines+markers", x=array(spent), y=array(values), line={"dash": look.dash},
             marker={"symbol": look.symbol, "color": look.colour, "size": 8})
        for name, (look, spent, values) in curves.items()
    ]  # fmt: skip
    ends = np.array([0.0, most])
    levels = {"x": array(ends), "y": array([level, level])}
    traces.append(line(entries.STORED[REWEIGHTED], LIMIT, 1.4, line={"dash": "dash"}, **levels))
    traces.append(upright_entry(entries.STEPS_NOW, TRUTH))
    upright = {"type": "path", "path": path_of([(steps, 0.0), (steps, 10.0)]), "layer": "below",
               "line": {"color": TRUTH, "width": 1}}  # fmt: skip
    highest = max(float(values.max()) for _, _, values in curves.values())
    return {
        "data": traces,
        "layout": layout(
            "Error over the limit’s, all test traces",
            axis("simulations after the map’s own", range=[-0.1, most + 0.1], dtick=1),
            axis("RMSE / RMSE of the exact posterior mean", range=[0.995, highest + 0.005]),
            shapes=[named(entries.STEPS_NOW, upright)],
            margin={"l": 62, "r": 12, "t": TOP, "b": 40},
        ),
    }
