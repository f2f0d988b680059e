"""Trajectories of many neurons at once: blocks of lanes, the choice of the step, and how each trajectory ended.

Up to 64 trajectories advance abreast, one in each lane of the vector registers. The first derivative and the state are
kept in double precision; the higher Taylor terms are summed in single precision where the tolerance allows. That halves
their cost, and adds an error that is below 1e-5 for 99 % of the published prior.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.compiled import inlined, kernel, parallel_kernel
from core.memory import result_array
from core.models.fitzhugh_nagumo.taylor import (
    DIVERGENCE_LIMIT,
    ORDER,
    REST,
    SCALE,
    STEP_TIMES_STIFFNESS,
    Terms,
    first_terms,
    higher_terms,
    stiffness,
)

TOLERANCE = 1e-4  # of u, unless the caller says otherwise
FEW = 16  # trajectories, and lanes of a block in double precision: more keep the pipelines no busier
MANY = 64  # lanes of a large block in single precision
BLOCKS_ALONE = 4  # as many are left to one thread
TILE = 16  # samples computed between two visits to the results
SINGLE_PRECISION_TOLERANCE = 1e-4  # from which on the higher terms are summed in single precision
LARGEST_TERM = 10 / SCALE  # times the tolerance: the last Taylor term beyond which a step is too long
ATTEMPTS = 8  # with half the step each time, until a trajectory that misses the tolerance is given up
# The number of steps between two samples at which a trajectory is given up rather than the caller kept waiting.
MOST_STEPS = 4096
_LIMIT = DIVERGENCE_LIMIT / SCALE


class Status(IntEnum):
    """How a trajectory ended, with the sentence that tells a reader."""

    FINITE = 0
    DIVERGED = 1
    STEP_LIMIT = 2

    @property
    def sentence(self) -> str:
        """Say what happened."""
        return {
            Status.FINITE: "The trajectory was followed to its end.",
            Status.DIVERGED: f"The trajectory diverged: |u| grew beyond {DIVERGENCE_LIMIT:g}.",
            Status.STEP_LIMIT: "The trajectory was given up: no step that can be afforded meets the tolerance.",
        }[self]


# A block's numbers lie in two arrays, row by row, in double precision and in that of the higher terms. With rows at
# distances it knows, the compiler sees that writing to one leaves the others alone, and vectorises without asking.
_ROW = MANY
_X, _Y, _THETA0, _THETA1, _ZETA, _GAMMA, _A1, _B1 = (row * _ROW for row in range(8))
_X_TERM, _W_TERM, _X1_TERM, _Y1_TERM, _THETA1_TERM, _LAST = (row * _ROW for row in range(6))
_A_TERM = 6 * _ROW
_B_TERM = _A_TERM + ORDER * _ROW


class Block(NamedTuple):
    """What a block of trajectories is working on.

    state, terms: its numbers; x, y, last: (TILE, MANY), the samples of a tile and the largest last term up to each;
    n_valid, status: (MANY,), of each lane.
    """

    state: NDArray[np.float64]
    terms: NDArray[np.floating]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    last: NDArray[np.floating]
    n_valid: NDArray[np.int64]
    status: NDArray[np.int64]


class Work(NamedTuple):
    """What the kernels are given: which trajectories to integrate, over which intervals, in which steps.

    parameters: (n, 4); states: (n, 2); which: (m,), indices; lanes: of a block; precision: an empty array whose type
    the higher Taylor terms have; intervals: (n_times − 1,) in ms; longest_step in ms; largest_term: see LARGEST_TERM.
    """

    parameters: NDArray[np.float64]
    states: NDArray[np.float64]
    which: NDArray[np.int64]
    lanes: int
    precision: NDArray[np.floating]
    intervals: NDArray[np.float64]
    longest_step: float
    largest_term: float


@inlined
def rates(numbers: NDArray[np.floating], row: int, width: int, lane: int) -> Terms:
    """Return a lane's numbers in the eight rows from row on, each width numbers long."""
    return (
        numbers[row + lane],
        numbers[row + width + lane],
        numbers[row + 2 * width + lane],
        numbers[row + 3 * width + lane],
        numbers[row + 4 * width + lane],
        numbers[row + 5 * width + lane],
        numbers[row + 6 * width + lane],
        numbers[row + 7 * width + lane],
    )


