"""What all figures share: typed arrays, axes, the colours of the roles; the browser resolves those named "theme:…"."""

import base64
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dashboard.figures.palette import themed

TRUTH = themed("text")
DATA = themed("data")
CANDIDATE = themed("candidate")
MAP = themed("second-order")  # the optimisers' result, and the Laplace approximation round it
LIMIT = themed("limit")  # what no method can beat: the exact posterior, the lowest minimum
PRIOR = themed("prior")
MUTED, FAINT = themed("muted"), themed("faint")
BEST, CNN, DENSE = themed("best"), themed("cnn"), themed("dense")


@dataclass(frozen=True)
class Look:
    """How an estimator is drawn.

    symbol: of its mark.
    hollow: its mark is an edge without a filling.
    dash: of its lines.
    """

    colour: str
    symbol: str = "diamond"
    hollow: bool = False
    dash: str = "solid"


MAP_LOOK = Look(MAP, "x")
# Each shipped map, hollow and dashed where it was trained on clean traces; own maps take the others in turn.
SHIPPED_MAPS = {
    "best": Look(BEST),
    "cnn-noisy": Look(CNN, "square"),
    "cnn-clean": Look(CNN, "square"),
    "dense-noisy": Look(DENSE, "triangle-up"),
    "dense-clean": Look(DENSE, "triangle-up"),
    "narrow": Look(themed("narrow"), "triangle-down"),
    "conditional": Look(themed("conditional"), "hexagon"),
    "window": Look(themed("window"), "diamond-wide"),
    "joint": Look(themed("joint"), "cross"),
    "cnn-joint": Look(CNN, "cross"),
    "four": Look(themed("four"), "diamond-tall"),
}
OWN_MAPS = tuple(
    Look(themed(f"own-{tone}"), symbol)
    for symbol in ("pentagon", "hourglass", "bowtie", "triangle-down")
    for tone in (1, 2, 3)
)


FONT = "Inter, sans-serif"
TITLE, BODY, SMALL = 15, 13, 12  # sizes of text in pixels; a lecture magnifies them
# In the order of the traces: Plotly would put names that hide shapes, too, in columns of their own.
LEGEND = {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "traceorder": "normal", "font": {"size": SMALL}}
U_RANGE = (-2.5, 2.5)
V_RANGE = (-1.5, 1.5)


def array(values: ArrayLike, dtype: str = "f4") -> dict[str, Any]:
    """Return values as the typed array that plotly.js reads without parsing."""
    flat = np.ascontiguousarray(values, dtype=dtype)
    encoded = {"dtype": dtype, "bdata": base64.b64encode(flat.tobytes()).decode()}
    if flat.ndim > 1:
        encoded["shape"] = ",".join(str(length) for length in flat.shape)
    return encoded


def grid(values: ArrayLike) -> dict[str, float]:
    """Return equally spaced x values as Plotly's start and step."""
    values = np.asarray(values, dtype=float)
    return {"x0": float(values[0]), "dx": float(values[1] - values[0]) if values.size > 1 else 1.0}


def is_grid(values: NDArray[np.float64]) -> bool:
    """Say whether two or more values, (n,), are equally spaced."""
    return values.size > 1 and bool(np.ptp(np.diff(values)) <= 1e-9 * abs(values[-1] - values[0]))


def line(name: str, colour: str, width: float = 1.8, **trace: Any) -> dict[str, Any]:
    """Return a trace of lines."""
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "legendgroup": name,
        "line": {"color": colour, "width": width, **trace.pop("line", {})},
        **trace,
    }


