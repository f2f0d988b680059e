"""The figures of the Inverse map page: estimates on the plane of θ, their trajectories, and predicted against true."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.maps.differences_from_training import listed
from core.symbols import symbol_of
from dashboard.figures.density import Raster, widened
from dashboard.figures.palette import translucent
from dashboard.figures.regions import contours, estimated, frame, placed
from dashboard.figures.style import (
    DATA,
    LIMIT,
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
    line_entry,
    mark_entry,
    named,
    nothing,
    reach,
    saved,
)
from dashboard.wording.entries import BOUNDS, EXACT_MEANS, EXACT_POSTERIOR


def estimates(
    names: tuple[str, str],
    bounds: NDArray[np.float64],
    found: Mapping[str, tuple[Look, NDArray[np.float64]]],
    clouds: Mapping[str, NDArray[np.float64]],
    truth: tuple[float, float] | None,
    zoom: NDArray[np.float64] | None = None,
    density: Raster | None = None,
    means: NDArray[np.float64] | None = None,
    fences: Sequence[NDArray[np.float64]] = (),
) -> dict[str, Any]:
    """Draw each map's estimate, (2,), its cloud over fresh noise, (n, 2), and the truth within the prior's box (2, 2).

    found: name → (look, estimate); zoom: a box, (2, 2), to show alone; density: the exact posterior in it; means: its
    means, (n, 2), for fresh noise; fences: the boxes, (2, 2), of maps with a prior of their own.
    """
    box = widened(bounds, 0.04) if zoom is None else zoom
    shapes: list[dict[str, Any]] = [frame(each, PRIOR, "dash") for each in (bounds, *fences)]
    entries = [mark_entry(name, look) for name, (look, _) in found.items()]
    entries.append(line_entry(BOUNDS, PRIOR, "dash"))
    for name, cloud in clouds.items():
        look, _ = found[name]
        opacity, width = (0.8, 1.8) if look.hollow else (0.45, 3.5)
        shapes.append(dots(translucent(look.colour, opacity), cloud[:, 0], cloud[:, 1], width))
    if means is not None:
        shapes.append(dots(LIMIT, means[:, 0], means[:, 1], 5))
        entries.append(legend_entry(EXACT_MEANS, "circle", LIMIT))
    if density is not None:
        entries.append(legend_entry(EXACT_POSTERIOR, "square", translucent(LIMIT, 0.6), LIMIT))
    # The best map stands first, and is drawn last, on top.
    shapes += [estimated(look, estimate, box) for look, estimate in reversed(list(found.values()))]
    if truth is not None:
        shapes.append(placed("star", TRUTH, np.array(truth), box))
        entries.append(legend_entry("truth", "star", TRUTH))
    shown = ["estimates of θ"] if found else []
    if clouds:
        shown.append(f"clouds of {len(next(iter(clouds.values())))} fresh noise draws" if zoom is None else "clouds")
    if density is not None:
        shown.append("exact posterior")
    title = listed(shown) if shown else "the prior’s box of θ"
    return {
        "data": [nothing() if density is None else contours(density), *map(saved, entries)],
        "layout": layout(
            title[0].upper() + title[1:],
            axis(symbol_of(names[0]), range=box[0].tolist()),
            axis(symbol_of(names[1]), range=box[1].tolist()),
            shapes=shapes,
        ),
    }


def resimulated(
    times: NDArray[np.float64],
    data: NDArray[np.float64],
    truth: NDArray[np.float64] | None,
    potentials: Mapping[str, tuple[Look, NDArray[np.float64]]],
) -> dict[str, Any]:
    """Draw the potential, (n_times,), simulated from each estimate over the data and the truth; name → (look, u)."""
    traces = [
        saved(line(name, look.colour, 1.4, y=array(u), **grid(times), line={"dash": look.dash}, hoverinfo="name"))
        for name, (look, u) in reversed(list(potentials.items()))
    ]
    if truth is not None:
        dotted = line("truth", TRUTH, 1.3, y=array(truth), **grid(times), line={"dash": "dot"}, hoverinfo="skip")
        traces.append(saved(dotted))
    return {
        "data": [*traces, saved(legend_entry("data", "circle", DATA))],
        "layout": layout(
            "Potential u(t) re-simulated from the estimates" if potentials else "Data u(t)",
            axis("t [ms]", range=[float(times[0]), float(times[-1])]),
            axis("u", range=reach(data, (-3, 3))),
            shapes=[dots(DATA, times, data, 2.2)],
        ),
    }


def predicted_against_true(
    name: str,
    truth: NDArray[np.float64],
    predictions: Mapping[str, tuple[Look, NDArray[np.float64]]],
    title: str,
) -> dict[str, Any]:
    """Draw predictions, (n,), of one parameter against its true values, (n,); map → (look, values)."""
    low, high = float(truth.min()), float(truth.max())
    margin = 0.05 * (high - low)
    scope = [low - margin, high + margin]
    shapes = [
        named(name, dots(translucent(look.colour, 0.5), truth, values, 2.6))
        for name, (look, values) in reversed(list(predictions.items()))
    ]
    shapes.append({"type": "line", "x0": scope[0], "y0": scope[0], "x1": scope[1], "y1": scope[1],
                   "line": {"color": TRUTH, "width": 1, "dash": "dot"}})  # fmt: skip
    symbol = symbol_of(name)
    return {
        "data": [legend_entry(name, "circle", look.colour) for name, (look, _) in predictions.items()],
        "layout": layout(
            title,
            axis(f"true {symbol}", range=scope),
            axis(f"predicted {symbol}", range=scope),
            shapes=shapes,
            margin={"l": 52, "r": 12, "t": 48, "b": 40},
        ),
    }
