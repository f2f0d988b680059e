"""Trajectories with forward sensitivities: the derivatives of u and v are integrated together with the state.

They are derivatives of the recurrence of the Taylor terms, not of the differential equation. So they are the exact
derivatives of what `simulate` returns at the same frozen step. The kernels differentiate by ln γ in place of γ.
"""

from typing import Any

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.compiled import inlined, kernel, parallel_kernel
from core.models.fitzhugh_nagumo.equations import DIVERGENCE_LIMIT, REST
from core.models.fitzhugh_nagumo.lanes import FEW, Work, rates, steps_in
from core.models.fitzhugh_nagumo.simulate import resolving_step, validated
from core.models.fitzhugh_nagumo.stepping import run_kernel
from core.models.fitzhugh_nagumo.taylor import ORDER, SCALE, Terms, first_terms, gains, higher_terms, tangent
from core.models.model import TOLERANCE, Status

DIRECTIONS = ("theta0", "theta1", "zeta", "gamma", "u0", "v0")

LANES = FEW
# One array holds all numbers of a block, row by row. Constant row offsets tell the compiler that rows do not overlap,
# so that it vectorises loops over dozens of rows.
X, Y, THETA0, THETA1, ZETA, GAMMA, RESIDUAL, TOTAL, LX, LY, FARTHEST = (row * LANES for row in range(11))
A = 11 * LANES
B = A + ORDER * LANES
DX = B + ORDER * LANES
DY = DX + 6 * LANES
CHANGE = DY + 6 * LANES
BEFORE = CHANGE + 4 * LANES
GRADIENT = BEFORE + 4 * LANES
HESSIAN = GRADIENT + 6 * LANES
SIZE = HESSIAN + 10 * LANES

_NOTHING = (0.0,) * ORDER
_MINUS_ONE = (-1.0, *_NOTHING[1:])

Numbers = NDArray[np.float64]


@inlined
def start_block(work: Work, first: int) -> Numbers:
    """Return the numbers of a block for the trajectories which[first], …; spare lanes repeat the last trajectory."""
    m = np.zeros(SIZE)
    for lane in range(LANES):
        i = work.which[min(first + lane, work.which.shape[0] - 1)]
        m[X + lane], m[Y + lane] = work.states[i, 0] / SCALE, work.states[i, 1] / SCALE
        m[THETA0 + lane], m[THETA1 + lane] = work.parameters[i, 0] / SCALE, work.parameters[i, 1]
        m[ZETA + lane], m[GAMMA + lane] = work.parameters[i, 2] / SCALE, work.parameters[i, 3]
    return m


@inlined
def set_step(m: Numbers, work: Work, t: int, h: float) -> tuple[int, float]:
    """Set the rates for the interval after sample t; h: the step before. Return the number of steps and the step."""
    n_steps = steps_in(work, t)
    if h != work.intervals[t] / n_steps:
        h = work.intervals[t] / n_steps
        for k in range(ORDER):
            for lane in range(LANES):
                m[A + k * LANES + lane] = h * m[GAMMA + lane] / (k + 1)
                m[B + k * LANES + lane] = -h / m[GAMMA + lane] / (k + 1)
    return n_steps, h


@inlined
def series(m: Numbers, lane: int, x0: float, y0: float) -> tuple[Terms, Terms, Terms]:
    """Return (x₀ … x₈), (y₀ … y₈) and (w₀ … w₇) of one lane at the state (x₀, y₀)."""
    a, b, theta1 = rates(m, A, LANES, lane), rates(m, B, LANES, lane), m[THETA1 + lane]
    w0, x1, y1 = first_terms(a[0], b[0], m[THETA0 + lane], theta1, m[ZETA + lane], x0, y0)
    x, y, w = higher_terms(a, b, theta1, w0, x0, x1, y1)
    return x, (y0, *y), w


@inlined
def end_of_step(x: Terms) -> float:
    """Return the value at the end of the step."""
    return (((x[8] + x[7]) + (x[6] + x[5])) + ((x[4] + x[3]) + (x[2] + x[1]))) + x[0]


@inlined
def _direction(
    m: Numbers, lane: int, i: int, g: Terms, zeta: float, q: Terms, r: Terms, s: Terms
) -> tuple[Terms, Terms]:
    """Return the derivatives of the terms in direction i, and advance the derivatives of the state by one step."""
    a, b = rates(m, A, LANES, lane), rates(m, B, LANES, lane)
    row = i * LANES + lane
    dx, dy = tangent(a, b, m[THETA1 + lane], g, m[DX + row], m[DY + row], zeta, q, r, s)
    m[DX + row], m[DY + row] = end_of_step(dx), end_of_step(dy)
    return dx, dy


