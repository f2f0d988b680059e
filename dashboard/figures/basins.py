"""Where many starts end: the basins over the plane of starts, and the waterfall of their final losses."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.optimisation.basins import Basins
from core.symbols import symbol_of
from dashboard.figures.race import REACHED
from dashboard.figures.style import (
    LIMIT,
    array,
    axis,
    layout,
    legend_entry,
    mark,
    markers,
    named,
    nothing,
    path_of,
    saved,
)
from dashboard.wording.numbers import count, tenths

Point = tuple[float, float]
# Pale tones after Paul Tol, fit for colour-blind eyes, for the widest basins beside that of the global minimum.
TONES = ("#77AADD", "#EE8866", "#EEDD88", "#FFAABB", "#99DDFF", "#BBCC33", "#AAAA00")
OTHERS = "#A9A9A9"
NOWHERE = "#4D4D4D"  # ended, but not in a minimum


def is_global(basins: Basins, lowest: float) -> bool:
    """Say whether the lowest minimum is the global one as far as is known; lowest: the lowest loss that is known."""
    return bool(basins.minima) and basins.minima[0].loss <= lowest + REACHED


def tones(basins: Basins, lowest: float) -> dict[int, str]:
    """Return the colour of the minima that have one, by number from 0, rising: the global one and the widest others."""
    widest = sorted(range(len(basins.minima)), key=lambda number: -basins.minima[number].share)
    own = {}
    if is_global(basins, lowest):
        own[0] = LIMIT
        widest.remove(0)
    own |= dict(zip(widest, TONES, strict=False))
    return dict(sorted(own.items()))


def _said(basins: Basins, i: int, lowest: float) -> str:
    """Return what the pointer is told of a start."""
    if basins.evaluations[i] == 0:
        return "not yet run"
    label = basins.labels[i]
    cost = f"after {count(basins.evaluations[i])} evaluations"
    if label < 0:
        return f"ends in no minimum {cost}"
    gap = max(basins.losses[i] - lowest, 0.0)
    return f"ends in minimum {label + 1}, {tenths(gap)} above the lowest, {cost}"


def _colours(basins: Basins, lowest: float) -> list[str]:
    """Return the colour of each start."""
    of_minima = tones(basins, lowest)
    return [of_minima.get(int(label), OTHERS) if label >= 0 else NOWHERE for label in basins.labels]


def _entries(basins: Basins, lowest: float) -> list[dict[str, Any]]:
    """Return the legend's entries of the colours that occur."""
    names = {colour: f"minimum {number + 1}" for number, colour in tones(basins, lowest).items()}
    names |= {OTHERS: "another minimum", NOWHERE: "no minimum"}
    found = {colour for colour, run in zip(_colours(basins, lowest), basins.evaluations > 0, strict=True) if run}
    return [saved(legend_entry(name, "square", colour)) for colour, name in names.items() if colour in found]


def _on_grid(starts: NDArray[np.float64]) -> bool:
    return np.unique(starts[:, 0]).size ** 2 == len(starts)


def edges(basins: Basins) -> str:
    """Return the path along the edges between cells of starts on a grid that end in different minima; "" for none.

    A cell that has not run has no edges.
    """
    if not _on_grid(basins.starts):
        return ""
    n = round(len(basins.starts) ** 0.5)
    labels, run = basins.labels.reshape(n, n), (basins.evaluations > 0).reshape(n, n)
    x, y = basins.starts[:n, 0], basins.starts[::n, 1]
    half = 0.5 * (x[1] - x[0]), 0.5 * (y[1] - y[0])
    sides = []
    for row, column in np.argwhere((labels[:, 1:] != labels[:, :-1]) & run[:, 1:] & run[:, :-1]):
        across = x[column] + half[0]
        sides.append(path_of([(across, y[row] - half[1]), (across, y[row] + half[1])]))
    for row, column in np.argwhere((labels[1:] != labels[:-1]) & run[1:] & run[:-1]):
        up = y[row] + half[1]
        sides.append(path_of([(x[column] - half[0], up), (x[column] + half[0], up)]))
    return "".join(sides)


def _cells(basins: Basins, said: list[str], of_starts: list[str]) -> dict[str, Any]:
    """Return the starts of an n × n grid as cells; those that have not run stay clear."""
    n = round(len(basins.starts) ** 0.5)
    colours = [NOWHERE, OTHERS, LIMIT, *TONES]
    z = np.array([colours.index(colour) for colour in of_starts], dtype=float)
    z[basins.evaluations == 0] = np.nan
    edges = np.linspace(0, 1, len(colours) + 1)
    return {
        "type": "heatmap",
        "x": array(basins.starts[:n, 0]),
        "y": array(basins.starts[::n, 1]),
        "z": array(z.reshape(n, n)),
        "text": [said[row * n : (row + 1) * n] for row in range(n)],
        "colorscale": [[edge, colour] for i, colour in enumerate(colours) for edge in (edges[i], edges[i + 1])],
        "zmin": -0.5,
        "zmax": len(colours) - 0.5,
        "showscale": False,
    }


