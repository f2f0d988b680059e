"""The figure of the start page: a recording, and the curve of the θ that the visitor tries."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.figures.neuron import MARGIN, Course
from dashboard.figures.style import CANDIDATE, DATA, array, axis, dots, grid, layout, legend_entry, line, named, reach


def recording(
    times: NDArray[np.float64], data: NDArray[np.float64], candidate: Course, time_range: tuple[float, float]
) -> dict[str, Any]:
    """Draw the noisy data, and u(t) of the candidate."""
    u = candidate.states[:, 0]
    return {
        "data": [
            legend_entry("what was measured", "circle", DATA),
            line("your θ₀", CANDIDATE, 3, y=array(u), **grid(candidate.times), meta={"of": "u"}),
        ],
        "layout": layout(
            "Membrane potential u(t)",
            axis("t [ms]", range=list(time_range)),
            axis("u", range=reach(np.concatenate([data, u]), (-3, 3))),
            margin=MARGIN,
            shapes=[named("what was measured", dots(DATA, times, data, 3.5))],
            meta={"runs": ["t", "u"]},
        ),
    }