@inlined
def steps_in(work: Work, t: int) -> int:
    """Return how many steps the interval after sample t takes."""
    return max(1, int(np.ceil(work.intervals[t] / work.longest_step - 1e-9)))


@inlined
def new_block(work: Work, first: int) -> Block:
    """Return a block for the trajectories which[first], …; lanes without one repeat the last."""
    block = Block(
        np.empty(8 * _ROW),
        np.empty(_B_TERM + ORDER * _ROW, work.precision.dtype),
        np.empty((TILE, _ROW)),
        np.empty((TILE, _ROW)),
        np.empty((TILE, _ROW), work.precision.dtype),
        np.ones(_ROW, np.int64),
        np.zeros(_ROW, np.int64),
    )
    m = block.state
    for lane in range(work.lanes):
        i = work.which[min(first + lane, work.which.shape[0] - 1)]
        m[_X + lane], m[_Y + lane] = work.states[i, 0] / SCALE, work.states[i, 1] / SCALE
        m[_THETA0 + lane], m[_THETA1 + lane] = work.parameters[i, 0] / SCALE, work.parameters[i, 1]
        m[_ZETA + lane], m[_GAMMA + lane] = work.parameters[i, 2] / SCALE, work.parameters[i, 3]
        block.terms[_THETA1_TERM + lane] = work.parameters[i, 1]
        if not abs(m[_X + lane]) <= _LIMIT:
            block.status[lane] = Status.DIVERGED
    return block


@inlined
def _set_step(block: Block, lanes: int, h: float) -> None:
    m, terms = block.state, block.terms
    for lane in range(lanes):
        m[_A1 + lane], m[_B1 + lane] = h * m[_GAMMA + lane], -h / m[_GAMMA + lane]
    for k in range(ORDER):
        for lane in range(lanes):
            terms[_A_TERM + k * _ROW + lane] = m[_A1 + lane] / (k + 1)
            terms[_B_TERM + k * _ROW + lane] = m[_B1 + lane] / (k + 1)


@inlined
def _step(m: NDArray[np.float64], terms: NDArray[np.floating], lanes: int) -> None:
    """Advance every lane by one step."""
    for lane in range(lanes):
        x0, y0 = m[_X + lane], m[_Y + lane]
        w0, x1, y1 = first_terms(
            m[_A1 + lane], m[_B1 + lane], m[_THETA0 + lane], m[_THETA1 + lane], m[_ZETA + lane], x0, y0
        )
        m[_X + lane], m[_Y + lane] = x0 + x1, y0 + y1
        terms[_X_TERM + lane], terms[_W_TERM + lane] = x0, w0
        terms[_X1_TERM + lane], terms[_Y1_TERM + lane] = x1, y1
    for lane in range(lanes):
        x, y, _ = higher_terms(
            rates(terms, _A_TERM, _ROW, lane),
            rates(terms, _B_TERM, _ROW, lane),
            terms[_THETA1_TERM + lane],
            terms[_W_TERM + lane],
            terms[_X_TERM + lane],
            terms[_X1_TERM + lane],
            terms[_Y1_TERM + lane],
        )
        terms[_X_TERM + lane] = ((x[8] + x[7]) + (x[6] + x[5])) + ((x[4] + x[3]) + x[2])
        terms[_W_TERM + lane] = ((y[7] + y[6]) + (y[5] + y[4])) + ((y[3] + y[2]) + y[1])
        last, largest = abs(x[8]) + abs(y[7]), terms[_LAST + lane]
        terms[_LAST + lane] = largest if largest > last else last
    for lane in range(lanes):
        m[_X + lane] += np.float64(terms[_X_TERM + lane])
        m[_Y + lane] += np.float64(terms[_W_TERM + lane])


@inlined
def advance_tile(block: Block, work: Work, start: int, samples: int, h: float) -> float:
    """Advance every lane over a tile of samples after sample start, and return the step last taken."""
    lanes = work.lanes
    for lane in range(lanes):
        block.terms[_LAST + lane] = 0.0
    for s in range(samples):
        n_steps = steps_in(work, start + s)
        if h != work.intervals[start + s] / n_steps:
            h = work.intervals[start + s] / n_steps
            _set_step(block, lanes, h)
        for _ in range(n_steps):
            _step(block.state, block.terms, lanes)
        for lane in range(lanes):
            block.x[s, lane], block.y[s, lane] = block.state[_X + lane], block.state[_Y + lane]
            block.last[s, lane] = block.terms[_LAST + lane]
    return h


