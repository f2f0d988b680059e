"""Simulate the trajectories of many neurons at once, and report how each ended."""

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.buffers import result_array
from core.compiled import kernel, parallel_kernel
from core.models.fitzhugh_nagumo.equations import DIVERGENCE_LIMIT, REST
from core.models.fitzhugh_nagumo.lanes import TILE, Work, advance_tile, check_tile, new_block
from core.models.fitzhugh_nagumo.stepping import run_kernel
from core.models.fitzhugh_nagumo.taylor import SCALE
from core.models.model import TOLERANCE, Status


@kernel
def _simulate_block(work: Work, first: int, out: NDArray[np.floating], status: NDArray[np.int64]) -> None:
    """Fill out[i, 1:, :] with (u, v), or u alone where its last axis has length one, for one block."""
    block = new_block(work, first)
    n_lanes = min(work.lanes, work.which.shape[0] - first)
    h = 0.0
    for start in range(0, work.intervals.shape[0], TILE):
        samples = min(TILE, work.intervals.shape[0] - start)
        h = advance_tile(block, work, start, samples, h)
        alive = check_tile(block, work, samples)
        for lane in range(n_lanes):
            row = out[work.which[first + lane]]
            for s in range(samples):
                row[start + s + 1, 0] = SCALE * block.x[s, lane]
                if out.shape[2] > 1:
                    row[start + s + 1, 1] = SCALE * block.y[s, lane]
        if not alive:
            break
    for lane in range(n_lanes):
        i = work.which[first + lane]
        out[i, block.n_valid[lane] :, :] = np.nan
        status[i] = block.status[lane]


