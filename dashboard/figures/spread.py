"""Bias and spread of estimators as marks: how far they are off on average, and how far noise moves them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dashboard.figures.palette import translucent
from dashboard.figures.style import MUTED, Look, array, axis, layout, legend_entry, log_axis, mark, markers, named
from dashboard.wording.entries import BIAS, SPREAD
from dashboard.wording.numbers import compact

REACH = (2e-4, 2.0)  # of the axis, a distance on the plane of θ; what lies beyond stands at its end
EDGE = 0.1  # powers of ten from the last place of a mark to the end of the axis
PALE = 0.4  # opacity of a spread
SIZE = 0.75  # of a mark, in usual ones


def bias_and_spread(rows: Sequence[tuple[str, Look]], values: Mapping[str, tuple[float, float]]) -> dict[str, Any]:
    """Draw two marks for each estimator: its bias, a circle, and its spread, a square, both distances on the plane.

    rows: name and look, from above. values: bias and spread by name; who has none, or zero, has no mark.
    """
    shapes, places, heights, hover = [], [], [], []
    for i, (name, look) in enumerate(rows):
        for kind, symbol, colour, value in zip(
            (SPREAD, BIAS),
            ("square", "circle"),
            (translucent(look.colour, PALE), look.colour),
            values.get(name, (np.nan, np.nan))[::-1],
            strict=True,
        ):
            is_seen = np.isfinite(value) and value > 0  # zero has no place on a logarithmic axis
            at = float(np.clip(value, *REACH)) if is_seen else REACH[1] ** 2 / REACH[0]
            shapes.append(named(kind, mark(symbol, colour, (at, i), look.colour, SIZE)))
            places.append(at)
            heights.append(i)
        bias, spread = values.get(name, (np.nan, np.nan))
        hover += 2 * [f"{name}: bias {compact(bias, 2)}, spread {compact(spread, 2)}" if name in values else ""]
    data = [
        legend_entry(BIAS, "circle", MUTED),
        legend_entry(SPREAD, "square", translucent(MUTED, PALE), MUTED),
        # Shapes have no labels of their own.
        markers("", "rgba(0,0,0,0)", "square", 14, x=array(places), y=array(heights), text=hover,
                hovertemplate="%{text}<extra></extra>", showlegend=False, meta={"rests": True}),
    ]  # fmt: skip
    ends = [float(np.log10(REACH[0])) - EDGE, float(np.log10(REACH[1])) + EDGE]
    names = {"tickvals": list(range(len(rows))), "ticktext": [name for name, _ in rows]}
    return {
        "data": data,
        "layout": layout(
            "Bias and spread under new noise",
            {**log_axis("distance on the plane of θ", range=ends), "nticks": 5},
            axis("estimator", range=[len(rows) - 0.4, -0.6], **names),
            shapes=shapes,
            margin={"l": 36 + 7 * max(len(name) for name, _ in rows), "r": 12, "t": 48, "b": 40},
        ),
    }
