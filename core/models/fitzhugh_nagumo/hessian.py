"""The misfit's gradient and Hessians, exact derivatives of the computed misfit at a frozen step.

The adjoint runs backwards once for the gradient in all directions; the forward sensitivities give the Gauss–Newton
Hessian; the full one adds the second derivatives of each step, weighted by the adjoint. All are derivatives of the
number that `simulated_misfit` returns at the same step. Inside, the misfit is that of the scaled equations, times
(1 − ρ²), and γ is differentiated through ln γ.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.compiled import inlined, kernel, parallel_kernel
from core.models.fitzhugh_nagumo.misfit import check_noise, checked_trace
from core.models.fitzhugh_nagumo.sensitivities import (
    BEFORE,
    CHANGE,
    DX,
    FARTHEST,
    GRADIENT,
    HESSIAN,
    LANES,
    LX,
    LY,
    RESIDUAL,
    THETA1,
    TOTAL,
    A,
    B,
    Numbers,
    X,
    Y,
    end_of_step,
    series,
    set_step,
    start_block,
    tangents,
)
from core.models.fitzhugh_nagumo.simulate import (
    TOLERANCE,
    Status,
    Work,
    rates,
    resolving_step,
    run_kernel,
    steps_in,
    validated,
)
from core.models.fitzhugh_nagumo.taylor import DIVERGENCE_LIMIT, REST, SCALE, adjoint, cauchy, curvature, gains, hankel

N_PARAMETERS = 4
MOST_STEPS_KEPT = 500_000  # of one trajectory: the history of a block then takes 250 MB


@inlined
def _observe_first(m: Numbers, data: Numbers, rho: float, innovations: NDArray[np.float64]) -> None:
    for lane in range(LANES):
        residual = data[0] - m[X + lane]
        m[RESIDUAL + lane] = residual
        innovations[0, lane] = (1 - rho * rho) * residual
        m[TOTAL + lane] = innovations[0, lane] * residual
        m[FARTHEST + lane] = abs(m[X + lane])


@inlined
def _observe(m: Numbers, value: float, rho: float, innovation: Numbers) -> None:
    for lane in range(LANES):
        residual = value - m[X + lane]
        innovation[lane] = residual - rho * m[RESIDUAL + lane]
        m[RESIDUAL + lane] = residual
        m[TOTAL + lane] += innovation[lane] * innovation[lane]
        distance, most = abs(m[X + lane]), m[FARTHEST + lane]
        m[FARTHEST + lane] = most if most > distance else distance


@inlined
def _accumulate(m: Numbers, rho: float, innovation: Numbers) -> None:
    """Add a sample's part to the gradient and to the Gauss–Newton Hessian."""
    for lane in range(LANES):
        for i in range(4):
            row = i * LANES + lane
            m[CHANGE + row] = rho * m[BEFORE + row] - m[DX + row]
            m[BEFORE + row] = m[DX + row]
            m[GRADIENT + row] += innovation[lane] * m[CHANGE + row]
    k = 0
    for i in range(4):
        for j in range(i, 4):
            for lane in range(LANES):
                m[HESSIAN + k * LANES + lane] += m[CHANGE + i * LANES + lane] * m[CHANGE + j * LANES + lane]
            k += 1


@inlined
def _finish(
    work: Work, first: int, m: Numbers, n_directions: int, out: NDArray[np.float64], status: NDArray[np.int64]
) -> None:
    """Fill out[i] with the misfit, the gradient in n_directions and, as far as there are columns, the Hessian."""
    for lane in range(min(LANES, work.which.shape[0] - first)):
        i = work.which[first + lane]
        out[i, 0] = 0.5 * m[TOTAL + lane]
        for k in range(n_directions):
            out[i, 1 + k] = m[GRADIENT + k * LANES + lane]
        for k in range(out.shape[1] - 1 - n_directions):
            out[i, 1 + n_directions + k] = m[HESSIAN + k * LANES + lane]
        # Written so that NaN, which stays to the end, counts as diverged.
        finite = m[FARTHEST + lane] * SCALE <= DIVERGENCE_LIMIT
        status[i] = Status.FINITE if finite else Status.DIVERGED