@inlined
def check_tile(block: Block, work: Work, samples: int) -> bool:
    """Count each lane's valid samples, note how those that end in this tile do, and return whether any goes on."""
    farthest = block.terms
    for lane in range(work.lanes):
        farthest[_X_TERM + lane] = 0.0
    for s in range(samples):
        for lane in range(work.lanes):
            distance, most = abs(block.x[s, lane]), farthest[_X_TERM + lane]
            farthest[_X_TERM + lane] = most if most > distance else distance
    alive = False
    for lane in range(work.lanes):
        # Comparisons are written so that NaN counts as bad; a lane that became NaN is NaN at the end of its tile.
        if block.status[lane] != Status.FINITE:
            continue
        s = samples
        if not (block.last[samples - 1, lane] <= work.largest_term and farthest[_X_TERM + lane] <= _LIMIT):
            s = 0
            while s < samples and block.last[s, lane] <= work.largest_term and abs(block.x[s, lane]) <= _LIMIT:
                s += 1
        block.n_valid[lane] += s
        if s == samples:
            alive = True
        else:
            block.status[lane] = Status.DIVERGED if block.last[s, lane] <= work.largest_term else Status.STEP_LIMIT
    return alive


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


def _uniform(intervals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return intervals that differ by the rounding of their times alone as equal ones, which share their rates."""
    if intervals.size and np.ptp(intervals) <= 1e-10 * intervals.mean():
        return np.full_like(intervals, intervals.mean())
    return intervals


def _divisions(longest_interval: float, step: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the number of steps in the longest interval, (n,), rounded up to one of eight or more an octave.

    Trajectories share blocks with those that take the same number.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        least = np.maximum(np.ceil(longest_interval / step - 1e-9), 1.0)
        quantum = 2.0 ** np.maximum(np.floor(np.log2(least)) - 3, 0.0)
        return np.ceil(least / quantum) * quantum


def _steps_for(parameters: NDArray[np.float64], tolerance: float) -> NDArray[np.float64]:
    """Return the step in ms, (n,), that meets the tolerance for parameters (n, 4) as a rule.

    The error falls with the step's eighth power, the order of the method, where the step is short; beyond a tolerance
    of 1e-4 it rises far faster.
    """
    exponent = 1 / ORDER if tolerance < TOLERANCE else 1 / 20
    with np.errstate(divide="ignore", invalid="ignore"):
        return (tolerance / TOLERANCE) ** exponent * STEP_TIMES_STIFFNESS / stiffness(parameters)


def longest_step(parameters: ArrayLike, tolerance: float = TOLERANCE) -> float:
    """Return the longest step in ms with which all of the parameters, (..., 4), meet the tolerance as a rule.

    It costs no integration, and says what one will cost; `resolving_step` finds the step by trying. Parameters that no
    step suits are left out; where none is left it is infinite.
    """
    steps = _steps_for(np.asarray(parameters, dtype=float).reshape(-1, 4), tolerance)
    return float(np.min(steps, where=steps > 0, initial=np.inf))


@contextmanager
def _threads_for(n_blocks: int) -> Iterator[None]:
    """Leave a few blocks to one thread: on a busy machine, waking others can take longer than the work."""
    threads = numba.get_num_threads()
    numba.set_num_threads(1 if n_blocks <= BLOCKS_ALONE else threads)
    try:
        yield
    finally:
        numba.set_num_threads(threads)


def run_kernel(
    blocks_kernel: Callable[..., None],
    parameters: NDArray[np.float64],
    states: NDArray[np.float64],
    times: NDArray[np.float64],
    tolerance: float,
    step: float | NDArray[np.float64] | None,
    inputs: tuple[NDArray[np.float64] | float, ...],
    out: NDArray[np.floating],
    most_steps: float = np.inf,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Run a kernel on each trajectory with the longest step that meets the tolerance for it.

    blocks_kernel(work, *inputs, out, status) fills out and status for the trajectories of the work; out is NaN for
    those that would take more than MOST_STEPS between two samples, or most_steps in all. The step depends on a
    trajectory's own parameters alone, so that no result depends on its neighbours in the batch. A frozen step, one for
    all or (n,), is not checked against the tolerance; it is taken in double precision, cut to fit each interval.

    Returns how each trajectory ended, (n,), and the step in ms with which it did, (n,).
    """
    intervals = _uniform(np.diff(times))
    longest_interval = float(np.max(intervals, initial=0.0))
    status = np.full(len(parameters), Status.STEP_LIMIT, np.int64)
    taken = np.full(len(parameters), np.nan)
    if step is None:
        single = tolerance >= SINGLE_PRECISION_TOLERANCE
        divisions = _divisions(longest_interval, _steps_for(parameters, tolerance))
        largest_term = LARGEST_TERM * tolerance
    else:
        single, largest_term = False, np.inf
        divisions = np.maximum(np.broadcast_to(longest_interval / np.asarray(step), len(parameters)), 1e-9)
    precision: NDArray[np.floating] = np.empty(0, np.float32) if single else np.empty(0)
    limit = min(MOST_STEPS, most_steps / max(intervals.size, 1))
    impossible = ~(divisions <= limit)
    out[impossible] = np.nan
    for division in np.unique(divisions[~impossible]):
        which = np.flatnonzero(divisions == division)
        n_steps = division
        for _ in range(ATTEMPTS if step is None else 1):
            if which.size == 0 or n_steps > limit:
                break
            lanes = MANY if single and which.size > FEW else FEW
            work = Work(
                parameters, states, which, lanes, precision, intervals, longest_interval / n_steps, largest_term
            )
            with _threads_for(-(-which.size // lanes)):
                blocks_kernel(work, *inputs, out, status)
            taken[which] = work.longest_step
            which = which[status[which] == Status.STEP_LIMIT]
            n_steps *= 2
    if step is not None:
        # No term is too large for a frozen step: what was run and missed became NaN, by itself or from its parameters.
        ran = ~impossible & np.all(np.isfinite(parameters), axis=1)
        status[(status == Status.STEP_LIMIT) & ran] = Status.DIVERGED
    return status, taken


def resolving_step(
    parameters: ArrayLike, times: ArrayLike, initial_state: ArrayLike = REST, tolerance: float = TOLERANCE
) -> NDArray[np.float64]:
    """Return the step in ms, (...), with which `simulate` meets the tolerance for parameters (..., 4).

    It is meant for freezing the step: an optimiser, a difference quotient or a derivative needs a solution that depends
    smoothly on the parameters. NaN where no step that can be afforded does; infinite for a single time.
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
    """Return parameters (..., 4), times (n_times,) and states (..., 2), or raise ValueError with what is wrong."""
    parameters = np.array(parameters, dtype=float, order="C")  # views of another layout would be compiled for anew
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
    """Integrate as `simulate` does, and return how each trajectory ended beside the states: (...), of `Status`."""
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

    parameters: (..., 4), the last axis (theta0, theta1, zeta, gamma). times: (n_times,) in ms, strictly increasing; the
    initial state (u, v), of shape (2,) or (..., 2), holds at the first of them. tolerance: the error in u to aim for;
    where the solution is very sensitive to its parameters the error can be larger. step: in ms, freezes the step: none
    is longer, none is checked against the tolerance. out: a buffer for the result.

    Returns the states, (..., n_times, 2). A trajectory with |u| > 20, or one that no step which can be afforded
    resolves, is NaN from there on. Raises ValueError for wrong shapes, times, tolerance or step.
    """
    return simulate_with_status(parameters, times, initial_state, tolerance, step, out)[0]


def simulate_potential(
    parameters: ArrayLike,
    times: ArrayLike,
    initial_state: ArrayLike = REST,
    tolerance: float = TOLERANCE,
) -> NDArray[np.float32]:
    """Integrate as `simulate` does and keep the membrane potential alone, in single precision.

    Returns u, (..., n_times): a quarter of the memory of the full states, for large stores of trajectories.
    """
    parameters, times, states = validated(parameters, times, initial_state, tolerance)
    batch = parameters.shape[:-1]
    out = result_array((int(np.prod(batch)), times.size, 1), np.float32)
    _fill(parameters, states, times, tolerance, None, out)
    return out.reshape(*batch, times.size)


def divergence_time(trajectory: ArrayLike, times: ArrayLike) -> float | None:
    """Return the first time in ms at which one trajectory, (n_times, ...), is NaN, or None where it is finite."""
    values = np.asarray(trajectory).reshape(len(np.asarray(times)), -1)
    lost = np.flatnonzero(np.isnan(values).any(axis=1))
    return float(np.asarray(times)[lost[0]]) if lost.size else None
