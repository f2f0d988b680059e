"""How maps do on many test samples: against the noise, against N, over the plane of θ, and how often regions hold."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.symbols import symbol_of
from dashboard.figures.style import (
    FAINT,
    TRUTH,
    Look,
    array,
    axis,
    layout,
    line,
    log_axis,
    markers,
    named,
    upright_entry,
)
from dashboard.wording.entries import SIGMA_NOW
from dashboard.wording.numbers import compact

MEDIAN_APE = "Median-APE [%]"
FURTHEST = 1e9  # a height that no axis reaches
_SCALE = (-2.4, 0.4)  # powers of ten of the errors that colours tell apart, the same for every map

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Curve:
    """A line of figures: the name of who they are of, its look, and the values, (n,), NaN where there is none."""

    name: str
    look: Look
    values: Array


def drawn(each: Curve, x: Array, size: float = 7, scale: float = 1.0, **trace: Any) -> dict[str, Any]:
    """Return a curve times a scale as a trace of lines with a mark, so many pixels wide, at each value."""
    colour, symbol = each.look.colour, "circle-open" if each.look.hollow else "circle"
    return line(
        each.name,
        colour,
        2,
        mode="lines+markers",
        x=array(x),
        y=array(scale * each.values),
        line={"dash": each.look.dash},
        marker={"size": size, "color": colour, "symbol": symbol},
        **trace,
    )


def around(values: ArrayLike) -> list[float]:
    """Return the range of a logarithmic axis that holds all values."""
    return [float(np.log10(np.nanmin(values))) - 0.08, float(np.log10(np.nanmax(values))) + 0.08]


def against_noise(levels: Array, curves: Sequence[Curve], sigma: float) -> dict[str, Any]:
    """Draw the error at each noise level, (n,) in ms; sigma: that of the sidebar, which is marked."""
    # A path slides under the hand where a line would be drawn anew.
    path = f"M{sigma:.6g},{1 / FURTHEST:g}L{sigma:.6g},{FURTHEST:g}"
    upright = {"type": "path", "path": path, "layer": "below", "line": {"color": TRUTH, "width": 1}}
    traces = [drawn(each, levels, scale=100, hovertemplate="σ = %{x:.3g} ms: %{y:.2~g} %") for each in curves]
    return {
        "data": [*traces, upright_entry(SIGMA_NOW, TRUTH)],
        "layout": layout(
            "Error against the noise of the test traces",
            axis("σ [ms]", range=[0.0, 1.04 * float(levels.max())]),
            log_axis(MEDIAN_APE, range=around(100 * np.concatenate([each.values for each in curves]))),
            shapes=[named(SIGMA_NOW, upright)],
            margin={"l": 58, "r": 12, "t": 48, "b": 40},
        ),
    }


def against_samples(counts: Array, curves: Sequence[Curve], limit: Curve | None, title: str) -> dict[str, Any]:
    """Draw the error against the number of training samples, (n,); limit: what it cannot fall below, one value."""
    traces = [drawn(each, counts, scale=100, hovertemplate="N = %{x:,}: %{y:.2~g} %") for each in curves]
    ends = np.array([counts.min() / 10**0.08, counts.max() * 10**0.08])
    if limit is not None:
        floor = replace(limit, values=np.repeat(limit.values, 2))
        traces.append({**drawn(floor, ends, scale=100, hovertemplate="%{y:.2~g} %"), "mode": "lines"})
    heights = np.concatenate([each.values for each in (*curves, *([] if limit is None else [limit]))])
    return {
        "data": traces,
        "layout": layout(
            title,
            log_axis("training samples N", range=np.log10(ends).tolist()),
            log_axis(MEDIAN_APE, range=around(100 * heights)),
            margin={"l": 58, "r": 12, "t": 48, "b": 40},
        ),
    }


def errors(names: tuple[str, str], truth: Array, values: Array, bounds: Array, title: str) -> dict[str, Any]:
    """Draw test samples at their true parameters, (n, 2), in the prior's box, (2, 2), coloured by error, (n,)."""
    # The largest last, on top.
    order = np.argsort(values, kind="stable")
    powers = np.arange(np.ceil(_SCALE[0]), np.floor(_SCALE[1]) + 1)
    dots = markers(
        "",
        "",
        "circle",
        x=array(truth[order, 0]),
        y=array(truth[order, 1]),
        customdata=order.tolist(),
        text=[compact(value, 2) for value in values[order]],
        hovertemplate="%{x:.3f}, %{y:.3f}: error %{text}<extra>click: open on Neuron</extra>",
        showlegend=False,
    )
    dots["marker"] = {
        "size": 5,
        "color": array(np.log10(np.maximum(values[order], 10.0 ** _SCALE[0]))),
        "colorscale": "Viridis",
        "cmin": _SCALE[0],
        "cmax": _SCALE[1],
        "colorbar": {
            "title": {"text": "error [sd of the prior]", "side": "right", "font": {"size": 11}},
            "thickness": 10,
            "outlinewidth": 0,
            "tickvals": powers.tolist(),
            "ticktext": [compact(10.0**power) for power in powers],
        },
    }
    ranges = (bounds + 0.02 * (bounds[:, 1:] - bounds[:, :1]) * np.array([-1.0, 1.0])).tolist()
    return {
        "data": [dots],
        "layout": layout(
            title,
            axis(f"true {symbol_of(names[0])}", range=ranges[0]),
            axis(f"true {symbol_of(names[1])}", range=ranges[1]),
        ),
    }


def calibration(masses: Array, curves: Sequence[Curve]) -> dict[str, Any]:
    """Draw the share of truths that regions hold against the mass, (n,), that they are made to hold."""
    ideal = line("as it should be", FAINT, 1.2, x=[0, 1], y=[0, 1], hoverinfo="skip")
    return {
        "data": [ideal, *(drawn(each, masses, 4, hovertemplate="%{x:.0%}: %{y:.1%}") for each in curves)],
        "layout": layout(
            "How often regions hold the truth",
            axis("mass of the region", range=[0, 1], tickformat=".0%"),
            axis("share of truths inside", range=[0, 1], tickformat=".0%"),
            margin={"l": 58, "r": 12, "t": 48, "b": 40},
        ),
    }
