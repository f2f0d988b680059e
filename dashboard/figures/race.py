"""How optimisers race: each method's line and mark, its path on the map, and its loss against the evaluations."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.optimisation.path import OptimiserPath
from dashboard.figures.palette import themed
from dashboard.figures.style import (
    Look,
    array,
    axis,
    layout,
    legend_entry,
    line,
    log_axis,
    mark,
    nothing,
    saved,
    sign_of,
)

REACHED = 0.5  # above the lowest loss, within which a run has reached it: as likely within a factor of e^½
_FIRST, _SECOND = themed("first-order"), themed("second-order")
# Dashes in pixels, the colour of the family, and the mark.
LOOKS: dict[str, tuple[str, str, str]] = {
    "Gradient descent": ("solid", _FIRST, "triangle-down"),
    "Adam": ("2px,3px", _FIRST, "bowtie"),
    "L-BFGS-B": ("9px,3px", _FIRST, "square"),
    "Newton": ("9px,3px,2px,3px", _SECOND, "pentagon"),
    "Levenberg–Marquardt": ("solid", _SECOND, "diamond"),
    "Nelder–Mead": ("5px,3px", themed("without-derivatives"), "triangle-up"),
    "Differential evolution": ("2px,3px", themed("global"), "hourglass"),
}

Drawn = tuple[list[dict[str, Any]], list[dict[str, Any]]]


def sign(method: str) -> dict[str, str]:
    """Return what the browser draws beside a method's name: colour, dashes and the outline of its mark."""
    dash, colour, symbol = LOOKS[method]
    return sign_of(Look(colour, symbol, dash=dash))


def runner(
    path: OptimiserPath,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    clock: NDArray[np.int64],
    n_shapes: int,
) -> Drawn:
    """Draw a path along x, y (k,) with its head and the cross at its end, and let it grow with the clock (k,).

    n_shapes: how many stand in the figure before it.
    """
    dash, colour, symbol = LOOKS[path.method]
    end = float(x[-1]), float(y[-1])
    trace = line(
        path.method,
        colour,
        2,
        x=array(x),
        y=array(y),
        line={"dash": dash},
        meta={"clock": array(np.maximum(clock, 1)), "head": n_shapes, "end": n_shapes + 1},
        hovertemplate=f"{path.method}<extra></extra>",
        showlegend=False,
        legendgroup="",  # what the page’s legend isolates leaves the race as it is
    )
    return [trace], [mark(symbol, colour, end, "#FFFFFF"), mark("x", "#FFFFFF", end, colour, 0.75)]


def on_map(paths: Sequence[OptimiserPath], n_shapes: int) -> Drawn:
    """Draw the paths on the map, with a ring at each start; n_shapes: how many stand in it before."""
    starts = dict.fromkeys((float(path.positions[0, 0]), float(path.positions[0, 1])) for path in paths)
    traces: list[dict[str, Any]] = []
    shapes = [mark("circle", "#FFFFFF", start, "#000000", 0.6) for start in starts]
    for path in paths:
        x, y = path.positions.T
        drawn = runner(path, x, y, path.evaluations, n_shapes + len(shapes))
        # A label of one of them would stay on the common start, where the pointer has clicked.
        traces += [{**trace, "hoverinfo": "skip", "hovertemplate": ""} for trace in drawn[0]]
        shapes += drawn[1]
    if paths:
        traces.append(saved(legend_entry("start", "circle", "#FFFFFF", "#000000")))
    return traces + _entries(paths), shapes


def _entries(paths: Sequence[OptimiserPath]) -> list[dict[str, Any]]:
    """Return the legend's entries of the methods that race, and of their ends."""
    entries = []
    for method in dict.fromkeys(path.method for path in paths):
        dash, colour, symbol = LOOKS[method]
        entry = legend_entry(method, symbol, colour)
        entries.append({**entry, "mode": "lines+markers", "line": {"color": colour, "width": 2, "dash": dash}})
    if paths:
        entries.append(legend_entry("end", "x", "#FFFFFF", "#000000"))
    return [saved(entry) for entry in entries]


def course(paths: Sequence[OptimiserPath], lowest: float) -> dict[str, Any]:
    """Draw log₁₀(J − lowest + 1) along each path against the evaluations, over a logarithmic axis."""
    traces: list[dict[str, Any]] = []
    shapes: list[dict[str, Any]] = []
    most, top = 10.0, 1.0
    for path in paths:
        finite = np.isfinite(path.losses)
        if not np.any(finite):
            continue
        clock = np.maximum(path.evaluations[finite], 1)
        heights = np.log10(np.maximum(path.losses[finite] - lowest, 0) + 1)
        most, top = max(most, float(clock[-1])), max(top, float(np.max(heights)))
        drawn = runner(path, clock, heights, clock, len(shapes))
        traces += drawn[0]
        shapes += drawn[1]
    return {
        "data": [*traces, *_entries(paths)] or [nothing()],
        "layout": layout(
            "Loss along each path",
            log_axis("evaluations of the loss", range=[0, float(np.log10(most)) * 1.03]),
            axis("log₁₀(J − lowest + 1)", range=[-0.15, float(np.ceil(2 * top)) / 2]),
            shapes=shapes,
            margin={"l": 46, "r": 10, "t": 30, "b": 38},
        ),
    }
