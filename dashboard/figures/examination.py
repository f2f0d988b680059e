"""The examination of a map as figures: coverage, ranks, distances from random points, and scores."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.maps.examination.bands import band, counts_below
from core.maps.examination.examination import Examination
from core.maps.examination.ranks import DISTANCE, N_DRAWS, REGION
from core.symbols import symbol_of
from dashboard.figures.accuracy import around
from dashboard.figures.palette import themed, translucent
from dashboard.figures.style import FAINT, TRUTH, Look, array, axis, layout, line, log_axis, markers

BAND = "where a right map lies"
PARAMETER_TONES = ("value-1", "value-4", "value-2", "value-5", "value-3", "global")
MOST_DOTS = 400  # traces of the scatter plot
LEAST_REACH = 0.08  # of the axis of differences
LEAST_LEFT = 1e-9  # of the prior's variance
HIGHEST_Z, FURTHEST_Z = 4.0, 12.0
SHARES = np.arange(1, N_DRAWS + 1) / (N_DRAWS + 1)
MARGIN = {"l": 58, "r": 12, "t": 52, "b": 40}

Array = NDArray[np.float64]


def tone(column: int) -> str:
    """Return the colour of a parameter, by its place among those that a map estimates."""
    return themed(PARAMETER_TONES[column % len(PARAMETER_TONES)])


def coverage(found: Examination, look: Look, name: str) -> dict[str, Any]:
    """Draw the share of truths in the regions against the share that is stated."""
    return _curve(
        found, REGION, look, name, "Truths in the regions", "stated share of truths", "share of truths inside"
    )


def distances(found: Examination, look: Look, name: str) -> dict[str, Any]:
    """Draw the same for balls around random points (TARP)."""
    return _curve(
        found,
        DISTANCE,
        look,
        name,
        "Truths near random points (TARP)",
        "stated share of truths",
        "share of truths nearer",
    )


def ranks(found: Examination) -> dict[str, Any]:
    """Draw how far the distribution of each parameter's ranks is off the uniform one."""
    curves = {name: _below(found, name) - SHARES for name in found.names}
    low, high = (each - SHARES for each in band(found.family_gamma, found.n, N_DRAWS))
    reach = max(LEAST_REACH, 1.15 * max(float(np.abs(each).max()) for each in (low, high, *curves.values())))
    traces = [
        line(symbol_of(name), tone(column), 2, x=array(SHARES), y=array(curve), hovertemplate="%{x:.2f}: %{y:+.3f}")
        for column, (name, curve) in enumerate(curves.items())
    ]
    return {
        "data": [_band(low, high), *traces],
        "layout": layout(
            "Ranks of the truth among draws",
            axis("rank, as a share", range=[0.0, 1.0]),
            axis("share below − uniform", range=[-reach, reach]),
            margin=MARGIN,
        ),
    }


def scores(found: Examination) -> dict[str, Any]:
    """Draw each trace's error in stated sds against the contraction: how much less than the prior's the variance is."""
    step = max(1, found.n // MOST_DOTS)
    z, left = found.z[::step], np.clip(1 - found.contraction[::step], LEAST_LEFT, 1.0)
    reach = float(np.clip(1.1 * np.quantile(np.abs(found.z), 0.99), HIGHEST_Z, FURTHEST_Z))
    traces = [
        markers(
            symbol_of(name), tone(column), "circle", 4, x=array(left[:, column]),
            y=array(np.clip(z[:, column], -reach, reach)), marker={"opacity": 0.55},
            hovertemplate="%{x:.2~g} of the prior’s variance left: z = %{y:.2f}",
        )
        for column, name in enumerate(found.names)
    ]  # fmt: skip
    lines = [
        {"type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": height, "y1": height, "layer": "below",
         "line": {"color": FAINT, "width": 1, "dash": "solid" if height == 0 else "dot"}}
        for height in (-2, 0, 2)
    ]  # fmt: skip
    return {
        "data": traces,
        "layout": layout(
            "Error against contraction",
            log_axis("1 − contraction: share of the prior’s variance left", range=around(left)),
            axis("z: error in stated sds", range=[-1.04 * reach, 1.04 * reach]),
            shapes=lines,
            margin=MARGIN,
        ),
    }


def _below(found: Examination, statistic: str) -> Array:
    """Return the share of ranks of a statistic below 1, …, L."""
    return counts_below(found.ranks[statistic][None], N_DRAWS)[0] / found.n


def _curve(found: Examination, statistic: str, look: Look, name: str, title: str, x: str, y: str) -> dict[str, Any]:
    curve = line(
        name, look.colour, 2, x=array(SHARES), y=array(_below(found, statistic)), hovertemplate="%{x:.0%}: %{y:.1%}"
    )
    diagonal: Mapping[str, Any] = {
        "type": "line", "x0": 0, "y0": 0, "x1": 1, "y1": 1, "layer": "below", "line": {"color": TRUTH, "width": 1}
    }  # fmt: skip
    return {
        "data": [_band(*band(found.family_gamma, found.n, N_DRAWS)), curve],
        "layout": layout(
            title,
            axis(x, range=[0.0, 1.0]),
            axis(y, range=[0.0, 1.0]),
            shapes=[diagonal],
            margin=MARGIN,
        ),
    }


def _band(low: Array, high: Array) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": BAND,
        "legendgroup": BAND,
        "x": array(np.concatenate([SHARES, SHARES[::-1]])),
        "y": array(np.concatenate([low, high[::-1]])),
        "fill": "toself",
        "fillcolor": translucent(FAINT, 0.35),
        "line": {"width": 0, "color": FAINT},
        "hoverinfo": "skip",
    }
