"""Cures of a map: how far the worst perturbation of each size moves its estimates, and how often that is noticed."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dashboard.figures.style import TRUTH, Look, axis, layout, line, line_entry, log_axis
from dashboard.wording import entries
from dashboard.wording.numbers import compact

SIZES = (2.5, 38.0)
MOVEMENTS = (2.0, 6000.0)  # sds that the axis reaches over

Curve = tuple[Look, Sequence[float]]


def worst(sizes: Sequence[float], moved: Mapping[str, Curve]) -> dict[str, Any]:
    """Draw the median movement in sds by the worst perturbation of each size, by name."""
    shown = "size %{x:.3~g}: %{y:.3~g} sd"
    traces = [
        _curve(name, look, values, sizes, look.dash, hovertemplate=shown) for name, (look, values) in moved.items()
    ]
    return {
        "data": traces,
        "layout": layout(
            "The worst perturbation of each size",
            _sizes("size of the perturbation", sizes),
            log_axis("moved [sd]", range=np.log10(MOVEMENTS).tolist()),
            showlegend=False,
        ),
    }


def alarms(sizes: Sequence[float], scored: Mapping[str, Curve], rejected: Mapping[str, Curve]) -> dict[str, Any]:
    """Draw the shares of the same perturbations with a score above 1, and that the predictive check rejects."""
    traces = [line_entry(entries.SCORE_ALARM, TRUTH), line_entry(entries.PREDICTIVE_ALARM, TRUTH, "dot")]
    for found, dash, alarm in ((scored, "solid", entries.SCORE_ALARM), (rejected, "dot", entries.PREDICTIVE_ALARM)):
        told = {"hovertemplate": "size %{x:.3~g}: %{y:.0%}", "showlegend": False, "legendgroup": alarm}
        traces += [_curve(name, look, shares, sizes, dash, **told) for name, (look, shares) in found.items()]
    return {
        "data": traces,
        "layout": layout(
            "How often it raises an alarm",
            _sizes("size of the perturbation", sizes),
            axis("share of traces", range=[-0.03, 1.03], tickformat=".0%"),
            margin={"l": 58, "r": 12, "t": 72, "b": 40},
        ),
    }


def _sizes(title: str, sizes: Sequence[float]) -> dict[str, Any]:
    ticks = {"tickvals": list(sizes), "ticktext": [compact(size) for size in sizes]}
    return axis(title, type="log", range=np.log10(SIZES).tolist(), **ticks)


def _curve(
    name: str, look: Look, values: Sequence[float], sizes: Sequence[float], dash: str = "solid", **trace: Any
) -> dict[str, Any]:
    marker = {"symbol": f"{look.symbol}-open" if look.hollow else look.symbol, "size": 9, "color": look.colour}
    return line(
        name, look.colour, 1.6, x=list(sizes), y=list(values), mode="lines+markers", line={"dash": dash}, marker=marker,
        **trace,
    )  # fmt: skip
