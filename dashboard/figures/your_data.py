"""The figure above on the page Your data: the trace, and what every estimator makes of it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.figures.inverse_map import simulated
from dashboard.figures.style import (
    DATA,
    LEGEND,
    Look,
    axis,
    dots,
    layout,
    legend_entry,
    named,
    reach,
)
from dashboard.wording import entries


def estimated(
    times: NDArray[np.float64],
    data: NDArray[np.float64],
    potentials: Mapping[str, tuple[Look, NDArray[np.float64]]],
) -> dict[str, Any]:
    """Draw the potential, (n_times,), simulated from each estimate over the data; name → (look, u)."""
    return {
        "data": [*simulated(times, potentials), legend_entry(entries.DATA, "circle", DATA)],
        "layout": layout(
            "Potential u(t) of each estimate",
            axis("t [ms]", range=[float(times[0]), float(times[-1])]),
            axis("u", range=reach(data, (-3, 3))),
            shapes=[named(entries.DATA, dots(DATA, times, data, 2.2))],
            margin={"l": 52, "r": 12, "t": 64, "b": 40},  # with a legend of two rows
            # What is drawn last, on top, comes first.
            legend={**LEGEND, "traceorder": "reversed"},
        ),
    }