def _dots(basins: Basins, said: list[str], of_starts: list[str]) -> dict[str, Any]:
    """Return the starts that have run as dots."""
    run = np.flatnonzero(basins.evaluations)
    x, y = basins.starts[run].T
    dots = markers("", "", "circle", 6, x=array(x), y=array(y), text=[said[i] for i in run], showlegend=False)
    return {**dots, "marker": {"size": 6, "color": [of_starts[i] for i in run]}}


def _plane(title: str, axes: Sequence[str], bounds: NDArray[np.float64], **settings: Any) -> dict[str, Any]:
    x_name, y_name = (symbol_of(name) for name in axes)
    return layout(
        title,
        axis(x_name, range=[float(edge) for edge in bounds[0]], showgrid=False),
        axis(y_name, range=[float(edge) for edge in bounds[1]], showgrid=False),
        margin={"l": 46, "r": 10, "t": 30, "b": 38},
        **settings,
    )


def empty(axes: Sequence[str], bounds: NDArray[np.float64], hint: str) -> dict[str, Any]:
    """Draw the plane of starts with a hint in its middle."""
    note = {"text": hint, "xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5, "showarrow": False}
    return {
        "data": [nothing()],
        "layout": _plane("Which minimum is reached from where", axes, bounds, annotations=[note]),
    }


def basin_map(
    basins: Basins, axes: Sequence[str], bounds: NDArray[np.float64], lowest: float, truth: Point | None
) -> dict[str, Any]:
    """Draw which minimum each start, (n, 2), ends in, over the bounds (2, 2): as cells of a grid, or as dots.

    lowest: the lowest loss that is known.
    """
    said = [_said(basins, i, lowest) for i in range(len(basins.starts))]
    draw = _cells if _on_grid(basins.starts) else _dots
    starts = draw(basins, said, _colours(basins, lowest))
    coloured = list(tones(basins, lowest))
    numbers = {
        "type": "scatter",
        "mode": "text",
        "x": array([basins.minima[number].position[0] for number in coloured]),
        "y": array([basins.minima[number].position[1] for number in coloured]),
        "text": [f"<b>{number + 1}</b>" for number in coloured],
        "textfont": {"color": "#000000", "size": 12, "shadow": "0 0 3px #FFFFFF, 0 0 3px #FFFFFF, 0 0 5px #FFFFFF"},
        "hoverinfo": "skip",
        "cliponaxis": False,
        "showlegend": False,
    }
    entries = _entries(basins, lowest)
    shapes = []
    if truth is not None and np.all((bounds[:, 0] <= truth) & (truth <= bounds[:, 1])):
        shapes.append(named("truth", mark("star", "#FFFFFF", truth, "#000000")))
        entries.append(saved(legend_entry("truth", "star", "#FFFFFF", "#000000")))
    hover = "start %{x:.3f}, %{y:.3f}: %{text}<extra>click: start here</extra>"
    return {
        "data": [{**starts, "hovertemplate": hover}, numbers, *entries],
        "layout": _plane(f"Which minimum {basins.method} reaches from where", axes, bounds, shapes=shapes),
    }


def waterfall(basins: Basins | None, lowest: float) -> dict[str, Any]:
    """Draw the final losses above the lowest known, sorted: each step is a minimum, as wide as starts end there."""
    traces, n, top = [nothing()], 1, 1.0
    if basins is not None:
        ended = np.flatnonzero(np.isfinite(basins.losses) & (basins.evaluations > 0))
        order = ended[np.argsort(basins.losses[ended], kind="stable")]
        heights = np.log10(np.maximum(basins.losses[order] - lowest, 0) + 1)
        colours = _colours(basins, lowest)
        trace = markers(
            "",
            "",
            "circle",
            x=array(np.arange(1, order.size + 1)),
            y=array(heights),
            text=[_said(basins, i, lowest) for i in order],
            hovertemplate="%{text}<extra></extra>",
            showlegend=False,
        )
        trace["marker"] = {"size": 5, "color": [colours[i] for i in order]}
        traces = [trace, *_entries(basins, lowest)]
        n, top = len(basins.starts), max(top, 1.05 * float(np.max(heights, initial=0.0)))
    return {
        "data": traces,
        "layout": layout(
            "Waterfall: final losses, sorted",
            axis("start, from the best end to the worst", range=[0, n + 1]),
            axis("log₁₀(J − lowest + 1)", range=[-0.15, top]),
            margin={"l": 46, "r": 10, "t": 30, "b": 38},
        ),
    }