@parallel_kernel
def _simulate_blocks(work: Work, out: NDArray[np.floating], status: NDArray[np.int64]) -> None:
    for block in numba.prange((work.which.shape[0] + work.lanes - 1) // work.lanes):
        _simulate_block(work, block * work.lanes, out, status)


def resolving_step(
    parameters: ArrayLike, times: ArrayLike, initial_state: ArrayLike = REST, tolerance: float = TOLERANCE
) -> NDArray[np.float64]:
    """Return the step in ms, (...), with which `simulate` meets the tolerance for parameters (..., 4).

    Freeze the step at this value for optimisers, difference quotients and derivatives, which need a solution that
    depends smoothly on the parameters. NaN where no step within the step limit is short enough; infinite for a single
    time.
    """
    parameters, times, states = validated(parameters, times, initial_state, tolerance)
    flat = parameters.reshape(-1, 4)
    unread = np.empty((len(flat), times.size, 1), np.float32)
    status, taken = run_kernel(_simulate_blocks, flat, states.reshape(-1, 2), times, tolerance, None, (), unread)
    taken[taken == 0] = np.inf
    return np.where(status == Status.STEP_LIMIT, np.nan, taken).reshape(parameters.shape[:-1])


def validated(
    parameters: ArrayLike,
    times: ArrayLike,
    initial_state: ArrayLike,
    tolerance: float = TOLERANCE,
    step: float | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return parameters (..., 4), times (n_times,) and states (..., 2); raise ValueError that says what is wrong."""
    parameters = np.array(
        parameters, dtype=float, order="C"
    )  # Numba would compile the kernels anew for another memory layout
    times = np.array(times, dtype=float)
    if parameters.ndim == 0 or parameters.shape[-1] != 4:
        raise ValueError(
            f"Parameters need a last axis of length 4 (theta0, theta1, zeta, gamma); their shape is {parameters.shape}."
        )
    if times.ndim != 1 or times.size == 0 or not np.all(np.isfinite(times)) or np.any(np.diff(times) <= 0):
        raise ValueError("Times must be a one-dimensional array of finite, strictly increasing numbers.")
    if not 1e-12 <= tolerance <= 1e-1:
        raise ValueError(f"The tolerance must lie between 1e-12 and 0.1; it is {tolerance}.")
    if step is not None and not (np.isfinite(step) and step > 0):
        raise ValueError(f"The step must be a positive number of milliseconds; it is {step}.")
    state = np.asarray(initial_state, dtype=float)
    try:
        states = np.broadcast_to(state, (*parameters.shape[:-1], 2)).copy()
    except ValueError:
        states = np.empty(0)
    if states.size == 0 < parameters.size or state.shape[-1:] != (2,):
        raise ValueError("The initial state needs a last axis of length 2 (u, v) that fits the parameters.")
    return parameters, times, states


def simulate_with_status(
    parameters: ArrayLike,
    times: ArrayLike,
    initial_state: ArrayLike = REST,
    tolerance: float = TOLERANCE,
    step: float | None = None,
    out: NDArray[np.float64] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Integrate as `simulate` does, and return the states and the `Status` of each trajectory, (...)."""
    parameters, times, states = validated(parameters, times, initial_state, tolerance, step)
    shape = (*parameters.shape[:-1], times.size, 2)
    if out is None:
        out = result_array(shape, np.float64)
    elif out.shape != shape or out.dtype != np.float64 or not out.flags.c_contiguous:
        raise ValueError(f"The buffer must be a contiguous float64 array of shape {shape}.")
    status = _fill(parameters, states, times, tolerance, step, out.reshape(-1, times.size, 2))
    return out, status.reshape(shape[:-2])


def _fill(
    parameters: NDArray[np.float64],
    states: NDArray[np.float64],
    times: NDArray[np.float64],
    tolerance: float,
    step: float | None,
    out: NDArray[np.floating],
) -> NDArray[np.int64]:
    flat, flat_states = parameters.reshape(-1, 4), states.reshape(-1, 2)
    status, _ = run_kernel(_simulate_blocks, flat, flat_states, times, tolerance, step, (), out)
    in_range = np.abs(flat_states[:, :1]) <= DIVERGENCE_LIMIT
    out[:, 0, :] = np.where(in_range, flat_states, np.nan)[:, : out.shape[2]]
    return status


def simulate(
    parameters: ArrayLike,
    times: ArrayLike,
    initial_state: ArrayLike = REST,
    tolerance: float = TOLERANCE,
    step: float | None = None,
    out: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Integrate the neuron for many parameters at once.

    parameters: (..., 4), the last axis (theta0, theta1, zeta, gamma).
    times: (n_times,) in ms, strictly increasing.
    initial_state: (u, v) at the first of the times, of shape (2,) or (..., 2).
    tolerance: the error in u to aim for; it can be larger where u is very sensitive to the parameters.
    step: the frozen step in ms. No step is longer, and none is checked against the tolerance.
    out: a buffer for the result.

    Returns the states, (..., n_times, 2). They are NaN from the sample on at which |u| exceeds 20, or at which a
    trajectory is given up because no step within the step limit resolves it. Raises ValueError for wrong shapes, times,
    tolerance or step.
    """
    return simulate_with_status(parameters, times, initial_state, tolerance, step, out)[0]


def simulate_potential(
    parameters: ArrayLike,
    times: ArrayLike,
    initial_state: ArrayLike = REST,
    tolerance: float = TOLERANCE,
) -> NDArray[np.float32]:
    """Integrate as `simulate` does, and return the membrane potential u alone, (..., n_times), in single precision.

    It takes a quarter of the memory of the full states, which matters for large stores of trajectories.
    """
    parameters, times, states = validated(parameters, times, initial_state, tolerance)
    batch = parameters.shape[:-1]
    out = result_array((int(np.prod(batch)), times.size, 1), np.float32)
    _fill(parameters, states, times, tolerance, None, out)
    return out.reshape(*batch, times.size)


def divergence_time(trajectory: ArrayLike, times: ArrayLike) -> float | None:
    """Return the first time in ms at which one trajectory, (n_times, ...), is NaN, or None where it is finite."""
    values = np.asarray(trajectory).reshape(len(np.asarray(times)), -1)
    missing = np.flatnonzero(np.isnan(values).any(axis=1))
    return float(np.asarray(times)[missing[0]]) if missing.size else None