@kernel
def _gauss_newton_block(
    work: Work,
    first: int,
    data: Numbers,
    rho: float,
    out: NDArray[np.float64],
    status: NDArray[np.int64],
) -> None:
    m, innovations = start_block(work, first), np.empty((1, LANES))
    _observe_first(m, data, rho, innovations)
    h = 0.0
    for t in range(work.intervals.shape[0]):
        n_steps, h = set_step(m, work, t, h)
        for _ in range(n_steps):
            for lane in range(LANES):
                x, y, w = series(m, lane, m[X + lane], m[Y + lane])
                tangents(m, lane, x, y, w)
                m[X + lane], m[Y + lane] = end_of_step(x), end_of_step(y)
        _observe(m, data[t + 1], rho, innovations[0])
        _accumulate(m, rho, innovations[0])
    _finish(work, first, m, 4, out, status)


@inlined
def _forward(
    work: Work, m: Numbers, data: Numbers, rho: float, xs: NDArray[Any], ys: NDArray[Any], innovations: NDArray[Any]
) -> None:
    """Integrate, and keep the state at the beginning of each step and the innovation of each sample."""
    _observe_first(m, data, rho, innovations)
    h = 0.0
    step = 0
    for t in range(work.intervals.shape[0]):
        n_steps, h = set_step(m, work, t, h)
        for _ in range(n_steps):
            for lane in range(LANES):
                xs[step, lane], ys[step, lane] = m[X + lane], m[Y + lane]
                x, y, _w = series(m, lane, m[X + lane], m[Y + lane])
                m[X + lane], m[Y + lane] = end_of_step(x), end_of_step(y)
            step += 1
        _observe(m, data[t + 1], rho, innovations[t + 1])


@inlined
def _observe_backwards(m: Numbers, rho: float, now: Numbers, after: Numbers) -> None:
    for lane in range(LANES):
        m[LX + lane] -= now[lane] - rho * after[lane]


@inlined
def _count(work: Work) -> int:
    n = 0
    for t in range(work.intervals.shape[0]):
        n += steps_in(work, t)
    return n


@kernel
def _adjoint_block(
    work: Work,
    first: int,
    data: Numbers,
    rho: float,
    out: NDArray[np.float64],
    status: NDArray[np.int64],
) -> None:
    m, n = start_block(work, first), work.intervals.shape[0]
    step = _count(work)
    xs, ys, innovations = np.empty((step, LANES)), np.empty((step, LANES)), np.zeros((n + 2, LANES))
    _forward(work, m, data, rho, xs, ys, innovations)
    h = 0.0
    for t in range(n - 1, -1, -1):
        n_steps, h = set_step(m, work, t, h)
        _observe_backwards(m, rho, innovations[t + 1], innovations[t + 2])
        for _ in range(n_steps):
            step -= 1
            x_row, y_row = xs[step], ys[step]
            for lane in range(LANES):
                a, b = rates(m, A, LANES, lane), rates(m, B, LANES, lane)
                x, y, w = series(m, lane, x_row[lane], y_row[lane])
                x_bar, y_bar, big_x, big_y = adjoint(a, b, m[THETA1 + lane], gains(w), m[LX + lane], m[LY + lane])
                m[LX + lane], m[LY + lane] = x_bar[8], y_bar[8]
                m[GRADIENT + lane] -= big_y[7]
                m[GRADIENT + LANES + lane] += cauchy(y, big_y)
                m[GRADIENT + 2 * LANES + lane] += big_x[7]
                m[GRADIENT + 3 * LANES + lane] += cauchy(x[1:], x_bar[:8]) - cauchy(y[1:], y_bar[:8])
    _observe_backwards(m, rho, innovations[0], innovations[1])
    for lane in range(LANES):
        m[GRADIENT + 4 * LANES + lane] = m[LX + lane]
        m[GRADIENT + 5 * LANES + lane] = m[LY + lane]
    _finish(work, first, m, 6, out, status)


