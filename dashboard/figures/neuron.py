"""The figures of the Neuron page: potential and recovery over time, and the phase plane."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.models.fitzhugh_nagumo.equations import REST, FixedPoint, rates, u_nullcline, v_nullcline
from core.models.spikes import SPIKE_THRESHOLD
from dashboard.figures.palette import themed, translucent
from dashboard.figures.style import (
    BODY,
    DATA,
    FAINT,
    MUTED,
    TRUTH,
    U_RANGE,
    V_RANGE,
    array,
    axis,
    dots,
    grid,
    layout,
    legend_entry,
    line,
    line_entry,
    mark,
    named,
    reach,
)

RECOVERY = "theme:muted"
LEAST_HEIGHT = 3.5  # of u, up and down
LARGEST_SPIKE, LARGEST_NOISE = 2.0, 4.0  # of u, and of thousands of samples of noise, in its sd
THRESHOLD = f"spike threshold {SPIKE_THRESHOLD}"
FAR = (1.5, 0.75)  # u and v beyond which a word has room left of a mark alone, and below it
FIXED_POINTS = "Phase plane with fixed points"
N_ARROWS = 16  # of the direction field, a side
MARGIN = {"l": 52, "r": 12, "t": 52, "b": 40}  # of all plots of the page, so that their axes stand on common edges


@dataclass(frozen=True, eq=False)
class Course:
    """A trajectory as it is drawn: states (n, 2) at equally spaced times (n,) in ms."""

    times: NDArray[np.float64]
    states: NDArray[np.float64]


def time_axis(time_range: tuple[float, float]) -> dict[str, Any]:
    """Return the axis of the time, to whose tenths hover labels are written."""
    return axis("t [ms]", range=list(time_range), hoverformat=".1f")


def state_axis(title: str, span: list[float], across: bool = False) -> dict[str, Any]:
    """Return the axis of u or v, to whose hundredths hover labels are written.

    across: it lies level; upright, its numbers leave room for the dot at t = 0.
    """
    return axis(title, range=span, hoverformat=".2f", ticklabelstandoff=0 if across else 4)


def usual_heights(sd: float) -> tuple[float, float]:
    """Return a range of u that holds nearly all noise of this sd: the axis rests while other sliders are dragged."""
    height = LEAST_HEIGHT + max(0.0, float(np.ceil(LARGEST_SPIKE + LARGEST_NOISE * sd - LEAST_HEIGHT)))
    return -height, height


def potential(
    times: NDArray[np.float64],
    course: Course | None,
    data: NDArray[np.float64],
    sd: float,
    time_range: tuple[float, float],
) -> dict[str, Any]:
    """Draw the noisy data, and u(t); course: None where it is not known; sd: of the noise."""
    u_values = data if course is None else np.concatenate([data, course.states[:, 0]])
    traces = [legend_entry("data", "circle", DATA)]
    if course is not None:
        u = array(course.states[:, 0])
        traces.append(line("truth", TRUTH, y=u, **grid(course.times), meta={"of": "u"}))
    level = {"y": array([SPIKE_THRESHOLD] * 2), **grid(time_range), "line": {"dash": "dot"}}
    traces.append(line(THRESHOLD, MUTED, 1, **level, hoverinfo="skip"))
    return {
        "data": traces,
        "layout": layout(
            "Membrane potential u(t)",
            time_axis(time_range),
            state_axis("u", reach(u_values, usual_heights(sd))),
            margin=MARGIN,
            shapes=[named("data", dots(DATA, times, data))],
            meta={"runs": ["t", "u"]},
        ),
    }


def recovery(course: Course, time_range: tuple[float, float]) -> dict[str, Any]:
    """Draw v(t)."""
    v = course.states[:, 1]
    return {
        "data": [line("recovery v", RECOVERY, 1.5, y=array(v), **grid(course.times), meta={"of": "v"})],
        "layout": layout(
            "Recovery v(t)",
            time_axis(time_range),
            state_axis("v", reach(v, V_RANGE)),
            margin=MARGIN,
            showlegend=False,
            meta={"runs": ["t", "v"]},
        ),
    }


def _direction_field(parameters: tuple[float, ...], u_range: list[float], v_range: list[float]) -> dict[str, Any]:
    """Return arrows of one length, as they are seen, that point where (u, v) moves from a grid of states."""
    spans = np.array([u_range[1] - u_range[0], v_range[1] - v_range[0]])
    centres = (np.arange(N_ARROWS) + 0.5) / N_ARROWS
    grids = np.meshgrid(u_range[0] + spans[0] * centres, v_range[0] + spans[1] * centres)
    at = np.stack(grids, axis=-1).reshape(-1, 2)
    towards = rates(at, parameters) / spans
    towards *= 0.6 / N_ARROWS / np.maximum(np.hypot(*towards.T), 1e-12)[:, None]  # none at a fixed point
    across = towards[:, ::-1] * (-1, 1)
    # From the tail to the tip, to both ends of the head, and a gap.
    ends = (-towards / 2, towards / 2, towards / 4 + across / 6, towards / 2, towards / 4 - across / 6)
    arrows = np.stack([at + spans * end for end in ends] + [np.full_like(at, np.nan)], axis=1).reshape(-1, 2)
    return line(
        "direction field", FAINT, 1, x=array(arrows[:, 0]), y=array(arrows[:, 1]), hoverinfo="skip", showlegend=False
    )


def _nullclines(parameters: tuple[float, ...], u_range: list[float], v_range: list[float]) -> list[dict[str, Any]]:
    theta0, theta1, zeta, _ = parameters
    u, v = np.linspace(u_range[0], u_range[1], 101), np.array(v_range)
    look: dict[str, Any] = {"colour": MUTED, "width": 1.4, "hoverinfo": "name"}
    return [
        line("u′ = 0", x=array(u), y=array(u_nullcline(u, zeta)), line={"dash": "dot"}, **look),
        line("v′ = 0", x=array(v_nullcline(v, theta0, theta1)), y=array(v), line={"dash": "dash"}, **look),
    ]


def _plane(states: NDArray[np.float64]) -> tuple[list[float], list[float]]:
    """Return the ranges of u and v that hold states, (n, 2)."""
    u, v = np.clip(states, -8, 8).T
    return reach(u, U_RANGE), reach(v, V_RANGE)


def phase_plane(
    parameters: tuple[float, ...], course: Course, all_points: Sequence[FixedPoint], with_field: bool = False
) -> dict[str, Any]:
    """Draw the trajectory, both nullclines, the fixed points with their stability, and the field of directions."""
    u_range, v_range = _plane(course.states)
    u, v = course.states.T
    traces = [
        *([_direction_field(parameters, u_range, v_range)] if with_field else []),
        *_nullclines(parameters, u_range, v_range),
        line("trajectory", TRUTH, 1.8, x=array(u), y=array(v), hoverinfo="skip"),
    ]
    marks, labels = [_START_MARK], [_START_LABEL]
    for point in all_points:
        marks.append(mark("circle", TRUTH if point.stable else "theme:background", (point.u, point.v), TRUTH))
        word = "stable" if point.stable else "unstable"
        labels.append(_label(word, point.u, point.v, on_left=point.u > FAR[0], below=point.v > FAR[1]))
    return {"data": traces, "layout": _phase_layout(FIXED_POINTS, u_range, v_range, shapes=marks, annotations=labels)}


def _label(text: str, u: float, v: float, on_left: bool, below: bool) -> dict[str, Any]:
    """Return a word beside a mark of the phase plane."""
    side = {"xanchor": "right", "xshift": -8} if on_left else {"xanchor": "left", "xshift": 8}
    return {
        "text": text, "x": u, "y": v, **side, "yshift": -11 if below else 11, "showarrow": False,
        "font": {"size": BODY}, "bgcolor": translucent("theme:background", 0.7), "borderpad": 1,
    }  # fmt: skip


_START_MARK = mark("square", TRUTH, REST, size=0.7)
_START_LABEL = _label("start", *REST, on_left=True, below=True)


def _phase_layout(title: str, u_range: list[float], v_range: list[float], **settings: Any) -> dict[str, Any]:
    return layout(
        title,
        state_axis("u", u_range, across=True),
        state_axis("v", v_range),
        margin=MARGIN,
        meta={"runs": ["u", "v"]},
        **settings,
    )


def several_potentials(symbol: str, courses: Sequence[Course], time_range: tuple[float, float]) -> dict[str, Any]:
    """Draw u(t) for several values of a parameter, from the lowest to the highest."""
    u_values = np.concatenate([course.states[:, 0] for course in courses])
    traces = [
        line(f"value {i}", value_colour(i), _width(i, len(courses)), y=array(course.states[:, 0]), **grid(course.times))
        for i, course in enumerate(courses)
    ]
    return {
        "data": traces,
        "layout": layout(
            f"Membrane potential u(t) for {len(courses)} values of {symbol}",
            time_axis(time_range),
            state_axis("u", reach(u_values, (-3, 3))),
            margin=MARGIN,
            showlegend=False,
        ),
    }


def several_phases(parameters: Sequence[tuple[float, ...]], courses: Sequence[Course]) -> dict[str, Any]:
    """Draw the trajectories of several neurons, (4,) each, with the nullclines v′ = 0, which θ moves."""
    u_range, v_range = _plane(np.concatenate([course.states for course in courses]))
    u, v = np.linspace(u_range[0], u_range[1], 101), np.array(v_range)
    look: dict[str, Any] = {"hoverinfo": "skip", "showlegend": False}
    traces = [line("u′ = 0", MUTED, 1.4, x=array(u), y=array(u_nullcline(u, parameters[0][2])), line={"dash": "dot"})]
    traces.append(line_entry("v′ = 0", MUTED, "dash"))
    for i, ((theta0, theta1, _, _), course) in enumerate(zip(parameters, courses, strict=True)):
        colour, width = value_colour(i), _width(i, len(courses))
        null = {"x": array(v_nullcline(v, theta0, theta1)), "y": array(v), "line": {"dash": "dash"}}
        traces.append(line(f"nullcline {i}", colour, 1, legendgroup="v′ = 0", **null, **look))
        traces.append(
            line(f"value {i}", colour, width, x=array(course.states[:, 0]), y=array(course.states[:, 1]), **look)
        )
    start = {"shapes": [_START_MARK], "annotations": [_START_LABEL]}
    return {"data": traces, "layout": _phase_layout("Phase plane", u_range, v_range, **start)}


def value_colour(i: int) -> str:
    """Return the colour of the i-th of several values of one parameter, from low to high."""
    return themed(f"value-{i + 1}")


def _width(i: int, n: int) -> float:
    """Return the width of a line: that of the truth, which is in the middle, is the widest."""
    return 2.6 if i == n // 2 else 1.6
