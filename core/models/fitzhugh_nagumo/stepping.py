"""Choose the step: each trajectory is integrated with the longest step that meets the tolerance."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.models.fitzhugh_nagumo.lanes import FEW, MANY, Work
from core.models.fitzhugh_nagumo.taylor import ORDER, SCALE
from core.models.model import TOLERANCE, Status

STEP_TIMES_STIFFNESS = 1 / 3  # this product meets a tolerance of 1e-4 for nearly all of the sliders' range
SINGLE_PRECISION_TOLERANCE = 1e-4  # from this tolerance on, single precision is enough for the higher Taylor terms
LARGEST_TERM = 10 / SCALE  # a step is too long if its last Taylor term exceeds this times the tolerance
ATTEMPTS = 8  # each halves the step; then a trajectory that still misses the tolerance is given up
MOST_STEPS = 4096  # a trajectory that needs more steps between two samples is given up, as it would take too long
BLOCKS_ALONE = 4  # one thread integrates up to this many blocks


def stiffness(parameters: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the fastest rate of the equations in 1/ms, (n,), up to a factor, for parameters (n, 4)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.maximum(np.abs(parameters[:, 3]), np.abs(parameters[:, 1] / parameters[:, 3]))


def _uniform(intervals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Make intervals equal if they differ only by rounding, so that all can use the same rates."""
    if intervals.size and np.ptp(intervals) <= 1e-10 * intervals.mean():
        return np.full_like(intervals, intervals.mean())
    return intervals


def _divisions(longest_interval: float, step: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the number of steps in the longest interval, (n,), rounded up to one of at least eight values per octave.

    Trajectories with the same number of steps share blocks; rounding makes the number of groups small.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        least = np.maximum(np.ceil(longest_interval / step - 1e-9), 1.0)
        quantum = 2.0 ** np.maximum(np.floor(np.log2(least)) - 3, 0.0)
        return np.ceil(least / quantum) * quantum


def _steps_for(parameters: NDArray[np.float64], tolerance: float) -> NDArray[np.float64]:
    """Return the step in ms, (n,), that usually meets the tolerance for parameters (n, 4).

    For tolerances below 1e-4 the error is proportional to the eighth power of the step, the order of the method. For
    larger ones it grows far faster with the step.
    """
    exponent = 1 / ORDER if tolerance < TOLERANCE else 1 / 20
    with np.errstate(divide="ignore", invalid="ignore"):
        return (tolerance / TOLERANCE) ** exponent * STEP_TIMES_STIFFNESS / stiffness(parameters)


def longest_step(parameters: ArrayLike, tolerance: float = TOLERANCE) -> float:
    """Return the longest step in ms that usually meets the tolerance for all of the parameters, (..., 4).

    It needs no integration, so it can predict the cost of one; `resolving_step` finds the actual step by trial.
    Parameters without a suitable step are ignored; infinite where none has one.
    """
    steps = _steps_for(np.asarray(parameters, dtype=float).reshape(-1, 4), tolerance)
    return float(np.min(steps, where=steps > 0, initial=np.inf))


@contextmanager
def _threads_for(n_blocks: int) -> Iterator[None]:
    """Use one thread for a few blocks: on a busy machine, waking other threads can take longer than the work."""
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
    inputs: tuple[NDArray[Any] | float, ...],
    out: NDArray[np.floating],
    most_steps: float = np.inf,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Run a kernel on each trajectory with the longest step that meets the tolerance for it.

    blocks_kernel(work, *inputs, out, status) fills out and status for the trajectories of the work. out is NaN for
    trajectories that need more than MOST_STEPS between two samples, or more than most_steps in all. The step depends on
    a trajectory's own parameters alone, so that no result depends on other trajectories of the batch.
    step: frozen steps in ms, one for all or (n,). They are not checked against the tolerance. Each interval is divided
    into equal steps that are at most this long, in double precision.

    Returns the status of each trajectory, (n,), and the step in ms that it was last integrated with, (n,).
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
        # A frozen step has no limit on its terms. So a trajectory that ran and failed became NaN: it diverged.
        ran = ~impossible & np.all(np.isfinite(parameters), axis=1)
        status[(status == Status.STEP_LIMIT) & ran] = Status.DIVERGED
    return status, taken
