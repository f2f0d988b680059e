"""The figures above on the Inverse map page: estimates on the plane of θ, and their trajectories."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.maps.differences_from_training import listed
from core.symbols import symbol_of
from dashboard.figures.density import Raster, widened
from dashboard.figures.palette import themed, translucent
from dashboard.figures.regions import contours, estimated, frame, in_sight, placed
from dashboard.figures.style import (
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
    nothing,
    reach,
    saved,
)
from dashboard.wording.entries import BOUNDS, EXACT_POSTERIOR

UNSEEN = "rgba(0, 0, 0, 0)"
BACKGROUND = themed("background")
LABEL_PIXELS = (54, 24)  # from a mark to its name, across, and from one name up to the next
NEAR_EDGE = 0.25  # of the width of the plot: names turn inwards there


def estimates(
    names: tuple[str, str],
    bounds: NDArray[np.float64],
    found: Mapping[str, tuple[Look, NDArray[np.float64]]],
    clouds: Mapping[str, NDArray[np.float64]],
    truth: tuple[float, float] | None,
    zoom: NDArray[np.float64] | None = None,
    density: Raster | None = None,
    fresh: Mapping[str, tuple[str, NDArray[np.float64]]] = MappingProxyType({}),
    fences: Sequence[NDArray[np.float64]] = (),
) -> dict[str, Any]:
    """Draw each estimate, (2,), the maps' clouds over fresh noise, (n, 2), and the truth within a box, (2, 2).

    found: name → (look, estimate); zoom: a box to show alone; density: the exact posterior in it; fresh: what other
    estimators make of the same noise: name → (colour, (n, 2)); fences: the boxes, (2, 2), of maps with a prior of their
    own.
    """
    box = widened(bounds, 0.04) if zoom is None else zoom
    shapes: list[dict[str, Any]] = [frame(each, PRIOR, "dash") for each in (bounds, *fences)]
    entries = [mark_entry(name, look) for name, (look, _) in found.items()]
    entries.append(line_entry(BOUNDS, PRIOR, "dash"))
    for name, cloud in clouds.items():
        look, _ = found[name]
        opacity, width = (0.8, 1.8) if look.hollow else (0.45, 3.5)
        shapes.append(dots(translucent(look.colour, opacity), cloud[:, 0], cloud[:, 1], width))
    for name, (colour, points) in fresh.items():
        shapes.append(dots(colour, points[:, 0], points[:, 1], 5))
        entries.append(legend_entry(name, "circle", colour))
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
    symbols = [symbol_of(name) for name in names]
    labels = [_hover(name, estimate, symbols) for name, (_, estimate) in found.items()]
    return {
        "data": [nothing() if density is None else contours(density), *labels, *map(saved, entries)],
        "layout": layout(
            title[0].upper() + title[1:],
            axis(symbols[0], range=box[0].tolist()),
            axis(symbols[1], range=box[1].tolist()),
            shapes=shapes,
            annotations=[
                _label(name, look, estimate, box, i) for i, (name, (look, estimate)) in enumerate(found.items())
            ],
        ),
    }


def _hover(name: str, estimate: NDArray[np.float64], symbols: Sequence[str]) -> dict[str, Any]:
    """Return what is said of an estimate, (2,), that is pointed at: marks are shapes, which have no labels."""
    text = f"{name}: {symbols[0]} = %{{x:.4f}}, {symbols[1]} = %{{y:.4f}}<extra></extra>"
    place = {"x": array(estimate[:1]), "y": array(estimate[1:])}
    return markers("", UNSEEN, "circle", 18, **place, hovertemplate=text, showlegend=False, meta={"rests": True})


def _label(name: str, look: Look, estimate: NDArray[np.float64], box: NDArray[np.float64], i: int) -> dict[str, Any]:
    """Return the name of an estimate, (2,), beside its mark or the arrow that points to it; i: its place in a fan."""
    at = in_sight(estimate, box)
    across, up = (at - box[:, 0]) / (box[:, 1] - box[:, 0])
    side = 1 if across < NEAR_EDGE else -1 if across > 1 - NEAR_EDGE else 1 - 2 * (i % 2)
    rise = LABEL_PIXELS[1] * (i // 2 - 1) - 10
    return {
        "x": float(at[0]),
        "y": float(at[1]),
        "text": name,
        "ax": side * LABEL_PIXELS[0],
        "ay": abs(rise) if up > 1 - NEAR_EDGE else -abs(rise) if up < NEAR_EDGE else rise,
        "xanchor": "left" if side > 0 else "right",
        "arrowhead": 0,
        "arrowwidth": 1,
        "arrowcolor": look.colour,
        "standoff": 7,
        "font": {"color": look.colour, "size": SMALL},
        "bgcolor": translucent(BACKGROUND, 0.75),
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
