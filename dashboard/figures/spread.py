"""Bias and spread of estimators as bars: how far they are off on average, and how far noise moves them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dashboard.figures.palette import translucent
from dashboard.figures.style import MUTED, Look, array, axis, layout, legend_entry, log_axis, markers, named
from dashboard.wording.entries import BIAS, SPREAD
from dashboard.wording.numbers import percent

REACH = (0.1, 300.0)  # of the axis, in per cent of the standard deviation of the prior
_HALF = 0.17  # of a bar, in rows
PALE = 0.4  # opacity of a spread


def bias_and_spread(rows: Sequence[tuple[str, Look]], values: Mapping[str, tuple[float, ...]]) -> dict[str, Any]:
    """Draw two bars for each estimator: bias above spread, in standard deviations of the prior.

    rows: name and look, from above. values: bias and spread by name; who has none keeps an empty row.
    """
    shapes, ends, heights, hover = [], [], [], []
    for i, (name, look) in enumerate(rows):
        bias, spread = values.get(name, (0.0, 0.0))
        bars = ((BIAS, bias, i - 0.2, look.colour), (SPREAD, spread, i + 0.2, translucent(look.colour, PALE)))
        for kind, value, at, colour in bars:
            shapes.append(named(kind, _bar(value, at, colour, look.colour)))
            ends.append(float(np.clip(100 * value, *REACH)))
            heights.append(at)
        label = f"{name}: bias {_share(bias)}, spread {_share(spread)}"
        hover += [label, label] if name in values else ["", ""]
    data = [
        legend_entry(BIAS, "square", MUTED),
        legend_entry(SPREAD, "square", translucent(MUTED, PALE), MUTED),
        # Shapes have no labels of their own.
        markers("", "rgba(0,0,0,0)", "square", 14, x=array(ends), y=array(heights), text=hover,
                hovertemplate="%{text}<extra></extra>", showlegend=False, meta={"rests": True}),
    ]  # fmt: skip
    names = {"tickvals": list(range(len(rows))), "ticktext": [name for name, _ in rows]}
    return {
        "data": data,
        "layout": layout(
            "Bias and spread under new noise",
            log_axis("% of the prior’s sd", range=np.log10(REACH).tolist()),
            axis("estimator", range=[len(rows) - 0.4, -0.6], showgrid=False, **names),
            shapes=shapes,
            margin={"l": 36 + 7 * max(len(name) for name, _ in rows), "r": 12, "t": 48, "b": 40},
        ),
    }


def _bar(value: float, at: float, colour: str, edge: str) -> dict[str, Any]:
    """Return a bar from the left of the plot to a value, as a path, which moves under the hand without Plotly."""
    start, end = REACH[0], float(np.clip(100 * value, *REACH))
    low, high = at - _HALF, at + _HALF
    path = f"M{start:g},{low:g}L{end:.6g},{low:g}L{end:.6g},{high:g}L{start:g},{high:g}Z"
    return {"type": "path", "path": path, "fillcolor": colour, "line": {"color": edge, "width": 1}, "layer": "above"}


def _share(value: float) -> str:
    return percent(value, 1) if value < 0.1 else percent(value)