@kernel
def _hessian_block(
    work: Work,
    first: int,
    data: Numbers,
    rho: float,
    out: NDArray[np.float64],
    status: NDArray[np.int64],
) -> None:
    m, n = start_block(work, first), work.intervals.shape[0]
    n_all = _count(work)
    xs, ys, innovations = np.empty((n_all, LANES)), np.empty((n_all, LANES)), np.zeros((n + 2, LANES))
    lxs, lys = np.empty((n_all, LANES)), np.empty((n_all, LANES))
    _forward(work, m, data, rho, xs, ys, innovations)
    step = n_all
    h = 0.0
    for t in range(n - 1, -1, -1):
        n_steps, h = set_step(m, work, t, h)
        _observe_backwards(m, rho, innovations[t + 1], innovations[t + 2])
        for _ in range(n_steps):
            step -= 1
            x_row, y_row, lx_row, ly_row = xs[step], ys[step], lxs[step], lys[step]
            for lane in range(LANES):
                lx_row[lane], ly_row[lane] = m[LX + lane], m[LY + lane]
                a, b = rates(m, A, LANES, lane), rates(m, B, LANES, lane)
                x, y, w = series(m, lane, x_row[lane], y_row[lane])
                x_bar, y_bar, _, _ = adjoint(a, b, m[THETA1 + lane], gains(w), m[LX + lane], m[LY + lane])
                m[LX + lane], m[LY + lane] = x_bar[8], y_bar[8]
    for t in range(n):
        n_steps, h = set_step(m, work, t, h)
        for _ in range(n_steps):
            x_row, y_row, lx_row, ly_row = xs[step], ys[step], lxs[step], lys[step]
            for lane in range(LANES):
                a, b = rates(m, A, LANES, lane), rates(m, B, LANES, lane)
                x, y, w = series(m, lane, x_row[lane], y_row[lane])
                t0, t1, t2, t3 = tangents(m, lane, x, y, w)
                x_bar, y_bar, big_x, big_y = adjoint(a, b, m[THETA1 + lane], gains(w), lx_row[lane], ly_row[lane])
                q, x_bar, y_bar = hankel(big_x, x), x_bar[:8], y_bar[:8]
                row = HESSIAN + lane
                f = curvature(q, t0[0])
                m[row] += cauchy(t0[0], f)
                m[row + LANES] += cauchy(t1[0], f) + cauchy(t0[1], big_y)
                m[row + 2 * LANES] += cauchy(t2[0], f)
                m[row + 3 * LANES] += cauchy(t3[0], f) + cauchy(t0[0][1:], x_bar) - cauchy(t0[1][1:], y_bar)
                f = curvature(q, t1[0])
                m[row + 4 * LANES] += cauchy(t1[0], f) + 2 * cauchy(t1[1], big_y)
                m[row + 5 * LANES] += cauchy(t2[0], f) + cauchy(t2[1], big_y)
                m[row + 6 * LANES] += (
                    cauchy(t3[0], f) + cauchy(t3[1], big_y) + cauchy(t1[0][1:], x_bar) - cauchy(t1[1][1:], y_bar)
                )
                f = curvature(q, t2[0])
                m[row + 7 * LANES] += cauchy(t2[0], f)
                m[row + 8 * LANES] += cauchy(t3[0], f) + cauchy(t2[0][1:], x_bar) - cauchy(t2[1][1:], y_bar)
                f = curvature(q, t3[0])
                m[row + 9 * LANES] += (
                    cauchy(t3[0], f)
                    + 2 * (cauchy(t3[0][1:], x_bar) - cauchy(t3[1][1:], y_bar))
                    - cauchy(x[1:], x_bar)
                    - cauchy(y[1:], y_bar)
                )
            step += 1
        _accumulate(m, rho, innovations[t + 1])
    _finish(work, first, m, 4, out, status)


