"""Training and test samples: where they lie, what maps make of them, and what estimates look like as trajectories."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.symbols import symbol_of
from dashboard.figures.accuracy import around
from dashboard.figures.palette import translucent
from dashboard.figures.regions import frame
from dashboard.figures.style import (
    BEST,
    DATA,
    PRIOR,
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
    markers,
    named,
    nothing,
    saved,
)
from dashboard.wording.numbers import count

TRAINING, TEST = "training samples", "test samples"
PLAIN_MARGIN = {"l": 46, "r": 8, "t": 30, "b": 36}

Array = NDArray[np.float64]


def training_plane(names: tuple[str, str], training: Array, test: Array, bounds: Array) -> dict[str, Any]:
    """Draw training samples, (n, 2), and test samples, (m, 2), over the plane of θ in the prior's box, (2, 2)."""
    shapes = [
        named(TRAINING, dots(TRUTH, training[:, 0], training[:, 1], 2.0)),
        named(TEST, dots(BEST, test[:, 0], test[:, 1], 2.4)),
        frame(bounds, PRIOR, "dash"),
    ]
    entries = [legend_entry(TRAINING, "circle", TRUTH), legend_entry(TEST, "circle", BEST)]
    margin = 0.03 * (bounds[:, 1:] - bounds[:, :1]) * np.array([-1.0, 1.0])
    ranges = (bounds + margin).tolist()
    return {
        "data": [nothing(), *map(saved, entries)],
        "layout": layout(
            f"N = {count(len(training))}",
            axis(symbol_of(names[0]), range=ranges[0], nticks=4, showgrid=False),
            axis(symbol_of(names[1]), range=ranges[1], nticks=5, showgrid=False),
            shapes=shapes,
            margin=PLAIN_MARGIN,
        ),
    }


def predicted_against_true(name: str, truth: Array, values: Array, look: Look, title: str) -> dict[str, Any]:
    """Draw a map's predictions of one parameter, (n,), against its true values, (n,)."""
    low, high = float(truth.min()), float(truth.max())
    scope = [low - 0.05 * (high - low), high + 0.05 * (high - low)]
    diagonal = {"type": "line", "x0": scope[0], "y0": scope[0], "x1": scope[1], "y1": scope[1],
                "line": {"color": TRUTH, "width": 1.2, "dash": "dash"}}  # fmt: skip
    symbol = symbol_of(name)
    return {
        "data": [nothing()],
        "layout": layout(
            title,
            axis(f"true {symbol}", range=scope, nticks=5),
            axis(f"predicted {symbol}", range=scope, nticks=5),
            shapes=[dots(translucent(look.colour, 0.5), truth, values, 2.8), diagonal],
            margin=PLAIN_MARGIN,
        ),
    }


def trajectory(
    times: Array, data: Array, truth: Array, simulated: Array, look: Look, name: str, title: str
) -> dict[str, Any]:
    """Draw a test sample's data and true potential, (n_times,), and the one simulated from a map's estimate."""
    return {
        "data": [
            line(name, look.colour, 1.8, y=array(simulated), **grid(times), hoverinfo="skip"),
            line("truth", TRUTH, 1.3, y=array(truth), **grid(times), line={"dash": "dot"}, hoverinfo="skip"),
            legend_entry("data", "circle", DATA),
        ],
        "layout": layout(
            title,
            axis("t [ms]", range=[float(times[0]), float(times[-1])]),
            axis("u", range=[-3, 3]),
            shapes=[named("data", dots(DATA, times, data, 2.2))],
            margin={**PLAIN_MARGIN, "t": 48},
        ),
    }


@dataclass(frozen=True)
class Trial:
    """A trial of a search: its number, learning rate, error, whether it ran to its end, and its label."""

    number: int
    rate: float
    error: float
    ended: bool
    text: str


def trials(tried: Sequence[Trial]) -> dict[str, Any]:
    """Draw the error of each trial against its learning rate."""
    traces = []
    for ended, name in ((True, "ran to the end"), (False, "stopped early")):
        shown = [each for each in tried if each.ended == ended]
        places = {"x": array([1e3 * each.rate for each in shown]), "y": array([100 * each.error for each in shown])}
        symbol, texts = "circle" if ended else "circle-open", [each.text for each in shown]
        traces.append(markers(name, BEST, symbol, 11, **places, text=texts, hovertemplate="%{text}<extra></extra>"))
    return {
        "data": traces,
        "layout": layout(
            f"{count(len(tried))} trained trials of the search",
            # So few that 1, 2 and 5 alone are labelled.
            {**log_axis("learning rate [10⁻³]", range=around([1e3 * each.rate for each in tried])), "nticks": 3},
            log_axis("error on the validation set [%]", range=around([100 * each.error for each in tried])),
            margin={"l": 62, "r": 12, "t": 48, "b": 40},
        ),
    }
