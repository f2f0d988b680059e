"""The candidate's fit to the data, and its residual."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.figures.palette import translucent
from dashboard.figures.style import (
    CANDIDATE,
    DATA,
    LIMIT,
    TRUTH,
    array,
    axis,
    dots,
    grid,
    layout,
    legend_entry,
    line,
    named,
    reach,
    saved,
)


def fit(
    times: NDArray[np.float64],
    data: NDArray[np.float64],
    candidate: NDArray[np.float64],
    truth: NDArray[np.float64] | None,
    time_range: tuple[float, float],
) -> dict[str, Any]:
    """Draw the candidate's potential, (n_times,), over the data and the truth."""
    traces = [] if truth is None else [line("truth", TRUTH, 1.4, y=array(truth), **grid(times), hoverinfo="skip")]
    traces.append(line("candidate", CANDIDATE, 1.8, y=array(candidate), **grid(times), hoverinfo="skip"))
    traces.append(legend_entry("data", "circle", DATA))
    return {
        "data": traces,
        "layout": layout(
            "Candidate over the data",
            axis("t [ms]", range=list(time_range)),
            axis("u", range=reach(data, (-3, 3))),
            shapes=[named("data", dots(DATA, times, data, 2.2))],
            margin={"l": 46, "r": 10, "t": 48, "b": 38},
        ),
    }


def residual(
    times: NDArray[np.float64], values: NDArray[np.float64], whitened: bool, time_range: tuple[float, float]
) -> dict[str, Any]:
    """Draw the candidate's residual in units of its standard deviation, with the band that holds 95 % of pure noise."""
    largest = np.nanmax(np.abs(values)) if np.any(np.isfinite(values)) else 1.0
    limit = float(2 ** np.ceil(np.log2(max(largest, 4.0))))
    colour = translucent(LIMIT, 0.18)
    band = {
        "type": "rect",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": -1.96,
        "y1": 1.96,
        "layer": "below",
        "fillcolor": colour,
        "line": {"width": 0},
    }
    entry = saved(legend_entry("95 % of pure noise", "square", colour))
    return {
        "data": [
            line("residual", CANDIDATE, 1.1, y=array(values), **grid(times), hoverinfo="skip", showlegend=False),
            entry,
        ],
        "layout": layout(
            "Whitened residual (data − candidate)" if whitened else "Residual (data − candidate) / s",
            axis("t [ms]", range=list(time_range)),
            axis("sd", range=[-limit, limit]),
            shapes=[band],
            margin={"l": 46, "r": 10, "t": 30, "b": 38},
        ),
    }
