"""The choice of the step: each trajectory takes the longest one that meets the tolerance for it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.models.fitzhugh_nagumo.lanes import FEW, MANY, Work
from core.models.fitzhugh_nagumo.taylor import ORDER, SCALE
from core.models.model import TOLERANCE, Status

STEP_TIMES_STIFFNESS = 1 / 3  # meets a tolerance of 1e-4 for nearly all of the sliders' range
SINGLE_PRECISION_TOLERANCE = 1e-4  # from which on the higher terms are summed in single precision
LARGEST_TERM = 10 / SCALE  # times the tolerance: the last Taylor term beyond which a step is too long
ATTEMPTS = 8  # with half the step each time, until a trajectory that misses the tolerance is given up
# The number of steps between two samples at which a trajectory is given up rather than the caller kept waiting.
MOST_STEPS = 4096
BLOCKS_ALONE = 4  # as many are left to one thread


def stiffness(parameters: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the fastest rate in 1/ms, (n,), that parameters (n, 4) give the equations, up to a factor."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.maximum(np.abs(parameters[:, 3]), np.abs(parameters[:, 1] / parameters[:, 3]))


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
