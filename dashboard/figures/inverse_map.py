"""The figures above on the Inverse map page: estimates on the plane of θ, and their trajectories."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.maps.differences_from_training import listed
from core.symbols import symbol_of
from dashboard.figures.density import Raster, widened
from dashboard.figures.palette import translucent
from dashboard.figures.regions import contours, ellipse, estimated, frame, in_sight, placed
from dashboard.figures.style import (
    BEST,
    DATA,
    LIMIT,
    PRIOR,
    SMALL,
    TRUTH,
    Look,
    array,
    axis,
    dots,
    grid,
    layout,
    legend_entry,
    line,
    line_entry,
    mark_entry,
    markers,
    named,
    nothing,
    path_of,
    saved,
)
from dashboard.wording.entries import DATA as DATA_ENTRY
from dashboard.wording.entries import EACH_MAP, EXACT_POSTERIOR
from dashboard.wording.entries import TRUTH as TRUTH_ENTRY
from dashboard.wording.further import unit_of

ELLIPSE_MASS = 0.9
UNSEEN = "rgba(0, 0, 0, 0)"
NAMES_AT = (0.78, 0.93)  # of the plot, across and up: the upper end of the column of names
BESIDE = 0.3  # of the box: what is added to its right, where the names stand and no estimate can
NAME_INSET = 0.008  # of the plot: from an edge to the name of its prior
NAME_STEP = 0.075  # of the height of the plot: from one name to the next
LEAST_HEIGHT = 3.2  # of the axis of u, in either direction
GROWTH = 1.5  # times, as often as it takes for the data not to leave it


def estimates(
    names: tuple[str, str],
    bounds: NDArray[np.float64],
    found: Mapping[str, tuple[Look, NDArray[np.float64]]],
    clouds: Mapping[str, NDArray[np.float64]],
    truth: tuple[float, float] | None,
    zoom: NDArray[np.float64] | None = None,
    density: Raster | None = None,
    fresh: Mapping[str, tuple[str, NDArray[np.float64]]] = MappingProxyType({}),
    fences: Mapping[str, NDArray[np.float64]] = MappingProxyType({}),
    ellipses: Mapping[str, NDArray[np.float64]] = MappingProxyType({}),
) -> dict[str, Any]:
    """Draw each estimate, (2,), the maps' clouds over fresh noise, (n, 2), and the truth within a box, (2, 2).

    found: name → (look, estimate); zoom: a box to show alone; density: the exact posterior in it; fresh: what other
    estimators make of the same noise: name → (colour, (n, 2)); fences: the boxes of priors, (2, 2), by name; ellipses:
    the covariances, (2, 2), of estimates that are shown with a 90 % region.
    """
    box = _with_column(bounds) if zoom is None else zoom
    shapes: list[dict[str, Any]] = [frame(each, PRIOR, "dash") for each in fences.values()]
    entries = [saved(mark_entry(name, look)) for name, (look, _) in found.items()]
    for name, cloud in clouds.items():
        look, _ = found[name]
        opacity, width = (0.8, 1.8) if look.hollow else (0.45, 3.5)
        shapes.append(dots(translucent(look.colour, opacity), cloud[:, 0], cloud[:, 1], width))
    if density is not None:
        entries.append(legend_entry(EXACT_POSTERIOR, "square", translucent(LIMIT, 0.6), LIMIT))
    for name, (colour, points) in fresh.items():
        shapes.append(named(name, dots(colour, points[:, 0], points[:, 1], 5)))
        entries.append(legend_entry(name, "circle", colour))
    shapes += [
        {"type": "path", "path": path_of(ellipse(found[name][1], each, ELLIPSE_MASS), closed=True), "layer": "above",
         "line": {"color": found[name][0].colour, "width": 2, "dash": found[name][0].dash}}
        for name, each in ellipses.items()
    ]  # fmt: skip
    places = _column(len(found), box)
    shapes += [_leader(look, estimate, at, box) for (look, estimate), at in zip(found.values(), places, strict=True)]
    # The best map stands first, and is drawn last, on top.
    shapes += [estimated(look, estimate, box) for look, estimate in reversed(list(found.values()))]
    if truth is not None:
        shapes.append(placed("star", TRUTH, np.array(truth), box))
        entries.append(saved(legend_entry(TRUTH_ENTRY, "star", TRUTH)))
    symbols = [symbol_of(name) for name in names]
    what = "θ" if names == ("theta0", "theta1") else " and ".join(symbols)
    shown = [f"estimates of {what}"] if found else []
    if clouds:
        shown.append("clouds under new noise")
    if density is not None:
        shown.append("exact posterior")
    title = listed(shown) if shown else f"the prior’s box of {what}"
    labels = [_hover(name, estimate, symbols) for name, (_, estimate) in found.items()]
    names_of_lines = {name: at for name, each in fences.items() if (at := _upper_left(each, box)) is not None}
    return {
        "data": [
            nothing() if density is None else contours(density, name=EXACT_POSTERIOR),
            *labels,
            _texts({name: look.colour for name, (look, _) in found.items()}, places, "middle right"),
            _texts(dict.fromkeys(names_of_lines, PRIOR), np.array(list(names_of_lines.values())), "bottom right"),
            *entries,
        ],
        "layout": layout(
            title[0].upper() + title[1:],
            axis(_title(names[0]), range=box[0].tolist()),
            axis(_title(names[1]), range=box[1].tolist()),
            shapes=shapes,
            **({} if density is None else {"margin": {"l": 52, "r": 12, "t": 64, "b": 40}}),
        ),
    }


def _title(name: str) -> str:
    """Return the title of a parameter's axis: its symbol, and its unit where it has one."""
    unit = unit_of(name).strip()
    return f"{symbol_of(name)} [{unit}]" if unit else symbol_of(name)


