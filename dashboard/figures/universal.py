"""Perturbations for many traces: one of them over time, and how far each way of making them moves the maps."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.experiments.estimators import ASCENT, FIRST_LAYER, LAST_LAYER, RANDOM_CHANGE, STACKED
from core.experiments.labels import REGIME_LABELS
from dashboard.figures.style import (
    CANDIDATE,
    MUTED,
    TRUTH,
    Look,
    array,
    axis,
    grid,
    layout,
    line,
    log_axis,
    markers,
    reach,
)
from dashboard.wording.numbers import compact

WAYS = (RANDOM_CHANGE, FIRST_LAYER, LAST_LAYER, STACKED, ASCENT)
_SIGNS = dict(zip(WAYS, ("square-open", "circle-open", "circle", "diamond", "star"), strict=True))
_COLOURS = dict(zip(WAYS, (MUTED, TRUTH, TRUTH, CANDIDATE, CANDIDATE), strict=True))

Array = NDArray[np.float64]


def direction(times: Array, values: Array, look: Look, name: str, size: float) -> dict[str, Any]:
    """Draw a perturbation, (n_times,), over time, to the scale of a trace with noise."""
    return {
        "data": [line(name, look.colour, 1.4, y=array(values), **grid(times), line={"dash": look.dash})],
        "layout": layout(
            f"δ of size {compact(size)}, made for {name}",
            axis("t [ms]", hoverformat=".1f"),
            axis("δ", range=reach(values, (-1.0, 1.0)), hoverformat=".3f"),
            showlegend=False,
        ),
    }


def methods(moved: Mapping[str, Sequence[float]], names: Sequence[str]) -> dict[str, Any]:
    """Draw the median movement of each map, in sds, by each way of making a perturbation for it."""
    traces = [
        markers(
            label, _COLOURS[way], _SIGNS[way], 9, x=list(names), y=list(moved[label]),
            hovertemplate="%{x}: %{y:.2~g} sd", marker={"line": {"width": 1.6, "color": _COLOURS[way]}},
        )
        for way, label in ((way, REGIME_LABELS[way]) for way in WAYS)
    ]  # fmt: skip
    return {
        "data": traces,
        "layout": layout(
            "Ways to make δ, each on its own map",
            axis("", type="category", tickangle=-35, showgrid=True),
            log_axis("moved [sd]", range=[-1, 3.3]),
            margin={"l": 58, "r": 12, "t": 72, "b": 104},
        ),
    }
