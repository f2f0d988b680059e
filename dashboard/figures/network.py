"""A network as a diagram: the trace on the left, its layers from left to right, and the parameters on the right."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.figures.style import DATA, TRUTH, array, axis, layout, line, markers
from dashboard.wording.numbers import count

MOST_DRAWN = 12  # units of a layer, or channels
LONGEST = 1000  # samples: the length that is drawn full height
WIDTH, HEIGHT = 0.34, 0.86  # of the trace, and of what has the full height
SHEET = 0.72  # of that height, of a channel: others stand behind it
STACK = (0.025, 0.025)  # from one channel to the next

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Layer:
    """What a layer of a network returns.

    caption: what it is. numbers: what it returns, in words. channels: series it returns, 0 where it returns units.
    length: number of units, or of samples in each series. n_weights: that it learns.
    """

    caption: str
    numbers: str
    channels: int
    length: int
    n_weights: int


def _height(length: int) -> float:
    """Return half the height of a layer on a logarithmic scale."""
    return float(HEIGHT * np.clip(np.log10(length + 1) / np.log10(LONGEST + 1), 0.18, 1))


def _sheets(layer: Layer, x: float, colour: str) -> tuple[list[dict[str, Any]], Array]:
    """Return the channels of a layer as rectangles one behind the other, and the places, (n, 2), of two corners."""
    half, n = SHEET * _height(layer.length), min(layer.channels, MOST_DRAWN)
    shapes = []
    for i in reversed(range(n)):
        behind = i - (n - 1) / 2
        across, up = x + behind * STACK[0], behind * STACK[1]
        shapes.append(
            {"type": "rect", "x0": across - 0.06, "x1": across + 0.06, "y0": up - half, "y1": up + half,
             "layer": "above", "fillcolor": "theme:background", "line": {"color": colour, "width": 1.3}}
        )  # fmt: skip
    return shapes, np.array([[x, half], [x, -half]])


def _units(layer: Layer, x: float) -> Array:
    """Return the places, (n, 2), at which the units of a layer are drawn."""
    n = min(layer.length, MOST_DRAWN)
    half = _height(layer.length)
    return np.column_stack([np.full(n, x), np.linspace(half, -half, n) if n > 1 else np.zeros(1)])


def _connections(before: Array, after: Array) -> tuple[Array, Array]:
    """Return a line from every place to every other, as x and y with gaps."""
    x, y = [], []
    for a in before:
        for b in after:
            x += [a[0], b[0], np.nan]
            y += [a[1], b[1], np.nan]
    return np.array(x), np.array(y)


def network(title: str, trace: Array, layers: Sequence[Layer], colour: str) -> dict[str, Any]:
    """Draw a network, from a trace, (n_times,), through its layers to the parameters."""
    shapes: list[dict[str, Any]] = []
    words = [_text(0, -1, f"d(t), {count(LONGEST)} samples", "top"), _text(0, 1, "trace", "bottom")]
    inner, drawn, x, y, hover = [], [], [], [], []
    before = np.array([[WIDTH + 0.06, 0.6], [WIDTH + 0.06, 0.2], [WIDTH + 0.06, -0.2], [WIDTH + 0.06, -0.6]])
    for i, layer in enumerate(layers, 1):
        if layer.channels:
            sheets, places = _sheets(layer, i, colour)
            shapes += sheets
        else:
            places = _units(layer, i)
            drawn.append(places)
        wires = _connections(before, places)
        inner.append(wires)
        weights = f"{count(layer.n_weights)} weights" if layer.n_weights else "no weights"
        words += [
            _text(i, 1, f"<b>{layer.caption}</b>", "bottom"),
            _text(i, -1, f"{layer.numbers}<br>{weights}", "top"),
        ]
        x.append(i)
        y.append(0.0)
        hover.append(f"{layer.caption}: {layer.numbers}, {weights}")
        before = places
    wires_x, wires_y = (np.concatenate([each[k] for each in inner]) for k in (0, 1))
    circles = np.concatenate(drawn)
    steps = np.linspace(-WIDTH, WIDTH, trace.size)
    data = [
        line("trace", TRUTH, 1, x=array(steps), y=array(0.8 * trace / np.abs(trace).max()), hoverinfo="skip"),
        line("connections", DATA, 0.5, x=array(wires_x), y=array(wires_y), hoverinfo="skip"),
        markers("units", colour, "circle", 6, x=array(circles[:, 0]), y=array(circles[:, 1]),
                hoverinfo="skip"),
        markers("layers", "rgba(0,0,0,0)", "square", 40, x=x, y=y, text=hover,
                hovertemplate="%{text}<extra></extra>"),
    ]  # fmt: skip
    hidden = {"visible": False, "fixedrange": True}
    return {
        "data": data,
        "layout": layout(
            title,
            axis("layer", range=[-0.55, len(layers) + 0.45], **hidden),
            axis("unit", range=[-1.62, 1.3], **hidden),
            shapes=shapes,
            annotations=words,
            showlegend=False,
            margin={"l": 8, "r": 8, "t": 30, "b": 4},
        ),
    }


def _text(x: float, y: float, text: str, anchor: str) -> dict[str, Any]:
    return {"x": x, "y": y, "text": text, "showarrow": False, "yanchor": anchor, "font": {"size": 11}}
