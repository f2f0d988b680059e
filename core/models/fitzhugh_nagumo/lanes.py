"""Blocks of lanes: up to 64 trajectories are integrated together, one in each lane of the vector registers.

The state and the first derivative are in double precision. The higher Taylor terms are in single precision where the
tolerance allows it. That halves their cost, and adds an error below 1e-5 for 99 % of the published prior.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.compiled import inlined
from core.models.fitzhugh_nagumo.equations import DIVERGENCE_LIMIT
from core.models.fitzhugh_nagumo.taylor import ORDER, SCALE, Terms, first_terms, higher_terms
from core.models.model import Status

FEW = 16  # lanes of a block in double precision; more lanes are not faster
MANY = 64  # lanes of a large block in single precision
TILE = 16  # samples computed before they are checked and written to the results
_LIMIT = DIVERGENCE_LIMIT / SCALE
# A first Taylor term below this has no higher ones. Near a fixed point their products would be subnormal numbers in
# single precision, with which a step takes 20 times as long on some processors.
_SMALLEST_FIRST_TERM = 1e-12


# A block keeps its numbers in two arrays, one in double precision and one in the precision of the higher terms, row by
# row. Constant row offsets tell the compiler that rows do not overlap, so that it vectorises without run-time checks.
_ROW = MANY
_X, _Y, _THETA0, _THETA1, _ZETA, _GAMMA, _A1, _B1 = (row * _ROW for row in range(8))
_X_TERM, _W_TERM, _X1_TERM, _Y1_TERM, _THETA1_TERM, _LAST = (row * _ROW for row in range(6))
_A_TERM = 6 * _ROW
_B_TERM = _A_TERM + ORDER * _ROW


class Block(NamedTuple):
    """The numbers of a block of trajectories.

    state, terms: the rows named above.
    x, y: (TILE, MANY), the samples of a tile.
    last: (TILE, MANY), the largest last Taylor term in the tile up to each sample.
    n_valid: (MANY,), the number of valid samples of each lane.
    status: (MANY,), how each lane ended.
    """

    state: NDArray[np.float64]
    terms: NDArray[np.floating]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    last: NDArray[np.floating]
    n_valid: NDArray[np.int64]
    status: NDArray[np.int64]


class Work(NamedTuple):
    """The input of the kernels: which trajectories to integrate, over which intervals, with which steps.

    parameters: (n, 4).
    states: (n, 2), at the first sample.
    which: (m,), indices of the trajectories to integrate.
    lanes: the number of lanes of a block.
    precision: an empty array with the data type of the higher Taylor terms.
    intervals: (n_times − 1,), between the samples, in ms.
    longest_step: in ms.
    largest_term: the last Taylor term above which a step is too long.
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
    """Return a lane's numbers in eight rows, from row on; each row is width numbers long."""
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
    """Return a block for the trajectories which[first], …; spare lanes repeat the last trajectory."""
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
        terms[_X1_TERM + lane] = x1 if abs(x1) > _SMALLEST_FIRST_TERM else 0.0
        terms[_Y1_TERM + lane] = y1 if abs(y1) > _SMALLEST_FIRST_TERM else 0.0
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
    """Count each lane's valid samples, set the status of lanes that end here, and return whether any lane goes on."""
    farthest = block.terms
    for lane in range(work.lanes):
        farthest[_X_TERM + lane] = 0.0
    for s in range(samples):
        for lane in range(work.lanes):
            distance, most = abs(block.x[s, lane]), farthest[_X_TERM + lane]
            farthest[_X_TERM + lane] = most if most > distance else distance
    alive = False
    for lane in range(work.lanes):
        # These comparisons are false for NaN, which thus counts as invalid; a lane that became NaN stays NaN.
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
