"""The sums over residual and sensitivities that expand a misfit, made while the trajectory is integrated.

Neither trajectory nor derivatives are stored. Each trajectory has a trace of its own.
"""

from collections.abc import Sequence

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.compiled import inlined, kernel, parallel_kernel
from core.models.fitzhugh_nagumo.equations import DIVERGENCE_LIMIT, REST
from core.models.fitzhugh_nagumo.lanes import Work
from core.models.fitzhugh_nagumo.sensitivities import (
    DX,
    GAMMA,
    LANES,
    Numbers,
    X,
    advance,
    set_step,
    start_block,
)
from core.models.fitzhugh_nagumo.simulate import resolving_step, validated
from core.models.fitzhugh_nagumo.stepping import run_kernel
from core.models.fitzhugh_nagumo.taylor import SCALE
from core.models.lag_products import LagProducts, lag_products
from core.models.model import TOLERANCE, Status

K = 5  # the residual, and the derivatives by the four parameters
# Rows of the sums: the sample now and before, then what is returned.
NOW, BEFORE, ALIVE = 0, K * LANES, 2 * K * LANES
FIRST = ALIVE + LANES
LAST = FIRST + K * LANES
PRODUCTS = LAST + K * LANES
SQUARES = PRODUCTS + K * K * LANES
END = SQUARES + K * K * LANES
N_SUMS = (END - FIRST) // LANES


@inlined
def _add_sample(
    m: Numbers,
    s: Numbers,
    scale: Numbers,
    work: Work,
    first: int,
    t: int,
    traces: NDArray[np.float64],
    lengths: NDArray[np.int64],
    n_directions: int,
) -> None:
    """Add a sample to the sums of a block; n_directions: of the derivatives that are summed."""
    for lane in range(LANES):
        i = work.which[min(first + lane, work.which.shape[0] - 1)]
        # The comparison is false for NaN, which thus counts as diverged.
        if not abs(SCALE * m[X + lane]) <= DIVERGENCE_LIMIT:
            s[ALIVE + lane] = 0.0
        alive, real = s[ALIVE + lane] != 0.0, t < lengths[i]
        s[NOW + lane] = (traces[i, t] - (SCALE * m[X + lane] if alive else 0.0)) if real else 0.0
        for k in range(n_directions):
            row = k * LANES + lane
            s[NOW + LANES + row] = scale[row] * m[DX + row] if alive and real else 0.0
        if t == lengths[i] - 1:
            for k in range(K):
                s[LAST + k * LANES + lane] = s[NOW + k * LANES + lane]
    for i in range(1 + n_directions):
        for j in range(1 + n_directions):
            row = (i * K + j) * LANES
            for lane in range(LANES):
                s[PRODUCTS + row + lane] += s[NOW + i * LANES + lane] * s[BEFORE + j * LANES + lane]
            if j >= i:
                for lane in range(LANES):
                    s[SQUARES + row + lane] += s[NOW + i * LANES + lane] * s[NOW + j * LANES + lane]
    for row in range(K * LANES):
        s[BEFORE + row] = s[NOW + row]


@kernel
def _products_block(
    work: Work,
    first: int,
    traces: NDArray[np.float64],
    lengths: NDArray[np.int64],
    n_directions: int,
    out: NDArray[np.float64],
    status: NDArray[np.int64],
) -> None:
    m, s, scale = start_block(work, first), np.zeros(END), np.ones(4 * LANES)
    for lane in range(LANES):
        scale[LANES + lane], scale[3 * LANES + lane] = SCALE, SCALE / m[GAMMA + lane]
        s[ALIVE + lane] = 1.0
    _add_sample(m, s, scale, work, first, 0, traces, lengths, n_directions)
    for row in range(K * LANES):
        s[FIRST + row] = s[NOW + row]
    h = 0.0
    for t in range(work.intervals.shape[0]):
        n_steps, h = set_step(m, work, t, h)
        for _ in range(n_steps):
            advance(m, n_directions)
        _add_sample(m, s, scale, work, first, t + 1, traces, lengths, n_directions)
    for lane in range(min(LANES, work.which.shape[0] - first)):
        i = work.which[first + lane]
        for k in range(N_SUMS):
            out[i, k] = s[FIRST + k * LANES + lane]
        status[i] = Status.FINITE


@parallel_kernel
def _products_blocks(
    work: Work,
    traces: NDArray[np.float64],
    lengths: NDArray[np.int64],
    n_directions: int,
    out: NDArray[np.float64],
    status: NDArray[np.int64],
) -> None:
    for block in numba.prange((work.which.shape[0] + LANES - 1) // LANES):
        _products_block(work, block * LANES, traces, lengths, n_directions, out, status)


def sum_lag_products(
    parameters: ArrayLike,
    times: ArrayLike,
    traces: ArrayLike,
    lengths: NDArray[np.int64],
    columns: Sequence[int],
) -> LagProducts:
    """Return the `LagProducts` of traces, (n, n_times), and the derivatives of u by some parameters of (n, 4).

    Each trajectory has its `resolving_step`, which is frozen. lengths: (n,), how many samples of each trace count.
    columns: of the parameters. Raises ValueError as `simulate` does.
    """
    parameters, times, states = validated(parameters, times, REST)
    out = np.empty((len(parameters), N_SUMS))
    steps = resolving_step(parameters, times, states)
    traces, lengths = np.ascontiguousarray(traces, dtype=float), np.asarray(lengths, dtype=np.int64)
    inputs = (traces, lengths, 2 if max(columns) < 2 else 4)
    run_kernel(_products_blocks, parameters, states, times, TOLERANCE, steps, inputs, out)
    first, last, products, upper = np.split(out, [K, 2 * K, 2 * K + K * K], axis=1)
    squares = upper.reshape(-1, K, K)
    squares = squares + np.triu(squares, 1).transpose(0, 2, 1)
    found = LagProducts(squares, products.reshape(-1, K, K), first, last)
    if (given_up := np.isnan(out[:, 0])).any():  # no step resolves them: none of their samples is there
        alone = np.zeros((int(given_up.sum()), times.size, K))
        alone[..., 0] = traces[given_up]
        for whole, part in zip(found, lag_products(alone, lengths[given_up]), strict=True):
            whole[given_up] = part
    return found.of([0, *(1 + column for column in columns)])