def _with_column(bounds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the box, (2, 2), that holds these bounds with a margin, and a column of names to the right of them."""
    box = widened(bounds, 0.04)
    box[0, 1] += BESIDE * (box[0, 1] - box[0, 0])
    return box


def _column(n: int, box: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the places of n names below each other, (n, 2): they stay while the estimates move."""
    across, top = NAMES_AT
    up = top - min(NAME_STEP, top / max(n, 1)) * np.arange(n)
    return box[:, 0] + np.column_stack([np.full(n, across), up]) * (box[:, 1] - box[:, 0])


def _texts(colours: Mapping[str, str], places: NDArray[np.float64], position: str) -> dict[str, Any]:
    """Return a trace of names, each in its colour, at places, (n, 2)."""
    x, y = places.reshape(-1, 2).T
    return {
        "type": "scatter",
        "mode": "text",
        "name": position,
        "x": array(x),
        "y": array(y),
        "text": list(colours),
        "textposition": position,
        "textfont": {"size": SMALL, "color": list(colours.values())},
        "hoverinfo": "skip",
        "showlegend": False,
        "cliponaxis": False,
    }


def _leader(
    look: Look, estimate: NDArray[np.float64], name_at: NDArray[np.float64], box: NDArray[np.float64]
) -> dict[str, Any]:
    """Return the line from an estimate, (2,), or the arrow that points to it, to its name."""
    path = path_of([in_sight(estimate, box), name_at])
    drawn = {"color": look.colour, "width": 1}
    return {"type": "path", "path": path, "layer": "below", "opacity": 0.6, "line": drawn}


def _upper_left(prior: NDArray[np.float64], box: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return where the name of a prior stands, (2,): below its upper edge, or right of another that is in sight."""
    in_view = [[bool(low < end < high) for end in ends] for ends, (low, high) in zip(prior, box, strict=True)]
    left, top = max(prior[0, 0], box[0, 0]), min(prior[1, 1], box[1, 1])
    if in_view[0][1] and not (in_view[0][0] or in_view[1][1]):
        left = prior[0, 1]
    if not (any(in_view[0]) or in_view[1][1]) or left >= box[0, 1] or top <= box[1, 0]:
        return None
    return np.array([left, top]) + NAME_INSET * np.array([1, -1]) * (box[:, 1] - box[:, 0])


def _hover(name: str, estimate: NDArray[np.float64], symbols: Sequence[str]) -> dict[str, Any]:
    """Return what is said of an estimate, (2,), that is pointed at: marks are shapes, which have no labels."""
    text = f"{name}: {symbols[0]} = %{{x:.4f}}, {symbols[1]} = %{{y:.4f}}<extra></extra>"
    place = {"x": array(estimate[:1]), "y": array(estimate[1:])}
    return markers("", UNSEEN, "circle", 18, **place, hovertemplate=text, showlegend=False, meta={"rests": True})


def simulated(
    times: NDArray[np.float64], potentials: Mapping[str, tuple[Look, NDArray[np.float64]]]
) -> list[dict[str, Any]]:
    """Return the lines of potentials, (n_times,), the first on top; name → (look, u)."""
    return [
        line(name, look.colour, 1.4, y=array(u), **grid(times), line={"dash": look.dash}, hoverinfo="name")
        for name, (look, u) in reversed(list(potentials.items()))
    ]


def resimulated(
    times: NDArray[np.float64],
    data: NDArray[np.float64],
    truth: NDArray[np.float64] | None,
    potentials: Mapping[str, tuple[Look, NDArray[np.float64]]],
) -> dict[str, Any]:
    """Draw the potential, (n_times,), simulated from each estimate over the data and the truth; name → (look, u)."""
    # The entry of all maps shows and hides them all.
    traces = [{**saved(curve), "legendgroup": EACH_MAP} for curve in simulated(times, potentials)]
    height = _height(data)
    entries = [legend_entry(DATA_ENTRY, "circle", DATA)]
    if truth is not None:
        dotted = line(TRUTH_ENTRY, TRUTH, 1.3, y=array(truth), **grid(times), line={"dash": "dot"}, hoverinfo="skip")
        traces.append({**dotted, "showlegend": False})
        entries.append(line_entry(TRUTH_ENTRY, TRUTH, "dot"))
    if potentials:
        entries.append(line_entry(EACH_MAP, BEST))
    return {
        "data": [*traces, *entries],
        "layout": layout(
            "Potential u(t) simulated from each estimate" if potentials else "Data u(t)",
            axis("t [ms]", range=[float(times[0]), float(times[-1])]),
            axis("u", range=[-height, height], tickvals=[-2, 0, 2]),
            shapes=[named(DATA_ENTRY, dots(DATA, times, data, 2.2))],
            margin={"l": 52, "r": 12, "t": 48, "b": 40},
        ),
    }


def _height(data: NDArray[np.float64]) -> float:
    """Return where the axis of u ends, which changes rarely while the noise is dragged: then all is drawn anew."""
    largest = np.nanmax(np.abs(data), initial=LEAST_HEIGHT)
    return float(LEAST_HEIGHT * GROWTH ** np.ceil(np.log(largest / LEAST_HEIGHT) / np.log(GROWTH)))
