"""How optimisers race: each method's line and mark, its path on the map, and its loss against the evaluations."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.learned_optimiser.kind import LEARNED
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
    LEARNED: ("5px,3px", _SECOND, "hexagon"),
    "Nelder–Mead": ("5px,3px", themed("without-derivatives"), "triangle-up"),
    "Differential evolution": ("2px,3px", themed("global"), "hourglass"),
}

Drawn = tuple[list[dict[str, Any]], list[dict[str, Any]]]


# What runs beside the optimisers: its name, its look, and its evaluations and losses, (k,).
Way = tuple[str, Look, NDArray[np.int64], NDArray[np.float64]]


def look_of(method: str) -> Look:
    """Return how a method is drawn."""
    dash, colour, symbol = LOOKS[method]
    return Look(colour, symbol, dash=dash)


def sign(method: str) -> dict[str, str]:
    """Return what the browser draws beside a method's name: colour, dashes and the outline of its mark."""
    return sign_of(look_of(method))


def runner(
    name: str,
    look: Look,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    clock: NDArray[np.int64],
    n_shapes: int,
    ends: bool = True,
) -> Drawn:
    """Draw a path along x, y (k,) with its head and the cross at its end, and let it grow with the clock (k,).

    n_shapes: how many stand in the figure before it. ends: whether it comes to an end that a cross marks.
    """
    colour = look.colour
    end = float(x[-1]), float(y[-1])
    trace = line(
        name,
        colour,
        2,
        x=array(x),
        y=array(y),
        line={"dash": look.dash},
        meta={"clock": array(np.maximum(clock, 1)), "head": n_shapes, **({"end": n_shapes + 1} if ends else {})},
        hovertemplate=f"{name}<extra></extra>",
        showlegend=False,
        legendgroup="",  # what the page’s legend isolates leaves the race as it is
    )
    cross = [mark("x", "#FFFFFF", end, colour, 0.75)] if ends else []
    return [trace], [mark(look.symbol, colour, end, "#FFFFFF"), *cross]


def on_map(paths: Sequence[OptimiserPath], n_shapes: int) -> Drawn:
    """Draw the paths on the map, with a ring at each start; n_shapes: how many stand in it before."""
    starts = dict.fromkeys((float(path.positions[0, 0]), float(path.positions[0, 1])) for path in paths)
    traces: list[dict[str, Any]] = []
    shapes = [mark("circle", "#FFFFFF", start, "#000000", 0.6) for start in starts]
    for path in paths:
        x, y = path.positions.T
        drawn = runner(path.method, look_of(path.method), x, y, path.evaluations, n_shapes + len(shapes))
        # A label of one of them would stay on the common start, where the pointer has clicked.
        traces += [{**trace, "hoverinfo": "skip", "hovertemplate": ""} for trace in drawn[0]]
        shapes += drawn[1]
    if paths:
        traces.append(saved(legend_entry("start", "circle", "#FFFFFF", "#000000")))
    return traces + entries_of([(path.method, look_of(path.method)) for path in paths]), shapes


def entries_of(looks: Sequence[tuple[str, Look]]) -> list[dict[str, Any]]:
    """Return the legend's entries of what races, (name, look), and of the ends."""
    entries = []
    for name, look in dict(looks).items():
        entry = legend_entry(name, look.symbol, look.colour)
        entries.append({
            **entry, "mode": "lines+markers", "line": {"color": look.colour, "width": 2, "dash": look.dash},
        })  # fmt: skip
    if looks:
        entries.append(legend_entry("end", "x", "#FFFFFF", "#000000"))
    return [saved(entry) for entry in entries]


def course(paths: Sequence[OptimiserPath], lowest: float, beside: Sequence[Way] = ()) -> dict[str, Any]:
    """Draw log₁₀(J − lowest + 1) along each path against the evaluations, over a logarithmic axis; beside: others."""
    ways = [*((path.method, look_of(path.method), path.evaluations, path.losses) for path in paths), *beside]
    traces: list[dict[str, Any]] = []
    shapes: list[dict[str, Any]] = []
    most, top = 10.0, 1.0
    for i, (name, look, evaluations, losses) in enumerate(ways):
        finite = np.isfinite(losses)
        if not np.any(finite):
            continue
        clock = np.maximum(evaluations[finite], 1)
        heights = np.log10(np.maximum(losses[finite] - lowest, 0) + 1)
        most, top = max(most, float(clock[-1])), max(top, float(np.max(heights)))
        drawn = runner(name, look, clock.astype(float), heights, clock, len(shapes), i < len(paths))
        traces += drawn[0]
        shapes += drawn[1]
    return {
        "data": [*traces, *entries_of([(name, look) for name, look, _, _ in ways])] or [nothing()],
        "layout": layout(
            "Loss along each path",
            log_axis("evaluations of the loss", range=[0, float(np.log10(most)) * 1.03]),
            axis("log₁₀(J − lowest + 1)", range=[-0.15, float(np.ceil(2 * top)) / 2]),
            shapes=shapes,
            margin={"l": 46, "r": 10, "t": 30, "b": 38},
        ),
    }