def markers(name: str, colour: str, symbol: str, size: float = 10, **trace: Any) -> dict[str, Any]:
    """Return a trace of markers."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "legendgroup": name,
        "marker": {"color": colour, "symbol": symbol, "size": size, **trace.pop("marker", {})},
        **trace,
    }


# Outlines of the marks in pixels around their place. Marks are shapes: plotly.js moves them without redrawing traces.
_STAR = "M0,9L2.1,2.9L8.6,2.8L3.4,-1.1L5.3,-7.3L0,-3.6L-5.3,-7.3L-3.4,-1.1L-8.6,2.8L-2.1,2.9Z"
_CIRCLE = "M" + "L".join(f"{7 * np.cos(a):.1f},{7 * np.sin(a):.1f}" for a in np.linspace(0, 2 * np.pi, 24)) + "Z"
_DIAMOND = "M0,8L6,0L0,-8L-6,0Z"
_CROSS = "M-6,-4L-4,-6L0,-2L4,-6L6,-4L2,0L6,4L4,6L0,2L-4,6L-6,4L-2,0Z"
_SQUARE = "M-5,-5L5,-5L5,5L-5,5Z"
_HEXAGON = "M0,7.5L6.5,3.75L6.5,-3.75L0,-7.5L-6.5,-3.75L-6.5,3.75Z"
_PLUS = "M-2.2,7L2.2,7L2.2,2.2L7,2.2L7,-2.2L2.2,-2.2L2.2,-7L-2.2,-7L-2.2,-2.2L-7,-2.2L-7,2.2L-2.2,2.2Z"
_OUTLINES = {
    "star": _STAR,
    "circle": _CIRCLE,
    "diamond": _DIAMOND,
    "x": _CROSS,
    "square": _SQUARE,
    "triangle-up": "M0,8L7,-5L-7,-5Z",
    "triangle-down": "M0,-8L7,5L-7,5Z",
    "pentagon": "M0,7.5L7.1,2.3L4.4,-6L-4.4,-6L-7.1,2.3Z",
    "hourglass": "M-6,7L6,7L-6,-7L6,-7Z",
    "hexagon": _HEXAGON,
    "cross": _PLUS,
    "diamond-wide": "M0,5L9,0L0,-5L-9,0Z",
    "diamond-tall": "M0,9L5,0L0,-9L-5,0Z",
    "bowtie": "M-7,6L7,-6L7,6L-7,-6Z",
}

_NUMBERS = re.compile(r"-?[\d.]+")


def mark(
    symbol: str,
    colour: str,
    at: tuple[float, float],
    outline: str = "theme:background",
    size: float = 1.0,
    hollow: bool = False,
) -> dict[str, Any]:
    """Return a mark on a plane: a shape of constant size, a multiple of the usual one; hollow: only its edge."""
    path = _OUTLINES[symbol]
    if size != 1:
        path = _NUMBERS.sub(lambda number: f"{size * float(number[0]):.2g}", path)
    return {
        "type": "path",
        "path": path,
        "xsizemode": "pixel",
        "ysizemode": "pixel",
        "xanchor": float(at[0]),
        "yanchor": float(at[1]),
        "fillcolor": "theme:background" if hollow else colour,
        "line": {"color": colour, "width": 2.2} if hollow else {"color": outline, "width": 1.2},
        "layer": "above",
    }


def sign_of(look: Look) -> dict[str, str]:
    """Return what the browser draws beside a name: colour, dashes and the outline of a mark."""
    dashes = "none" if look.dash == "solid" else look.dash.replace("px", "")
    return {"colour": look.colour, "dash": dashes, "path": mark(look.symbol, look.colour, (0, 0))["path"]}


def path_of(points: ArrayLike, closed: bool = False) -> str:
    """Return the path of a shape through points, (n, 2), in the units of the axes; closed: back to the first."""
    path = "M" + "L".join(f"{x:.5g},{y:.5g}" for x, y in np.asarray(points, dtype=float).tolist())
    return f"{path}Z" if closed else path


def named(name: str, shape: dict[str, Any]) -> dict[str, Any]:
    """Return a shape that the legend's entry of this name shows and hides."""
    return {**shape, "legendgroup": name}


def legend_entry(name: str, symbol: str, colour: str, outline: str = "") -> dict[str, Any]:
    """Return a trace without points that stands in the legend for marks or dots."""
    edge = {"line": {"color": outline, "width": 1.2}} if outline else {}
    return markers(name, colour, symbol, 10, x=[None], y=[None], hoverinfo="skip", marker=edge)


