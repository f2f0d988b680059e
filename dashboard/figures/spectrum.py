"""The spectrum of a trace and of its noise, with the curve that AR(1) noise follows."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import expon

from core.noise import Noise, periodogram, spectral_density
from dashboard.figures.palette import translucent
from dashboard.figures.style import (
    DATA,
    LIMIT,
    Look,
    array,
    axis,
    layout,
    legend_entry,
    line,
    log_axis,
    named,
    path_of,
)
from dashboard.wording import entries

MS_PER_S = 1000.0
N_CURVE = 100  # frequencies at which the curve is drawn
CHANCE = 0.9  # of the values of a periodogram of noise lie within the band
BAND = translucent(LIMIT, 0.18)
USUAL_DECADES = (-7, 0)  # of the density in 1/Hz: the axis rests while a slider is dragged
LEGEND_ROW = 20  # pixels: with more curves the legend has another row
MARGIN = {"l": 58, "r": 12, "t": 52, "b": 40}

Array = NDArray[np.float64]


class Part(NamedTuple):
    """What the data hold beside the potential: its name, its colour, and its values, (n_times,)."""

    name: str
    colour: str
    values: Array


def spectrum(
    times: Array,
    data: Array,
    part: Part | None,
    noise: Noise | None,
    time_range: tuple[float, float],
    title: str,
    curves: Mapping[str, tuple[Look, Noise]] = MappingProxyType({}),
) -> dict[str, Any]:
    """Draw the periodograms of the data and of a part of them, and the spectral density of a noise with a band.

    times: in ms, (n_times,), equally spaced. time_range: in ms, of the longest window under the hand.
    curves: the noises of estimators, by name.
    """
    interval = (times[1] - times[0]) / MS_PER_S
    drawn = [(entries.DATA, DATA, 1.0, data)] + ([] if part is None else [(part.name, part.colour, 1.0, part.values)])
    traces, heights = [], []
    for name, colour, width, values in drawn:
        if not np.all(np.isfinite(values)):  # of a trajectory that diverged
            continue
        multiples, density = periodogram(values, interval)
        heights.append(density)
        traces.append(line(name, colour, width, x=array(multiples), y=array(density), hoverinfo="skip"))
    ends = 1 / (np.ptp(time_range) / MS_PER_S + interval), 0.5 / interval
    shapes = []
    frequencies = np.geomspace(*ends, N_CURVE)
    for name, (look, each) in curves.items():
        course = {"x": array(frequencies), "y": array(spectral_density(each, frequencies, interval))}
        traces.append(line(name, look.colour, 2, **course, hoverinfo="name"))
    if noise is not None:
        density = spectral_density(noise, frequencies, interval)
        heights.append(density)
        shapes.append(named(entries.NOISE_BAND, _band(frequencies, density)))
        curve = {"x": array(frequencies), "y": array(density), "line": {"dash": "dash"}}
        traces.append(line(entries.NOISE_CURVE, LIMIT, 2, **curve, hoverinfo="skip"))
        traces.append(legend_entry(entries.NOISE_BAND, "square", BAND))
    return {
        "data": traces,
        "layout": layout(
            title,
            log_axis("f [Hz]", range=np.log10(ends).tolist()),
            axis("S(f) [1/Hz]", type="log", range=_decades(heights), exponentformat="power", dtick=2),
            shapes=shapes,
            margin={**MARGIN, "t": MARGIN["t"] + (LEGEND_ROW if curves else 0)},
        ),
    }


def _band(frequencies: Array, density: Array) -> dict[str, Any]:
    """Return the band round a density, (k,), that holds a share of the exponential values of a periodogram."""
    low, high = expon.ppf([0.5 - CHANCE / 2, 0.5 + CHANCE / 2])
    lower, upper = np.column_stack([frequencies, low * density]), np.column_stack([frequencies, high * density])
    path = path_of(np.concatenate([lower, upper[::-1]]), closed=True)
    return {"type": "path", "path": path, "layer": "below", "fillcolor": BAND, "line": {"width": 0}}


def _decades(heights: list[Array]) -> list[int]:
    """Return the range in powers of ten that holds a third of the median of each part, and all that is higher."""
    typical = [float(np.median(each)) for each in heights if each.size]
    highest = max((float(each.max()) for each in heights if each.size), default=1.0)
    low = min((np.floor(np.log10(each / 3)) for each in typical if each > 0), default=USUAL_DECADES[0])
    high = np.ceil(np.log10(highest)) if highest > 0 else USUAL_DECADES[1]
    return [int(min(low, USUAL_DECADES[0])), int(max(high, USUAL_DECADES[1]))]
