"""The figures of the fit with an unknown start: each state's samples, the fitted trajectory, and the truth if known."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.figures.style import (
    DATA,
    MAP,
    TRUTH,
    array,
    axis,
    dots,
    grid,
    layout,
    legend_entry,
    line,
    named,
    nothing,
    reach,
)
from dashboard.wording.numbers import count

Curve = tuple[NDArray[np.float64], NDArray[np.float64]]
TITLES = {"u": "Membrane potential u(t)", "v": "Recovery v(t)"}
RANGES = {"u": (-3.0, 3.0), "v": (-1.5, 1.5)}


def state(
    name: str,
    times: NDArray[np.float64],
    samples: NDArray[np.float64],
    fitted: Curve | None = None,
    truth: Curve | None = None,
) -> dict[str, Any]:
    """Draw u or v: samples (n,) at times (n,), NaN where none, with the fitted and the true (times, values) over them.

    The times of a curve are equally far apart.
    """
    curves = [(line("fit", MAP, 1.8, hoverinfo="name"), fitted),
              (line("truth", TRUTH, 1.3, line={"dash": "dot"}, hoverinfo="skip"), truth)]  # fmt: skip
    shown = [{**trace, "y": array(curve[1]), **grid(curve[0])} for trace, curve in curves if curve is not None]
    values = np.concatenate([samples, *(curve[1] for _, curve in curves if curve is not None)])
    observed = np.count_nonzero(~np.isnan(samples))
    if observed:
        shown.append(legend_entry("data", "circle", DATA))
    return {
        "data": shown or [nothing()],
        "layout": layout(
            TITLES[name] + (f": {count(int(observed))} samples" if observed else ": not observed"),
            axis("t [ms]", range=[float(times[0]), float(times[-1])]),
            axis(name, range=reach(values, RANGES[name])),
            margin={"l": 52, "r": 12, "t": 48, "b": 40},
            shapes=[named("data", dots(DATA, times, samples, 4.5 if observed <= 200 else 2.2))],
        ),
    }
