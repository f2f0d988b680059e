"""The figures of the Neuron page: potential and recovery over time, phase plane, map of the spike rate."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.models.fitzhugh_nagumo.equations import fixed_points, rates, u_nullcline, v_nullcline
from core.symbols import symbol_of
from dashboard.figures.style import (
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
    mark,
    named,
    reach,
    saved,
)

RECOVERY = "theme:muted"
N_ARROWS = 16  # of the direction field, a side


def potential(
    times: NDArray[np.float64],
    trajectory: NDArray[np.float64] | None,
    data: NDArray[np.float64],
    time_range: tuple[float, float],
) -> dict[str, Any]:
    """Draw u(t) with the noisy data above v(t); trajectory: (n_times, 2), or None where it is not known."""
    u_values = data if trajectory is None else np.concatenate([data, trajectory[:, 0]])
    traces = [legend_entry("data", "circle", DATA)]
    settings: dict[str, Any] = {"shapes": [named("data", dots(DATA, times, data))]}
    if trajectory is not None:
        traces.append(line("truth", TRUTH, y=array(trajectory[:, 0]), **grid(times)))
        traces.append(
            line(
                "recovery v",
                RECOVERY,
                1.5,
                y=array(trajectory[:, 1]),
                **grid(times),
                yaxis="y2",
                showlegend=False,
                legendgroup="",  # alone in its own panel, and so untouched by the legend
            )
        )
        settings["yaxis2"] = axis("v", domain=[0, 0.3], range=reach(trajectory[:, 1], V_RANGE))
    return {
        "data": traces,
        "layout": layout(
            "Membrane potential u(t) and recovery v(t)" if trajectory is not None else "Membrane potential u(t)",
            axis("t [ms]", range=list(time_range), anchor="y" if trajectory is None else "y2"),
            axis("u", domain=[0, 1] if trajectory is None else [0.36, 1], range=reach(u_values, (-3, 3))),
            margin={"l": 52, "r": 12, "t": 48, "b": 40},
            **settings,
        ),
    }


def _direction_field(parameters: tuple[float, ...], v_range: list[float]) -> dict[str, Any]:
    """Return arrows of one length, as they are seen, that point where (u, v) moves from a grid of states."""
    spans = np.array([U_RANGE[1] - U_RANGE[0], v_range[1] - v_range[0]])
    centres = (np.arange(N_ARROWS) + 0.5) / N_ARROWS
    grids = np.meshgrid(U_RANGE[0] + spans[0] * centres, v_range[0] + spans[1] * centres)
    at = np.stack(grids, axis=-1).reshape(-1, 2)
    towards = rates(at, parameters) / spans
    towards *= 0.6 / N_ARROWS / np.maximum(np.hypot(*towards.T), 1e-12)[:, None]  # none at a fixed point
    across = towards[:, ::-1] * (-1, 1)
    # From the tail to the tip, to both ends of the head, and a gap.
    ends = (-towards / 2, towards / 2, towards / 4 + across / 6, towards / 2, towards / 4 - across / 6)
    arrows = np.stack([at + spans * end for end in ends] + [np.full_like(at, np.nan)], axis=1).reshape(-1, 2)
    return line("direction field", FAINT, 1, x=array(arrows[:, 0]), y=array(arrows[:, 1]), hoverinfo="skip")


def phase_plane(
    parameters: tuple[float, ...], trajectory: NDArray[np.float64], with_field: bool = False
) -> dict[str, Any]:
    """Draw the trajectory, (n_times, 2), both nullclines, the fixed points with their stability, and the field."""
    theta0, theta1, zeta, _ = parameters
    v_range = reach(np.clip(trajectory[:, 1], -4, 4), V_RANGE)
    u = np.linspace(*U_RANGE, 101)
    v = np.array(V_RANGE)
    traces = [_direction_field(parameters, v_range)] if with_field else []
    traces += [
        line(
            "du/dt = 0",
            MUTED,
            1.4,
            x=array(u),
            y=array(u_nullcline(u, zeta)),
            line={"dash": "dot"},
            hoverinfo="name",
        ),
        line(
            "dv/dt = 0",
            MUTED,
            1.4,
            x=array(v_nullcline(v, theta0, theta1)),
            y=array(v),
            line={"dash": "dash"},
            hoverinfo="name",
        ),
        line("trajectory", TRUTH, 1.5, x=array(trajectory[:, 0]), y=array(trajectory[:, 1]), hoverinfo="skip"),
    ]
    marks, all_points = [], fixed_points(parameters)
    for stable, name in ((True, "stable"), (False, "unstable")):
        colour = TRUTH if stable else "theme:background"
        points = [point for point in all_points if point.stable == stable]
        marks += [named(name, mark("circle", colour, (p.u, p.v), TRUTH)) for p in points]
        if points:
            traces.append(legend_entry(name, "circle" if stable else "circle-open", TRUTH))
    return {
        "data": traces,
        "layout": layout(
            "Phase plane",
            axis("u", range=list(U_RANGE)),
            axis("v", range=v_range),
            shapes=marks,
            margin={"l": 46, "r": 12, "t": 52, "b": 38},
        ),
    }


def _labels(
    x: NDArray[np.float64], y: NDArray[np.float64], regimes: NDArray[np.str_], blank: NDArray[np.bool_]
) -> list[dict[str, Any]]:
    """Return the name of each regime without a rate, written at the point of its region nearest the region's mean."""
    labels = []
    for name in np.unique(regimes[blank]):
        rows, columns = np.nonzero(blank & (regimes == name))
        nearest = np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2)
        labels.append(
            {"text": str(name), "x": float(x[columns[nearest]]), "y": float(y[rows[nearest]]), "showarrow": False}
        )
    return labels