@parallel_kernel
def _gauss_newton_blocks(
    work: Work, data: Numbers, rho: float, out: NDArray[np.float64], status: NDArray[np.int64]
) -> None:
    for block in numba.prange((work.which.shape[0] + LANES - 1) // LANES):
        _gauss_newton_block(work, block * LANES, data, rho, out, status)


@parallel_kernel
def _adjoint_blocks(work: Work, data: Numbers, rho: float, out: NDArray[np.float64], status: NDArray[np.int64]) -> None:
    for block in numba.prange((work.which.shape[0] + LANES - 1) // LANES):
        _adjoint_block(work, block * LANES, data, rho, out, status)


@parallel_kernel
def _hessian_blocks(work: Work, data: Numbers, rho: float, out: NDArray[np.float64], status: NDArray[np.int64]) -> None:
    for block in numba.prange((work.which.shape[0] + LANES - 1) // LANES):
        _hessian_block(work, block * LANES, data, rho, out, status)


@dataclass(frozen=True, eq=False)
class Expansion:
    """A misfit (...) with its gradient (..., p) and, where asked for, its Hessian (..., p, p).

    status: how each trajectory ended, (...); where it did not at its end, the misfit is infinite and the rest NaN.
    """

    misfit: NDArray[np.float64]
    gradient: NDArray[np.float64]
    hessian: NDArray[np.float64] | None
    status: NDArray[np.int64]


def _expand(
    blocks_kernel: Callable[..., None],
    n_directions: int,
    parameters: ArrayLike,
    times: ArrayLike,
    data: ArrayLike,
    marginal_sd: float,
    rho: float,
    initial_state: ArrayLike,
    step: float | None,
) -> Expansion:
    check_noise(marginal_sd, rho)
    parameters, times, states = validated(parameters, times, initial_state, step=step)
    trace = checked_trace(data, times)
    batch, flat = parameters.shape[:-1], parameters.reshape(-1, 4)
    steps = resolving_step(parameters, times, states).ravel() if step is None else step
    second = n_directions == N_PARAMETERS
    upper = np.triu_indices(n_directions)
    out = np.empty((len(flat), 1 + n_directions + (len(upper[0]) if second else 0)))
    status, _ = run_kernel(
        blocks_kernel,
        flat,
        states.reshape(-1, 2),
        times,
        TOLERANCE,
        steps,
        (trace, float(rho)),
        out,
        most_steps=MOST_STEPS_KEPT,
    )
    out[status != Status.FINITE] = np.nan
    out *= (SCALE / marginal_sd) ** 2 / (1 - rho**2)
    gamma = np.where(status == Status.FINITE, flat[:, 3], np.nan)
    scale = np.full((len(flat), n_directions), 1 / SCALE)
    scale[:, 1], scale[:, 3] = 1.0, 1 / gamma
    gradient = scale * out[:, 1 : 1 + n_directions]
    hessian = None
    if second:
        hessian = np.empty((len(flat), n_directions, n_directions))
        hessian[:, *upper] = out[:, 1 + n_directions :]
        hessian[:, *upper[::-1]] = out[:, 1 + n_directions :]
        hessian *= scale[:, :, None] * scale[:, None, :]
        if blocks_kernel is _hessian_blocks:
            hessian[:, 3, 3] -= gradient[:, 3] / gamma  # from ln γ to γ
        hessian = hessian.reshape(*batch, n_directions, n_directions)
    misfit = np.where(status == Status.FINITE, out[:, 0], np.inf)
    return Expansion(misfit.reshape(batch), gradient.reshape(*batch, n_directions), hessian, status.reshape(batch))


def misfit_gradient(
    parameters: ArrayLike,
    times: ArrayLike,
    data: ArrayLike,
    marginal_sd: float,
    rho: float = 0.0,
    initial_state: ArrayLike = REST,
    step: float | None = None,
) -> Expansion:
    """Return the misfit of `simulated_misfit` and its gradient (..., 6) in DIRECTIONS, by the adjoint.

    step: the frozen step in ms, by default each trajectory's `resolving_step`. Raises ValueError as `simulated_misfit`
    does.
    """
    return _expand(_adjoint_blocks, 6, parameters, times, data, marginal_sd, rho, initial_state, step)


def gauss_newton(
    parameters: ArrayLike,
    times: ArrayLike,
    data: ArrayLike,
    marginal_sd: float,
    rho: float = 0.0,
    initial_state: ArrayLike = REST,
    step: float | None = None,
) -> Expansion:
    """Return the misfit, its gradient (..., 4) in the four parameters, and its Gauss–Newton Hessian (..., 4, 4).

    The latter leaves out the curvature of the trajectory, and is the Fisher information where the model is true. step:
    the frozen step in ms, by default each trajectory's `resolving_step`. Raises ValueError as `simulated_misfit` does.
    """
    return _expand(_gauss_newton_blocks, 4, parameters, times, data, marginal_sd, rho, initial_state, step)


def full_hessian(
    parameters: ArrayLike,
    times: ArrayLike,
    data: ArrayLike,
    marginal_sd: float,
    rho: float = 0.0,
    initial_state: ArrayLike = REST,
    step: float | None = None,
) -> Expansion:
    """Return the misfit, its gradient (..., 4) in the four parameters, and its Hessian (..., 4, 4).

    step: the frozen step in ms, by default each trajectory's `resolving_step`. Raises ValueError as `simulated_misfit`
    does.
    """
    return _expand(_hessian_blocks, 4, parameters, times, data, marginal_sd, rho, initial_state, step)
