"""The slice of the Landscape page: the loss along the line through the candidate, and the spikes at each valley."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.problem.slice import Slice
from core.symbols import symbol_of
from dashboard.figures.style import (
    CANDIDATE,
    MAP,
    MUTED,
    SMALL,
    TRUTH,
    array,
    axis,
    dots,
    layout,
    legend_entry,
    line,
    mark,
    named,
)

LABELS = 12  # numbers of spikes at most; where there are fewer, the rest are written as nothing
NOTHING = "\u200b"  # of no width: a label that is empty would be no element that can move
LABEL_DROP = 0.08  # of the axis, below the valley, where a mark may stand
STAYS = 0.3  # of the other unknown's change
APART = 0.05  # of the axis: numbers closer together would lie over each other

Array = NDArray[np.float64]


def along(direction: Array, bounds: Array, before: int | None = None) -> int:
    """Return the unknown over which the slice is drawn: the one that changes more, as a share of its bounds, (2, 2).

    direction: of the line, (2,).
    before: the unknown over which it is drawn already; it stays unless the other one changes far more.
    """
    moved = np.abs(direction) / (bounds[:, 1] - bounds[:, 0])
    most = int(np.argmax(moved))
    return most if before is None or moved[before] < STAYS * moved[most] else before


def _labels(found: Slice, x: Array, width: float) -> tuple[Array, Array, list[str]]:
    """Return where the numbers of spikes stand, (LABELS,) each, and what they are, from the candidate outwards."""
    kept: list[int] = []
    for place in sorted(found.valleys.tolist(), key=lambda place: abs(float(found.shares[place]))):
        if all(abs(x[place] - x[other]) > APART * width for other in kept) and len(kept) < LABELS:
            kept.append(place)
    rest = LABELS - len(kept)
    return (
        np.append(x[kept], np.full(rest, x[0])),
        np.append(found.loss[kept], np.zeros(rest)),
        [str(found.spikes[place]) for place in kept] + [NOTHING] * rest,
    )


def _top(highest: float) -> float:
    """Return the top of the axis, which changes rarely so that it stands still in most drags of the problem."""
    step = 10.0 ** np.floor(np.log10(max(highest, 1.0)))
    return float(step * next(each for each in (1, 1.5, 2, 3, 5, 7, 10) if each * step >= highest))


def slice_plot(
    found: Slice, unknown: tuple[str, ...], bounds: Array, target: str, k: int, highest: float
) -> dict[str, Any]:
    """Draw the loss along a slice from the candidate, at share 0, to the target, at share 1, and beyond.

    target: what stands there, "truth" or "MAP".
    k: the unknown on the axis.
    highest: the loss that the axis reaches up to, at least.
    """
    low, high = (float(edge) for edge in bounds[k])
    x = found.points[:, k]
    finite = np.isfinite(found.loss)
    losses = np.where(finite, found.loss, np.nan)
    top = _top(highest)
    label_x, label_y, labels = _labels(found, x, high - low)
    shapes = [dots(MUTED, x[found.valleys], losses[found.valleys], 5)]
    traces = [
        line("loss J", TRUTH, 1.4, x=array(x), y=array(losses), hoverinfo="skip", showlegend=False),
        {
            "type": "scatter",
            "mode": "text",
            "name": "spikes",
            "x": array(label_x),
            "y": array(label_y - LABEL_DROP * top),
            "text": labels,
            "textposition": "bottom center",
            "textfont": {"size": SMALL, "color": TRUTH},
            "hoverinfo": "skip",
            "showlegend": False,
            "cliponaxis": False,
        },
    ]
    for name, symbol, colour, edge, share in (
        (target, *(("star", "#FFFFFF", "#000000") if target == "truth" else ("x", MAP, "#FFFFFF")), 1.0),
        ("candidate", "circle", CANDIDATE, "#000000", 0.0),
    ):
        place = int(np.abs(found.shares - share).argmin())
        at = (float(x[place]), float(losses[place]) if finite[place] else top)
        shapes.append(named(name, mark(symbol, colour, at, edge)))
        traces.append(legend_entry(name, symbol, colour, edge))
    return {
        "data": traces,
        "layout": layout(
            "Slice of J: spikes in each valley",
            axis(f"{symbol_of(unknown[k])} along the line", range=[low, high]),
            axis("J", range=[-0.2 * top, top], tickformat="~s", nticks=5),
            shapes=shapes,
            margin={"l": 46, "r": 10, "t": 46, "b": 40},
        ),
    }