def rate_map(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    rates: NDArray[np.float64],
    regimes: NDArray[np.str_],
    truth: tuple[float, float] | None,
) -> dict[str, Any]:
    """Draw the spike rate, (ny, nx), over θ₀ and θ₁; where there is none, the regime, (ny, nx), is written."""
    spiking = np.isfinite(rates)
    traces: list[dict[str, Any]] = [
        {
            # Lies unseen under the whole map, so that a blank place can be clicked too and says that it has no rate.
            "type": "heatmap",
            "x": [float(x[0]), float(x[-1])],
            "y": [float(y[0]), float(y[-1])],
            "z": [[0]],
            "opacity": 0,
            "showscale": False,
            "hovertemplate": "no spike rate<extra></extra>",
        },
        {
            "type": "heatmap",
            "x": array(x),
            "y": array(y),
            "z": array(rates),
            "colorscale": "Cividis",
            "zmin": 10 * float(np.floor(np.nanmin(rates) / 10)) if np.any(spiking) else 0,
            "zmax": 10 * float(np.ceil(np.nanmax(rates) / 10)) if np.any(spiking) else 1,
            "hoverongaps": False,
            "hovertemplate": "θ₀ %{x:.3f}, θ₁ %{y:.3f}: %{z:.1f} spikes per s<extra></extra>",
            "colorbar": {"title": {"text": "per s"}, "thickness": 10, "outlinewidth": 0},
        },
    ]
    if truth:
        traces.append(saved(legend_entry("truth", "star", TRUTH)))
    return {
        "data": traces,
        "layout": layout(
            "Spike rate" + (": click to set θ" if truth else ""),
            axis(symbol_of("theta0"), range=[float(x[0]), float(x[-1])], showgrid=False),
            axis(symbol_of("theta1"), range=[float(y[0]), float(y[-1])], showgrid=False),
            shapes=[mark("star", TRUTH, truth)] if truth else [],
            annotations=_labels(x, y, regimes, ~spiking),
        ),
    }
