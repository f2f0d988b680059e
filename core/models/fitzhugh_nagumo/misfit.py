"""The misfit of the neuron to a trace, summed while the trajectory is integrated, so that it need not be stored."""

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.compiled import inlined_as_written, kernel, parallel_kernel
from core.models.fitzhugh_nagumo.equations import REST
from core.models.fitzhugh_nagumo.lanes import TILE, Work, advance_tile, check_tile, new_block
from core.models.fitzhugh_nagumo.simulate import validated
from core.models.fitzhugh_nagumo.stepping import run_kernel
from core.models.fitzhugh_nagumo.taylor import SCALE
from core.models.model import TOLERANCE, Status
from core.noise import Noise, ResidualSums


@inlined_as_written
def _observed(squares: float, products: float, before: float, residual: float) -> tuple[float, float, float]:
    """Add a sample's residual to the sums of squares and of products of neighbours; return sums and residual."""
    return squares + residual * residual, products + residual * before, residual


@kernel
def _fused_block(
    work: Work, first: int, data: NDArray[np.float64], out: NDArray[np.float64], status: NDArray[np.int64]
) -> None:
    """Fill out[i] with the four sums over the residuals of the scaled equations; data: the trace divided by √3."""
    block = new_block(work, first)
    squares, products = np.zeros(work.lanes), np.zeros(work.lanes)
    residual, first_square = np.empty(work.lanes), np.empty(work.lanes)
    for lane in range(work.lanes):
        residual[lane] = data[0] - block.state[lane]
        first_square[lane] = residual[lane] * residual[lane]
    h = 0.0
    for start in range(0, work.intervals.shape[0], TILE):
        samples = min(TILE, work.intervals.shape[0] - start)
        h = advance_tile(block, work, start, samples, h)
        alive = check_tile(block, work, samples)
        for s in range(samples):
            value = data[start + s + 1]
            for lane in range(work.lanes):
                squares[lane], products[lane], residual[lane] = _observed(
                    squares[lane], products[lane], residual[lane], value - block.x[s, lane]
                )
        if not alive:
            break
    for lane in range(min(work.lanes, work.which.shape[0] - first)):
        i = work.which[first + lane]
        out[i, 0], out[i, 1] = first_square[lane], squares[lane]
        out[i, 2], out[i, 3] = products[lane], residual[lane] * residual[lane]
        status[i] = block.status[lane]


@parallel_kernel
def _fused_blocks(work: Work, data: NDArray[np.float64], out: NDArray[np.float64], status: NDArray[np.int64]) -> None:
    for block in numba.prange((work.which.shape[0] + work.lanes - 1) // work.lanes):
        _fused_block(work, block * work.lanes, data, out, status)


def checked_trace(data: ArrayLike, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a trace divided by SCALE, for the kernels; raise ValueError unless it has a finite sample at each time."""
    trace = np.array(data, dtype=float) / SCALE
    if trace.shape != times.shape:
        raise ValueError(f"The trace needs one sample a time, {times.shape}; its shape is {trace.shape}.")
    if not np.all(np.isfinite(trace)):
        raise ValueError("The trace must hold finite numbers only.")
    return trace


def residual_sums(
    parameters: ArrayLike,
    times: ArrayLike,
    data: ArrayLike,
    initial_state: ArrayLike = REST,
    tolerance: float = TOLERANCE,
    step: float | None = None,
) -> ResidualSums:
    """Return the sums over the residuals of the neuron with parameters (..., 4) to one trace, (n_times,).

    No trajectory is stored. times, initial_state, tolerance and step are those of `simulate`. Raises ValueError as
    `simulate` does, and unless the trace has one finite sample for each time.
    """
    parameters, times, states = validated(parameters, times, initial_state, tolerance, step)
    trace = checked_trace(data, times)
    flat = parameters.reshape(-1, 4)
    out = np.empty((len(flat), 4))
    status, _ = run_kernel(_fused_blocks, flat, states.reshape(-1, 2), times, tolerance, step, (trace,), out)
    out[status != Status.FINITE] = np.inf
    out *= SCALE**2
    return ResidualSums(*(column.reshape(parameters.shape[:-1]) for column in out.T))


def simulated_misfit(
    parameters: ArrayLike,
    times: ArrayLike,
    data: ArrayLike,
    noise: Noise,
    initial_state: ArrayLike = REST,
    tolerance: float = TOLERANCE,
    step: float | None = None,
) -> NDArray[np.float64]:
    """Return the misfit, (...), of the neuron with parameters (..., 4) to one trace, (n_times,), storing no trajectory.

    times, initial_state, tolerance and step are those of `simulate`. A trajectory that diverges or is given up has
    an infinite misfit. Raises ValueError as `residual_sums` does.
    """
    return residual_sums(parameters, times, data, initial_state, tolerance, step).misfit(noise)
