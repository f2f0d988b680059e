"""The figure of the start page: a recording, and the curve of the θ that the visitor tries."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.figures.neuron import MARGIN, Course, state_axis, time_axis, usual_heights
from dashboard.figures.style import (
    CANDIDATE,
    DATA,
    LIMIT,
    TITLE,
    array,
    dots,
    grid,
    layout,
    legend_entry,
    line,
    named,
    reach,
)


def recording(
    times: NDArray[np.float64],
    data: NDArray[np.float64],
    candidate: Course,
    sd: float,
    time_range: tuple[float, float],
    found: str = "",
) -> dict[str, Any]:
    """Draw the noisy data, and u(t) of the candidate; sd: of the noise; found: what is written over them."""
    u = candidate.states[:, 0]
    sign = {
        "text": found, "xref": "paper", "yref": "paper", "x": 1, "y": 1, "xanchor": "right", "yanchor": "bottom",
        "yshift": 22, "showarrow": False, "font": {"size": TITLE, "weight": 700, "color": "theme:background"},
        "bgcolor": LIMIT, "borderpad": 3,
    }  # fmt: skip
    return {
        "data": [
            legend_entry("what was measured", "circle", DATA),
            line("your curve", CANDIDATE, 3, y=array(u), **grid(candidate.times), meta={"of": "u"}),
        ],
        "layout": layout(
            "Membrane potential u(t)",
            time_axis(time_range),
            state_axis("u", reach(np.concatenate([data, u]), usual_heights(sd))),
            margin=MARGIN,
            shapes=[named("what was measured", dots(DATA, times, data, 3.5))],
            annotations=[sign] if found else [],
            meta={"runs": ["t", "u"]},
        ),
    }
