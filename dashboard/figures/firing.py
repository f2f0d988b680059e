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
from dashboard.figures.style import BODY, SMALL, TRUTH, array, axis, layout, legend_entry, named
from dashboard.wording.numbers import compact

Array = NDArray[np.float64]
# Cividis: the same for eyes that do not tell red from green.
CIVIDIS = (
    "#00224E", "#123570", "#3B496C", "#575D6D", "#707173", "#8A8678", "#A59C74", "#C3B369", "#E1CC55", "#FEE838",
)  # fmt: skip
# Where the neuron rests: tones for both themes, as they shine through, by regime.
TONES = {"silent": 0.0, "excited": 1.0}
REST_SCALE = [(0.0, "#C8D0DA"), (1.0, "#5F6670")]
REST_OPACITY = 0.4
REST_CELLS = 30  # across and up, of what says that there is no rate
SCALE = [(i / 9, colour) for i, colour in enumerate(CIVIDIS)]
BAR_LENGTH = 0.62  # of the bar of the colours, as a share of the plot's width
BAR_HEIGHT = 0.025  # of the map
BAR_COLOURS = 288  # along it
MOST_ON_BAR = 5
BAR_STEPS = (5.0, 10.0, 20.0, 50.0, 100.0, 1000.0)
ON_LOGARITHMIC_BAR = (0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 50.0, 100.0, 200.0, 300.0, 500.0)
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
                "bgcolor": translucent("theme:background", 0.75),
                "borderpad": 2,
            }
        )
    return labels


def _tones(values: Array, fine: Array, regimes: NDArray[np.str_]) -> Array:
    """Return the place of the regime's tone on REST_SCALE on the fine grid; NaN where there is a value, or no tone."""
    rests = np.isin(regimes, list(TONES))
    if not np.any(rests):
        return np.full(fine.shape, np.nan)
    tones = np.select([regimes == name for name in TONES], list(TONES.values()), np.nan)
    # Beside the edge of the spiking, the fine grid rests where the coarse one spikes: the nearest that rests names it.
    nearest = distance_transform_edt(~rests, return_distances=False, return_indices=True)
    named_tones = np.where(rests | np.isfinite(values), tones[tuple(nearest)], np.nan)
    rows, columns = (
        np.rint(np.linspace(0, coarse - 1, n)).astype(int) for coarse, n in zip(values.shape, fine.shape, strict=True)
    )
    return np.where(np.isfinite(fine), np.nan, named_tones[np.ix_(rows, columns)])


def _image(x: Array, y: Array, source: str, shape: tuple[int, ...]) -> dict[str, Any]:
    """Return the picture of a map on a fine grid of a shape, (ny, nx), that lies under the axes."""
    half_x, half_y = (0.5 * (axis[-1] - axis[0]) / (n - 1) for axis, n in ((x, shape[1]), (y, shape[0])))
    return {
        "source": source,
        "xref": "x",
        "yref": "y",
        "x": float(x[0] - half_x),
        "y": float(y[-1] + half_y),
        "sizex": float(x[-1] - x[0] + 2 * half_x),
        "sizey": float(y[-1] - y[0] + 2 * half_y),
        "sizing": "stretch",
        "layer": "below",
    }


def _numbers(low: float, high: float, rises: Callable[[Any], Any]) -> Array:
    """Return the round numbers that stand on the bar of the colours."""
    if rises is np.log:
        return np.array([number for number in ON_LOGARITHMIC_BAR if low <= number <= high])
    step = next(step for step in BAR_STEPS if (high - low) / step <= MOST_ON_BAR)
    return np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step


def _colour_bar(low: float, high: float, rises: Callable[[Any], Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the bar of the colours, above the map on the right, and the labels of its numbers."""
    values = _numbers(low, high, rises)
    shares = (rises(values) - rises(low)) / (rises(high) - rises(low))
    colours = np.tile(np.linspace(0, 1, BAR_COLOURS), (8, 1))
    bar = {
        "source": heat_image(colours, 0, 1, SCALE), "xref": "paper", "yref": "paper", "x": 1, "y": 1.01,
        "sizex": BAR_LENGTH, "sizey": BAR_HEIGHT, "sizing": "stretch", "xanchor": "right", "yanchor": "bottom",
    }  # fmt: skip
    above = {
        "xref": "paper", "yref": "paper", "y": 1.01 + BAR_HEIGHT, "yshift": 1, "xanchor": "center", "yanchor": "bottom",
        "showarrow": False, "font": {"size": SMALL}, "borderpad": 0,
    }  # fmt: skip
    places = (1 - BAR_LENGTH * (1 - shares)).tolist()
    return bar, [{**above, "text": compact(value, 3), "x": x} for value, x in zip(values.tolist(), places, strict=True)]


def _middles(ends: Array) -> Array:
    """Return the middles of the cells in which words stand at the pointer where the neuron is not spiking."""
    edges = np.linspace(ends[0], ends[-1], REST_CELLS + 1)
    return (edges[1:] + edges[:-1]) / 2


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
            **{name: array(_middles(ends)) for name, ends in (("x", x), ("y", y))},
            "z": array(np.zeros((REST_CELLS, REST_CELLS))),
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
    rests = _image(x, y, heat_image(_tones(values, fine, regimes), 0, 1, REST_SCALE), fine.shape)
    # Plotly takes two images at one place for the same: this one is placed by its other side.
    images = [{**rests, "x": rests["x"] + rests["sizex"], "xanchor": "right", "opacity": REST_OPACITY}]
    numbers: list[dict[str, Any]] = []
    if np.any(spiking):
        images.append(_image(x, y, heat_image(rises(fine), rises(low), rises(high), SCALE), fine.shape))
        bar, numbers = _colour_bar(low, high, rises)
        images.append(bar)
    return {
        "data": traces,
        "layout": layout(
            title,
            axis(symbol_of("theta0"), range=[float(x[0]), float(x[-1])], showgrid=False),
            axis(symbol_of("theta1"), range=[float(y[0]), float(y[-1])], showgrid=False),
            images=images,
            annotations=[*_labels(x, y, regimes), *numbers],
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
    title = {**figure["layout"]["title"], "text": f"{figure['layout']['title']['text']} (click to set θ)"}
    traces = [*figure["data"], legend_entry("truth", "star", TRUTH)]
    return {"data": traces, "layout": {**figure["layout"], "title": title, "shapes": shapes}}


def is_outside(truth: tuple[float, float], x: Array, y: Array) -> bool:
    """Say whether the truth lies outside of a map over x and y."""
    return outside(np.array([[x[0], x[-1]], [y[0], y[-1]]]), np.array(truth))