def line_entry(name: str, colour: str, dash: str = "solid") -> dict[str, Any]:
    """Return a trace without points that stands in the legend for a line."""
    return line(name, colour, 2, x=[None], y=[None], line={"dash": dash}, hoverinfo="skip")


def upright_entry(name: str, colour: str) -> dict[str, Any]:
    """Return a trace without points that stands in the legend for an upright line."""
    return legend_entry(name, "line-ns", colour, colour)


def mark_entry(name: str, look: Look) -> dict[str, Any]:
    """Return a trace without points that stands in the legend for the mark of an estimator."""
    return legend_entry(name, f"{look.symbol}-open" if look.hollow else look.symbol, look.colour)


def saved(entry: dict[str, Any]) -> dict[str, Any]:
    """Return a legend's entry that only the saved picture shows, since on the page a table or a control names it."""
    return {**entry, "legend": "legend2", "showlegend": True}


def nothing() -> dict[str, Any]:
    """Return an empty trace, without which Plotly draws no axes."""
    return markers("", TRUTH, "circle", x=[None], y=[None], showlegend=False)


def dots(colour: str, x: NDArray[np.float64], y: NDArray[np.float64], width: float = 2.5) -> dict[str, Any]:
    """Return many dots as one shape: a thousand markers of a trace would take 50 ms to draw.

    A stroke of no length with round ends, which the style sheet gives it and the saved picture, is a dot. The browser
    makes the path from the places, which travel as typed arrays.
    """
    finite = np.isfinite(x) & np.isfinite(y)
    across = grid(x) if np.all(finite) and is_grid(x) else {"x": array(x[finite])}
    places = {**across, "y": array(y[finite])}
    return {"type": "path", "dots": places, "line": {"color": colour, "width": width}, "layer": "below"}


def axis(title: str, **settings: Any) -> dict[str, Any]:
    """Return an axis with a title that holds symbol and unit; a zoom lasts as long as the range it was made in."""
    if "range" in settings:
        settings["uirevision"] = str(settings["range"])
    return {
        "title": {"text": title, "standoff": 4},
        "gridcolor": "theme:grid",
        "linecolor": "theme:faint",
        "zeroline": False,
        "ticks": "",
        **settings,
    }


def log_axis(title: str, **settings: Any) -> dict[str, Any]:
    """Return a logarithmic axis, labelled with whole numbers at any zoom: 0.02, 0.05, 0.1.

    With so few ticks, Plotly labels 1, 2 and 5 of each power of ten, or the powers alone where there are many.
    """
    minor = {"dtick": "D1", "ticks": "outside", "ticklen": 3, "tickcolor": "theme:faint"}
    return axis(title, type="log", tickformat=",.6~r", nticks=4, minor=minor, **settings)


def layout(title: str, x: dict[str, Any], y: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """Return a layout that keeps the user's zoom from update to update."""
    return {
        "title": {"text": title, "x": 0, "xref": "paper", "xanchor": "left", "y": 1, "yref": "container",
                  "yanchor": "top", "pad": {"t": 6}, "font": {"size": TITLE, "weight": 600}},
        "font": {"color": TRUTH, "family": FONT, "size": BODY},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 52, "r": 12, "t": 34, "b": 40},
        "xaxis": x,
        "yaxis": y,
        "showlegend": True,
        # Below the title, on the left.
        "legend": LEGEND,
        # Below the saved picture.
        "legend2": {**LEGEND, "y": 0, "yref": "container", "visible": False},
        "hovermode": "closest",
        "uirevision": "kept",
        **settings,
    }  # fmt: skip


def reach(values: ArrayLike, usual: tuple[float, float]) -> list[float]:
    """Return the usual range, or one widened by whole numbers, so that it changes rarely, where values leave it."""
    finite = np.asarray(values)[np.isfinite(values)]
    if not finite.size:
        return list(usual)
    low, high = float(finite.min()), float(finite.max())
    return [
        usual[0] if low >= usual[0] else float(np.floor(low)),
        usual[1] if high <= usual[1] else float(np.ceil(high)),
    ]
