"""Surrogates beside the solver: their traces, how their errors grow, and where on the cycle the drift arises."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.figures.palette import themed
from dashboard.figures.style import (
    TRUTH,
    U_RANGE,
    V_RANGE,
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
from dashboard.wording import entries

ERRORS = (1e-5, 2.0)  # of the axis
SMALLEST, LARGEST = 3.0, 20.0  # marks of a step's delay, in pixels
SIGNS = {entries.LATE: (1, themed("second-order")), entries.EARLY: (-1, themed("first-order"))}

Array = NDArray[np.float64]


def traces(
    times: Array, truth: Array, found: Mapping[str, tuple[Look, Array]], time_range: tuple[float, float]
) -> dict[str, Any]:
    """Draw u, (n_times,), by the solver and by each surrogate."""
    lines = [line(entries.SOLVER, TRUTH, 2.4, y=array(truth), **grid(times))]
    lines += [
        line(name, look.colour, 1.8, y=array(u), line={"dash": look.dash}, **grid(times))
        for name, (look, u) in found.items()
    ]
    return {
        "data": lines,
        "layout": layout(
            "The trace of θ, by the solver and by networks",
            axis("t [ms]", range=list(time_range), hoverformat=".1f"),
            axis("u", range=reach(truth, U_RANGE), hoverformat=".3f"),
            margin={"l": 52, "r": 12, "t": 52, "b": 40},
        ),
    }


def course(times: Array, errors: Mapping[str, tuple[Look, Array]]) -> dict[str, Any]:
    """Draw the relative error of the trace up to each time, (n_times,), of each surrogate."""
    lines = [
        line(name, look.colour, 2, y=array(np.maximum(values, ERRORS[0])), line={"dash": look.dash}, **grid(times))
        for name, (look, values) in errors.items()
    ]
    return {
        "data": lines,
        "layout": layout(
            "Relative error of the trace up to t",
            axis("t [ms]", range=[float(times[0]), float(times[-1])], hoverformat=".1f"),
            log_axis("error", range=np.log10(ERRORS).tolist()),
            margin={"l": 62, "r": 12, "t": 52, "b": 40},
        ),
    }


def drift(states: Array, places: Array, delays: Array) -> dict[str, Any]:
    """Draw the orbit, (n_times, 2), and at places, (k, 2), marks as large as the delays, (k,), that a step leaves."""
    shown = [line(entries.ORBIT, TRUTH, 1.2, x=array(states[:, 0]), y=array(states[:, 1]))]
    largest = np.max(np.abs(delays), initial=0.0)
    for name, (sign, colour) in SIGNS.items():
        here = sign * delays > 0
        sizes = SMALLEST + (LARGEST - SMALLEST) * np.abs(delays[here]) / largest if largest > 0 else np.empty(0)
        marks = {"size": array(sizes), "opacity": 0.6}
        shown.append(markers(name, colour, "circle", x=array(places[here, 0]), y=array(places[here, 1]), marker=marks))
    return {
        "data": shown,
        "layout": layout(
            "Where a step of the flow map shifts the phase",
            axis("u", range=reach(states[:, 0], U_RANGE)),
            axis("v", range=reach(states[:, 1], V_RANGE)),
            margin={"l": 52, "r": 12, "t": 52, "b": 40},
        ),
    }
