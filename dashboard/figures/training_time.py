"""The time of a training against the width of the network."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.figures.accuracy import Curve, around, drawn
from dashboard.figures.style import array, layout, log_axis


def against_width(widths: NDArray[np.float64], curves: Sequence[Curve]) -> dict[str, Any]:
    """Draw the seconds of a training at each width, (n,); a curve is NaN at widths that were not timed."""
    traces = [drawn(each, widths, hovertemplate="width %{x:,}: %{y:,.3~g} s") for each in curves]
    seconds = np.concatenate([each.values for each in curves])
    return {
        "data": traces,
        "layout": layout(
            "Time of a training against the width",
            {**log_axis("width: units in each layer", range=around(widths)), "tickvals": array(widths)},
            log_axis("time of a training [s]", range=around(seconds)),
            margin={"l": 66, "r": 12, "t": 128, "b": 40},  # five rows of the legend below the title
        ),
    }
