"""Training as particles: their ways on the plane of the circle, the angles of neurons, the loss, and the successes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.figures.palette import themed
from dashboard.figures.race import runner
from dashboard.figures.style import (
    CANDIDATE,
    FAINT,
    LIMIT,
    MUTED,
    SMALL,
    TRUTH,
    Look,
    array,
    axis,
    layout,
    legend_entry,
    line,
    line_entry,
    log_axis,
    mark,
    markers,
    path_of,
)
from dashboard.wording.entries import LEAST_LOSS, PARTICLES
from dashboard.wording.entries import TRUTH as TRUE
from dashboard.wording.numbers import compact

LOOK = Look(themed("first-order"), "circle")  # they descend by the gradient
HEAD, RING = 0.55, 1.7  # sizes of the marks of a particle and of the measure of least loss, which rings a star
RINGS = (0.1, 0.5, 1.0)  # weights, of the circles on the plane
REACH = 1.16  # of the plane at least, in square roots of weights
LEAST_EXCESS = 1e-6  # the bottom of the plot of the loss; a difference to the least loss is not known more exactly
THRESHOLD = "success"
HERE = "you are here"
MARGIN = {"l": 52, "r": 12, "t": 52, "b": 42}

Array = NDArray[np.float64]
Steps = Sequence[int]


def tracks(
    steps: Steps, angles: Array, weights: Array, true: tuple[Array, Array], best: tuple[Array, Array]
) -> dict[str, Any]:
    """Draw the ways of m particles: each stands at its angle, as far from the centre as the square root of its weight.

    steps: at which angles and weights, (k, m), were recorded, from 0 on. true, best: angles and weights, (n,), of the
    spikes and of the measure of least loss.
    """
    clock = np.array(steps[1:])
    traces: list[dict[str, Any]] = [legend_entry(TRUE, "star", TRUTH)]
    shapes = [_ring(weight) for weight in RINGS]
    for angle, reach in zip(*_polar(*true), strict=True):
        end = reach * np.array([np.cos(angle), np.sin(angle)])
        shapes.append({**_stroke(np.array([[0, 0], end]), TRUTH, 1), "layer": "below"})
    shapes += [mark("circle", LIMIT, place, size=RING, hollow=True) for place in _places(*best)]
    shapes += [mark("star", TRUTH, place) for place in _places(*true)]
    traces.append(legend_entry(LEAST_LOSS, "circle-open", LIMIT))
    for i in range(angles.shape[1]):
        x, y = np.array(_places(angles[1:, i], weights[1:, i])).T
        drawn = runner(f"particle {i + 1}", LOOK, x, y, clock, len(shapes), ends=False)
        traces += [{**trace, "line": {**trace["line"], "width": 1.6}} for trace in drawn[0]]
        shapes += [{**mark("circle", LOOK.colour, (x[-1], y[-1]), size=HEAD)}]
    traces.append({**legend_entry(PARTICLES, "circle", LOOK.colour), "line": {"color": LOOK.colour}})
    reach = max(REACH, 1.1 * float(np.sqrt(np.concatenate([weights[-1], best[1]]).max())))
    plane = {"range": [-reach, reach], "visible": False, "fixedrange": True}
    return {
        "data": traces,
        "layout": layout(
            "Particles on the circle",
            {**axis(""), **plane},
            {**axis(""), **plane, "scaleanchor": "x"},
            shapes=shapes,
            annotations=[*_angles(), *(_weight(each) for each in RINGS)],
            margin={"l": 8, "r": 8, "t": 52, "b": 8},
        ),
    }


def alignment(steps: Steps, angles: Array, weights: Array) -> dict[str, Any]:
    """Draw the angle, (k, m) in degrees, of each neuron to the teacher that it ends nearest to.

    weights: in the end, (m,), which decide how wide a line is.
    """
    clock = np.array(steps[1:])
    traces: list[dict[str, Any]] = []
    shapes: list[dict[str, Any]] = []
    widths = 1 + 3 * np.sqrt(weights / max(float(weights.max()), 1e-12))
    for i in range(angles.shape[1]):
        drawn = runner(f"neuron {i + 1}", LOOK, clock.astype(float), angles[1:, i], clock, len(shapes), ends=False)
        traces += [{**trace, "line": {**trace["line"], "width": float(widths[i])}} for trace in drawn[0]]
        shapes.append(mark("circle", LOOK.colour, (float(clock[-1]), float(angles[-1, i])), size=HEAD))
    return {
        "data": [*traces, line_entry("a student’s neurons; wide: large weight", LOOK.colour)],
        "layout": layout(
            "Angle to the nearest neuron of the teacher",
            _clock_axis(clock),
            axis("angle [°]", range=[-4, 104], tickvals=[0, 30, 60, 90]),
            shapes=shapes,
            margin=MARGIN,
        ),
    }


def excess(steps: Steps, losses: Array, success: float, title: str, label: str) -> dict[str, Any]:
    """Draw how far losses, (k,), lie above the least one; success: within which a run has found it."""
    clock, heights = np.array(steps[1:]), np.maximum(losses[1:], LEAST_EXCESS)
    low = min(float(heights.min()), success)
    drawn = runner("loss", LOOK, clock.astype(float), heights, clock, 0, ends=False)
    ends = {"x": array([1.0, float(clock[-1])]), "y": array([success, success])}
    level = line(THRESHOLD, LIMIT, 1.6, **ends, line={"dash": "5px,4px"}, hoverinfo="skip")
    return {
        "data": [level, *drawn[0]],
        "layout": layout(
            title,
            _clock_axis(clock),
            log_axis(label, range=[np.log10(low) - 0.3, float(np.log10(heights.max())) + 0.15]),
            shapes=[mark("circle", LOOK.colour, (float(clock[-1]), float(heights[-1])), size=HEAD)],
            margin=MARGIN,
        ),
    }


@dataclass(frozen=True, eq=False)
class Successes:
    """Shares of successes, (n,), with the ends of their intervals, and what the curve is called."""

    name: str
    shares: Array
    low: Array
    high: Array


def successes(widths: Array, curves: Sequence[Successes], chosen: int, here: float, sought: int) -> dict[str, Any]:
    """Draw the shares of successes against the numbers of particles, (n,); chosen: the curve that stands out.

    here: the number of particles on screen. sought: how many would be enough, which an upright line marks.
    """
    others = [each for i, each in enumerate(curves) if i != chosen]
    traces = [_successes(each, widths, FAINT, 1.2) for each in others]
    traces = [{**trace, "showlegend": False} for trace in traces]
    shown = curves[chosen]
    bars = {"array": array(100 * (shown.high - shown.shares)), "arrayminus": array(100 * (shown.shares - shown.low))}
    error = {"type": "data", "symmetric": False, **bars, "color": LOOK.colour, "thickness": 1.4, "width": 3}
    traces.append({**_successes(shown, widths, LOOK.colour, 2), "error_y": error, "mode": "lines+markers"})
    at = float(shown.shares[int(np.argmin(np.abs(widths - here)))])
    ring = {"size": 15, "color": "rgba(0,0,0,0)", "line": {"color": CANDIDATE, "width": 3}}
    traces.append(markers(HERE, CANDIDATE, "circle", x=[here], y=[100 * at], marker=ring, hoverinfo="skip"))
    upright = _stroke(np.array([[sought, -5], [sought, 105]]), MUTED, 1)
    return {
        "data": traces,
        "layout": layout(
            "Share of successes",
            axis("number m of particles", range=[0, 1.06 * float(widths.max())]),
            axis("successes [%]", range=[-5, 105]),
            shapes=[{**upright, "layer": "below", "line": {"color": MUTED, "width": 1, "dash": "2px,3px"}}],
            margin=MARGIN,
        ),
    }


def _successes(each: Successes, widths: Array, colour: str, width: float) -> dict[str, Any]:
    shares = {"x": array(widths), "y": array(100 * each.shares)}
    return line(each.name, colour, width, **shares, hovertemplate="m = %{x}: %{y:.0f} %", marker={"size": 6})


def _clock_axis(clock: NDArray[np.int64]) -> dict[str, Any]:
    return log_axis("step", range=[0, float(np.log10(clock[-1])) * 1.03])


def _polar(angles: Array, weights: Array) -> tuple[Array, Array]:
    return angles, np.sqrt(np.maximum(weights, 0))


def _places(angles: Array, weights: Array) -> list[tuple[float, float]]:
    angles, reach = _polar(angles, weights)
    return list(zip((reach * np.cos(angles)).tolist(), (reach * np.sin(angles)).tolist(), strict=True))


def _stroke(points: Array, colour: str, width: float) -> dict[str, Any]:
    return {"type": "path", "path": path_of(points), "line": {"color": colour, "width": width}, "layer": "above"}


def _ring(weight: float) -> dict[str, Any]:
    turn = np.linspace(0, 2 * np.pi, 73)
    points = np.sqrt(weight) * np.column_stack([np.cos(turn), np.sin(turn)])
    return {**_stroke(points, "theme:grid" if weight < 1 else FAINT, 1), "layer": "below"}


def _angles() -> list[dict[str, Any]]:
    """Return the labels of a quarter's turns round the circle."""
    texts = ("0", "π/2", "π", "3π/2")
    return [
        _label(text, 1.08 * np.cos(i * np.pi / 2), 1.08 * np.sin(i * np.pi / 2), MUTED) for i, text in enumerate(texts)
    ]


def _weight(weight: float) -> dict[str, Any]:
    turn, text = -3 * np.pi / 8, compact(weight) if weight < 1 else f"weight {compact(weight)}"
    return _label(text, np.sqrt(weight) * np.cos(turn), np.sqrt(weight) * np.sin(turn), MUTED)


def _label(text: str, x: float, y: float, colour: str) -> dict[str, Any]:
    font = {"size": SMALL, "color": colour}
    return {"x": float(x), "y": float(y), "text": text, "showarrow": False, "font": font}
