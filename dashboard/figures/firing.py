"""The maps of the Neuron page: spike rate and spike duration over θ₀ and θ₁."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from core.symbols import symbol_of
from dashboard.figures.heat_image import heat_image
from dashboard.figures.palette import translucent
from dashboard.figures.regions import outside, placed
from dashboard.figures.style import BODY, SMALL, TRUTH, array, axis, layout, legend_entry, named, saved
from dashboard.wording.numbers import compact

Array = NDArray[np.float64]
# Cividis: the same for eyes that do not tell red from green.
CIVIDIS = (
    "#00224E", "#123570", "#3B496C", "#575D6D", "#707173", "#8A8678", "#A59C74", "#C3B369", "#E1CC55", "#FEE838",
)  # fmt: skip
SCALE = [(i / 9, colour) for i, colour in enumerate(CIVIDIS)]
MOST_IN_KEY = 6
KEY_STEPS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 1000.0)
MOST_ROOM = 0.75  # of what a region has: where its name can stand
LEAST_REGION = 12  # points of the grid that a region needs to have its name written on it


def _labels(x: Array, y: Array, regimes: NDArray[np.str_]) -> list[dict[str, Any]]:
    """Return the name of each regime, written low in its region, where there is room."""
    labels = []
    for name in np.unique(regimes):
        region = regimes == name
        if region.sum() < LEAST_REGION:
            continue
        # To the edge of the region or of the map, across and up in the proportions of a name.
        room = distance_transform_edt(np.pad(region, 1), sampling=(1.0, 0.4))[1:-1, 1:-1]
        rows, columns = np.nonzero(room >= MOST_ROOM * room.max())
        row, column = rows[0], columns[len(columns[rows == rows[0]]) // 2]
        labels.append(
            {
                "text": str(name),
                "x": float(x[column]),
                "y": float(y[row]),
                "showarrow": False,
                "font": {"size": BODY},
                "bgcolor": translucent("theme:background", 0.75 if name == "spiking" else 0),
                "borderpad": 2,
            }
        )
    return labels


def _image(x: Array, y: Array, fine: Array, low: float, high: float, rises: Callable[[Any], Any]) -> dict[str, Any]:
    """Return the picture of a map on a fine grid, (ny, nx), that lies under the axes."""
    half_x, half_y = (0.5 * (axis[-1] - axis[0]) / (n - 1) for axis, n in ((x, fine.shape[1]), (y, fine.shape[0])))
    return {
        "source": heat_image(rises(fine), rises(low), rises(high), SCALE),
        "xref": "x",
        "yref": "y",
        "x": float(x[0] - half_x),
        "y": float(y[-1] + half_y),
        "sizex": float(x[-1] - x[0] + 2 * half_x),
        "sizey": float(y[-1] - y[0] + 2 * half_y),
        "sizing": "stretch",
        "layer": "below",
    }


def _key(low: float, high: float, rises: Callable[[Any], Any]) -> dict[str, Any]:
    """Return the key of the colours, which stands where the other plots have their legends."""
    step = next(step for step in KEY_STEPS if (high - low) / step <= MOST_IN_KEY)
    values = np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step
    scale = [[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in CIVIDIS]
    entries = []
    for value in values:
        share = (rises(value) - rises(low)) / (rises(high) - rises(low))
        tone = [np.interp(share, np.linspace(0, 1, len(CIVIDIS)), channel) for channel in zip(*scale, strict=True)]
        entries.append(
            f'<span style="color:rgb({",".join(str(round(part)) for part in tone)})">■</span> {compact(value, 3)}'
        )
    return {
        "text": "   ".join(entries), "xref": "paper", "yref": "paper", "x": 0, "y": 1, "xanchor": "left",
        "yanchor": "bottom", "showarrow": False, "font": {"size": SMALL}, "borderpad": 4,
    }  # fmt: skip


def _map(
    x: Array,
    y: Array,
    values: Array,
    fine: Array,
    regimes: NDArray[np.str_],
    step: float,
    rises: Callable[[Any], Any],
    title: str,
    hover: str,
) -> dict[str, Any]:
    """Draw values, (ny, nx), NaN where the neuron is not spiking.

    step: that the ends of the scale are multiples of; rises: how its colours rise with the values.
    """
    spiking = np.isfinite(values)
    least, most = (float(of(values[spiking])) / step if np.any(spiking) else 1.0 for of in (np.min, np.max))
    low = step * max(np.floor(least), 1.0)  # above zero, which has no logarithm
    high = max(step * np.ceil(most), low + step)
    # Both heat maps lie unseen on the picture: the first one takes clicks where there is no value, the second one says
    # the value.
    unseen = {"type": "heatmap", "opacity": 0}
    traces: list[dict[str, Any]] = [
        {
            **unseen,
            "x": [float(x[0]), float(x[-1])],
            "y": [float(y[0]), float(y[-1])],
            "z": [[0]],
            "showscale": False,
            "hovertemplate": "no spike rate<extra></extra>",
        },
        {
            **unseen,
            "x": array(x),
            "y": array(y),
            "z": array(values),
            "showscale": False,
            "hoverongaps": False,
            "hovertemplate": f"θ₀ %{{x:.3f}}, θ₁ %{{y:.3f}}: {hover}<extra></extra>",
        },
    ]
    return {
        "data": traces,
        "layout": layout(
            title,
            axis(symbol_of("theta0"), range=[float(x[0]), float(x[-1])], showgrid=False),
            axis(symbol_of("theta1"), range=[float(y[0]), float(y[-1])], showgrid=False),
            images=[_image(x, y, fine, low, high, rises)] if np.any(spiking) else [],
            annotations=[*_labels(x, y, regimes), *([_key(low, high, rises)] if np.any(spiking) else [])],
            margin={"l": 52, "r": 12, "t": 52, "b": 40},
        ),
    }


def rate_map(x: Array, y: Array, rates: Array, fine: Array, regimes: NDArray[np.str_]) -> dict[str, Any]:
    """Draw the spike rate, (ny, nx), over θ₀ and θ₁, and on a finer grid; regimes: (ny, nx), whose names are written.

    Both are NaN where the neuron is not spiking.
    """
    return _map(x, y, rates, fine, regimes, 10.0, np.asarray, "Spikes per second", "%{z:.1f} spikes per s")


def duration_map(x: Array, y: Array, durations: Array, fine: Array, regimes: NDArray[np.str_]) -> dict[str, Any]:
    """Draw the mean duration of a spike, as `rate_map` draws the rate."""
    return _map(x, y, durations, fine, regimes, 0.5, np.log, "Duration of a spike [ms]", "a spike lasts %{z:.2f} ms")


def with_truth(figure: dict[str, Any], truth: tuple[float, float] | None) -> dict[str, Any]:
    """Return a map with the truth on it; outside of the map an arrow at its edge points there."""
    if truth is None:
        return figure
    ranges = np.array([figure["layout"][name]["range"] for name in ("xaxis", "yaxis")])
    shapes = [named("truth", placed("star", TRUTH, np.array(truth), ranges))]
    traces = [*figure["data"], saved(legend_entry("truth", "star", TRUTH))]
    return {"data": traces, "layout": {**figure["layout"], "shapes": shapes}}


def is_outside(truth: tuple[float, float], x: Array, y: Array) -> bool:
    """Say whether the truth lies outside of a map over x and y."""
    return outside(np.array([[x[0], x[-1]], [y[0], y[-1]]]), np.array(truth))
