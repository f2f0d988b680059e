"""A trace that an untrained network is fitted to: the curve over the data, and its errors as it learns."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.figures.style import (
    CANDIDATE,
    DATA,
    TRUTH,
    Look,
    array,
    axis,
    dots,
    grid,
    layout,
    legend_entry,
    line,
    log_axis,
    named,
    reach,
    upright_entry,
)
from dashboard.wording import entries

HEIGHT = 3.5  # of u, up and down

Array = NDArray[np.float64]


def curves(
    times: Array,
    data: Array,
    truth: Array | None,
    found: Mapping[str, tuple[Look, Array]],
    time_range: tuple[float, float],
) -> dict[str, Any]:
    """Draw the data, the truth where it is known, and curves, (n_times,), by name."""
    traces = [legend_entry(entries.DATA, "circle", DATA)]
    if truth is not None:
        traces.append(line(entries.TRUTH, TRUTH, 1.4, y=array(truth), **grid(times)))
    for name, (look, curve) in found.items():
        traces.append(line(name, look.colour, 2, y=array(curve), line={"dash": look.dash}, **grid(times)))
    return {
        "data": traces,
        "layout": layout(
            "The trace, and what is left of it without noise",
            axis("t [ms]", range=list(time_range), hoverformat=".1f"),
            axis("u", range=reach(data, (-HEIGHT, HEIGHT)), hoverformat=".2f"),
            shapes=[named(entries.DATA, dots(DATA, times, data))],
            margin={"l": 52, "r": 12, "t": 52, "b": 40},
        ),
    }


def course(lines: Mapping[str, tuple[str, str, Array]], total: int, stopped: int | None, now: int) -> dict[str, Any]:
    """Draw misfits and the error, (k,), after each iteration, over the sd of the noise.

    lines: colour, dash and values by name. total: iterations of the whole fit. stopped: where samples left out stop it.
    """
    traces = [
        line(name, colour, 1.6, y=array(values), x0=1, dx=1, line={"dash": dash})
        for name, (colour, dash, values) in lines.items()
    ]
    shapes = [_upright(entries.NOW, now, CANDIDATE, "solid")]
    traces.append(upright_entry(entries.NOW, CANDIDATE))
    if stopped is not None:
        shapes.append(_upright(entries.STOPPED, stopped, TRUTH, "dot"))
        traces.append(upright_entry(entries.STOPPED, TRUTH))
    return {
        "data": traces,
        "layout": layout(
            "As it learns: first the signal, then the noise",
            axis("iteration k", range=[0, total]),
            log_axis("over the sd of the noise", range=np.log10([0.1, 6.0]).tolist()),
            shapes=shapes,
            margin={"l": 58, "r": 12, "t": 72, "b": 40},
        ),
    }


def _upright(name: str, at: int, colour: str, dash: str) -> dict[str, Any]:
    path = f"M{at},1e-6L{at},1e6"
    return named(name, {"type": "path", "path": path, "line": {"color": colour, "width": 1.4, "dash": dash}})