@inlined
def _theta_tangents(m: Numbers, lane: int, y: Terms, w: Terms) -> Any:
    """Advance the state's derivatives by θ₀ (scaled) and θ₁ by one step, and return those of the terms."""
    g = gains(w)
    return (
        _direction(m, lane, 0, g, 0.0, _MINUS_ONE, _NOTHING, _NOTHING),
        _direction(m, lane, 1, g, 0.0, y[:8], _NOTHING, _NOTHING),
    )


@inlined
def tangents(m: Numbers, lane: int, x: Terms, y: Terms, w: Terms) -> Any:
    """Advance the state's derivatives by θ₀, θ₁, ζ (scaled) and ln γ by one step, and return those of the terms."""
    g = gains(w)
    minus_y = (-y[1], -y[2], -y[3], -y[4], -y[5], -y[6], -y[7], -y[8])
    return (
        *_theta_tangents(m, lane, y, w),
        _direction(m, lane, 2, g, 1.0, _NOTHING, _NOTHING, _NOTHING),
        _direction(m, lane, 3, g, 0.0, _NOTHING, x[1:], minus_y),
    )


@inlined
def advance(m: Numbers, n_directions: int) -> None:
    """Advance a block by one step: the state, and its derivatives by θ alone (2) or by all four parameters."""
    if n_directions == 2:  # outside of the loop over the lanes, which the compiler then vectorises
        for lane in range(LANES):
            x, y, w = series(m, lane, m[X + lane], m[Y + lane])
            _theta_tangents(m, lane, y, w)
            m[X + lane], m[Y + lane] = end_of_step(x), end_of_step(y)
    else:
        for lane in range(LANES):
            x, y, w = series(m, lane, m[X + lane], m[Y + lane])
            tangents(m, lane, x, y, w)
            m[X + lane], m[Y + lane] = end_of_step(x), end_of_step(y)


@kernel
def _sensitivities_block(work: Work, first: int, out: NDArray[np.float64], status: NDArray[np.int64]) -> None:
    """Fill out[i, t] with u, v, and the derivatives of u and then of v in all six directions."""
    m = start_block(work, first)
    scale = np.ones((6, LANES))
    for lane in range(LANES):
        m[DX + 4 * LANES + lane] = m[DY + 5 * LANES + lane] = 1.0
        scale[1, lane], scale[3, lane] = SCALE, SCALE / m[GAMMA + lane]
    h = 0.0
    for t in range(work.intervals.shape[0] + 1):
        if t > 0:
            n_steps, h = set_step(m, work, t - 1, h)
            for _ in range(n_steps):
                for lane in range(LANES):
                    x, y, w = series(m, lane, m[X + lane], m[Y + lane])
                    tangents(m, lane, x, y, w)
                    _direction(m, lane, 4, gains(w), 0.0, _NOTHING, _NOTHING, _NOTHING)
                    _direction(m, lane, 5, gains(w), 0.0, _NOTHING, _NOTHING, _NOTHING)
                    m[X + lane], m[Y + lane] = end_of_step(x), end_of_step(y)
        for lane in range(min(LANES, work.which.shape[0] - first)):
            row = out[work.which[first + lane], t]
            row[0], row[1] = SCALE * m[X + lane], SCALE * m[Y + lane]
            for k in range(6):
                row[2 + k] = scale[k, lane] * m[DX + k * LANES + lane]
                row[8 + k] = scale[k, lane] * m[DY + k * LANES + lane]
    for lane in range(min(LANES, work.which.shape[0] - first)):
        i = work.which[first + lane]
        status[i] = Status.FINITE
        for t in range(out.shape[1]):
            if status[i] == Status.DIVERGED or not abs(out[i, t, 0]) <= DIVERGENCE_LIMIT:
                status[i] = Status.DIVERGED
                out[i, t, :] = np.nan


@parallel_kernel
def _sensitivities_blocks(work: Work, out: NDArray[np.float64], status: NDArray[np.int64]) -> None:
    for block in numba.prange((work.which.shape[0] + LANES - 1) // LANES):
        _sensitivities_block(work, block * LANES, out, status)


def sensitivities(
    parameters: ArrayLike, times: ArrayLike, initial_state: ArrayLike = REST, step: float | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the states (..., n_times, 2) and their derivatives (..., n_times, 2, 6) in DIRECTIONS.

    step: the frozen step in ms, by default each trajectory's `resolving_step`. A trajectory is NaN from its divergence
    on. Raises ValueError as `simulate` does.
    """
    parameters, times, states = validated(parameters, times, initial_state, step=step)
    flat, shape = parameters.reshape(-1, 4), (*parameters.shape[:-1], times.size)
    out = np.empty((len(flat), times.size, 14))
    steps = resolving_step(parameters, times, states).ravel() if step is None else step
    run_kernel(_sensitivities_blocks, flat, states.reshape(-1, 2), times, TOLERANCE, steps, (), out)
    return out[..., :2].reshape(*shape, 2), out[..., 2:].reshape(*shape, 2, 6)
