"""The misfit's gradient by the adjoint: the exact gradient of the computed misfit at a frozen step.

The trajectory is integrated forwards and stored; one backward pass of the adjoint then gives all derivatives. The
kernels compute the misfit of the scaled equations times (1 − ρ²), and differentiate by ln γ in place of γ.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.compiled import inlined, kernel, parallel_kernel
from core.models.fitzhugh_nagumo.equations import DIVERGENCE_LIMIT, REST
from core.models.fitzhugh_nagumo.lanes import Work, rates, steps_in
from core.models.fitzhugh_nagumo.misfit import checked_trace
from core.models.fitzhugh_nagumo.sensitivities import (
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
)
from core.models.fitzhugh_nagumo.simulate import resolving_step, validated
from core.models.fitzhugh_nagumo.stepping import run_kernel
from core.models.fitzhugh_nagumo.taylor import SCALE, adjoint, cauchy, gains
from core.models.model import TOLERANCE, Expansion, Status
from core.noise import Noise

MOST_STEPS_KEPT = 500_000  # per trajectory; a block's stored states then take 250 MB


@inlined
def observe_first(m: Numbers, data: Numbers, rho: float, innovations: NDArray[np.float64]) -> None:
    """Compute residual and innovation of the first sample."""
    for lane in range(LANES):
        residual = data[0] - m[X + lane]
        m[RESIDUAL + lane] = residual
        innovations[0, lane] = (1 - rho * rho) * residual
        m[TOTAL + lane] = innovations[0, lane] * residual
        m[FARTHEST + lane] = abs(m[X + lane])


@inlined
def observe(m: Numbers, value: float, rho: float, innovation: Numbers) -> None:
    """Compute residual and innovation of a sample, and update the largest |u| so far."""
    for lane in range(LANES):
        residual = value - m[X + lane]
        innovation[lane] = residual - rho * m[RESIDUAL + lane]
        m[RESIDUAL + lane] = residual
        m[TOTAL + lane] += innovation[lane] * innovation[lane]
        distance, most = abs(m[X + lane]), m[FARTHEST + lane]
        m[FARTHEST + lane] = most if most > distance else distance


@inlined
def finish(
    work: Work, first: int, m: Numbers, n_directions: int, out: NDArray[np.float64], status: NDArray[np.int64]
) -> None:
    """Fill out[i] with the misfit, the gradient in n_directions and, if out has columns for it, the Hessian."""
    for lane in range(min(LANES, work.which.shape[0] - first)):
        i = work.which[first + lane]
        out[i, 0] = 0.5 * m[TOTAL + lane]
        for k in range(n_directions):
            out[i, 1 + k] = m[GRADIENT + k * LANES + lane]
        for k in range(out.shape[1] - 1 - n_directions):
            out[i, 1 + n_directions + k] = m[HESSIAN + k * LANES + lane]
        # The comparison is false for NaN, which thus counts as diverged.
        finite = m[FARTHEST + lane] * SCALE <= DIVERGENCE_LIMIT
        status[i] = Status.FINITE if finite else Status.DIVERGED


@inlined
def forward(
    work: Work, m: Numbers, data: Numbers, rho: float, xs: NDArray[Any], ys: NDArray[Any], innovations: NDArray[Any]
) -> None:
    """Integrate, and store the state at the beginning of each step and the innovation of each sample."""
    observe_first(m, data, rho, innovations)
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
        observe(m, data[t + 1], rho, innovations[t + 1])


@inlined
def observe_backwards(m: Numbers, rho: float, now: Numbers, after: Numbers) -> None:
    """Add the contribution of a sample's residual to the adjoint."""
    for lane in range(LANES):
        m[LX + lane] -= now[lane] - rho * after[lane]


