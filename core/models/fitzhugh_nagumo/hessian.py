"""The misfit's Gauss–Newton Hessian and its exact Hessian, of the computed misfit at a frozen step.

The forward sensitivities give the Gauss–Newton Hessian. The exact Hessian adds the second derivatives of each step,
weighted by the adjoint. The kernels compute the misfit of the scaled equations times (1 − ρ²), and differentiate by ln
γ in place of γ.
"""

from collections.abc import Sequence

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.compiled import inlined, kernel, parallel_kernel
from core.models.fitzhugh_nagumo.equations import REST
from core.models.fitzhugh_nagumo.gradient import (
    count_steps,
    expand,
    finish,
    forward,
    observe,
    observe_backwards,
    observe_first,
)
from core.models.fitzhugh_nagumo.lanes import Work, rates
from core.models.fitzhugh_nagumo.sensitivities import (
    BEFORE,
    CHANGE,
    DX,
    GRADIENT,
    HESSIAN,
    LANES,
    LX,
    LY,
    THETA1,
    A,
    B,
    Numbers,
    advance,
    series,
    set_step,
    start_block,
    tangents,
)
from core.models.fitzhugh_nagumo.taylor import adjoint, cauchy, curvature, gains, hankel
from core.models.model import Expansion
from core.noise import Noise


@inlined
def accumulate(m: Numbers, rho: float, innovation: Numbers, n_directions: int) -> None:
    """Add a sample's contribution to the gradient and to the Gauss–Newton Hessian in the first directions."""
    for lane in range(LANES):
        for i in range(n_directions):
            row = i * LANES + lane
            m[CHANGE + row] = rho * m[BEFORE + row] - m[DX + row]
            m[BEFORE + row] = m[DX + row]
            m[GRADIENT + row] += innovation[lane] * m[CHANGE + row]
    k = 0
    for i in range(n_directions):
        for j in range(i, n_directions):
            for lane in range(LANES):
                m[HESSIAN + k * LANES + lane] += m[CHANGE + i * LANES + lane] * m[CHANGE + j * LANES + lane]
            k += 1


@kernel
def _gauss_newton_block(
    work: Work,
    first: int,
    data: Numbers,
    rho: float,
    n_directions: int,
    out: NDArray[np.float64],
    status: NDArray[np.int64],
) -> None:
    m, innovations = start_block(work, first), np.empty((1, LANES))
    observe_first(m, data, rho, innovations)
    h = 0.0
    for t in range(work.intervals.shape[0]):
        n_steps, h = set_step(m, work, t, h)
        for _ in range(n_steps):
            advance(m, n_directions)
        observe(m, data[t + 1], rho, innovations[0])
        accumulate(m, rho, innovations[0], n_directions)
    finish(work, first, m, n_directions, out, status)


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
    n_all = count_steps(work)
    xs, ys, innovations = np.empty((n_all, LANES)), np.empty((n_all, LANES)), np.zeros((n + 2, LANES))
    lxs, lys = np.empty((n_all, LANES)), np.empty((n_all, LANES))
    forward(work, m, data, rho, xs, ys, innovations)
    step = n_all
    h = 0.0
    for t in range(n - 1, -1, -1):
        n_steps, h = set_step(m, work, t, h)
        observe_backwards(m, rho, innovations[t + 1], innovations[t + 2])
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
        accumulate(m, rho, innovations[t + 1], 4)
    finish(work, first, m, 4, out, status)


@parallel_kernel
def _gauss_newton_blocks(
    work: Work, data: Numbers, rho: float, n_directions: int, out: NDArray[np.float64], status: NDArray[np.int64]
) -> None:
    for block in numba.prange((work.which.shape[0] + LANES - 1) // LANES):
        _gauss_newton_block(work, block * LANES, data, rho, n_directions, out, status)


@parallel_kernel
def _hessian_blocks(work: Work, data: Numbers, rho: float, out: NDArray[np.float64], status: NDArray[np.int64]) -> None:
    for block in numba.prange((work.which.shape[0] + LANES - 1) // LANES):
        _hessian_block(work, block * LANES, data, rho, out, status)


def gauss_newton(
    parameters: ArrayLike,
    times: ArrayLike,
    data: ArrayLike,
    noise: Noise,
    initial_state: ArrayLike = REST,
    step: float | None = None,
    columns: Sequence[int] = range(4),
) -> Expansion:
    """Return the misfit, its gradient (..., q), and its Gauss–Newton Hessian (..., q, q), in q of the four parameters.

    The Gauss–Newton Hessian leaves out the second derivatives of the trajectory. It is the Fisher information where the
    model is true. step: the frozen step in ms, by default each trajectory's `resolving_step`. columns: of the
    parameters; θ₀ and θ₁ alone take two thirds of the time. Raises ValueError as `simulated_misfit` does.
    """
    n = 2 if max(columns) < 2 else 4
    trace = parameters, times, data, noise, initial_state
    return expand(_gauss_newton_blocks, n, True, *trace, step, (n,)).of(columns)


def full_hessian(
    parameters: ArrayLike,
    times: ArrayLike,
    data: ArrayLike,
    noise: Noise,
    initial_state: ArrayLike = REST,
    step: float | None = None,
    columns: Sequence[int] = range(4),
) -> Expansion:
    """Return the misfit, its gradient (..., q), and its Hessian (..., q, q), in q of the four parameters.

    step: the frozen step in ms, by default each trajectory's `resolving_step`. columns: of the parameters. Raises
    ValueError as `simulated_misfit` does.
    """
    expansion = expand(_hessian_blocks, 4, True, parameters, times, data, noise, initial_state, step)
    assert expansion.hessian is not None
    # The kernel differentiates twice by ln γ.
    expansion.hessian[..., 3, 3] -= expansion.gradient[..., 3] / np.asarray(parameters, dtype=float)[..., 3]
    return expansion.of(columns)