@inlined
def count_steps(work: Work) -> int:
    """Return how many steps all intervals take."""
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
    step = count_steps(work)
    xs, ys, innovations = np.empty((step, LANES)), np.empty((step, LANES)), np.zeros((n + 2, LANES))
    forward(work, m, data, rho, xs, ys, innovations)
    h = 0.0
    for t in range(n - 1, -1, -1):
        n_steps, h = set_step(m, work, t, h)
        observe_backwards(m, rho, innovations[t + 1], innovations[t + 2])
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
    observe_backwards(m, rho, innovations[0], innovations[1])
    for lane in range(LANES):
        m[GRADIENT + 4 * LANES + lane] = m[LX + lane]
        m[GRADIENT + 5 * LANES + lane] = m[LY + lane]
    finish(work, first, m, 6, out, status)


@parallel_kernel
def _adjoint_blocks(work: Work, data: Numbers, rho: float, out: NDArray[np.float64], status: NDArray[np.int64]) -> None:
    for block in numba.prange((work.which.shape[0] + LANES - 1) // LANES):
        _adjoint_block(work, block * LANES, data, rho, out, status)


def expand(
    blocks_kernel: Callable[..., None],
    n_directions: int,
    with_hessian: bool,
    parameters: ArrayLike,
    times: ArrayLike,
    data: ArrayLike,
    noise: Noise,
    initial_state: ArrayLike,
    step: float | None,
    more: tuple[int, ...] = (),
) -> Expansion:
    """Run a kernel that computes misfit, gradient in n_directions and, if asked for, Hessian; undo the scaling.

    more: further inputs of the kernel.
    """
    parameters, times, states = validated(parameters, times, initial_state, step=step)
    trace = checked_trace(data, times)
    batch, flat = parameters.shape[:-1], parameters.reshape(-1, 4)
    steps = resolving_step(parameters, times, states).ravel() if step is None else step
    upper = np.triu_indices(n_directions)
    out = np.empty((len(flat), 1 + n_directions + (len(upper[0]) if with_hessian else 0)))
    status, _ = run_kernel(
        blocks_kernel,
        flat,
        states.reshape(-1, 2),
        times,
        TOLERANCE,
        steps,
        (trace, float(noise.rho), *more),
        out,
        most_steps=MOST_STEPS_KEPT,
    )
    out[status != Status.FINITE] = np.nan
    out *= (SCALE / noise.marginal_sd) ** 2 / (1 - noise.rho**2)
    gamma = np.where(status == Status.FINITE, flat[:, 3], np.nan)
    scale = np.full((len(flat), n_directions), 1 / SCALE)
    scale[:, 1] = 1.0
    scale[:, 3:4] = 1 / gamma[:, None]
    gradient = scale * out[:, 1 : 1 + n_directions]
    hessian = None
    if with_hessian:
        hessian = np.empty((len(flat), n_directions, n_directions))
        hessian[:, *upper] = out[:, 1 + n_directions :]
        hessian[:, *upper[::-1]] = out[:, 1 + n_directions :]
        hessian *= scale[:, :, None] * scale[:, None, :]
        hessian = hessian.reshape(*batch, n_directions, n_directions)
    misfit = np.where(status == Status.FINITE, out[:, 0], np.inf)
    return Expansion(misfit.reshape(batch), gradient.reshape(*batch, n_directions), hessian, status.reshape(batch))


def misfit_gradient(
    parameters: ArrayLike,
    times: ArrayLike,
    data: ArrayLike,
    noise: Noise,
    initial_state: ArrayLike = REST,
    step: float | None = None,
    columns: Sequence[int] = range(6),
) -> Expansion:
    """Return the misfit of `simulated_misfit` and its gradient (..., q) in q of the DIRECTIONS, by the adjoint.

    step: the frozen step in ms, by default each trajectory's `resolving_step`. columns: of the DIRECTIONS. Raises
    ValueError as `simulated_misfit` does.
    """
    return expand(_adjoint_blocks, 6, False, parameters, times, data, noise, initial_state, step).of(columns)
