"""The lanes of a Taylor integrator: which trajectory each follows, and the samples read off its Taylor series."""

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.compiled import kernel

IDLE = -1
RADII_PER_STEP = np.e**2  # the radius of convergence is as many steps
RADIUS_SLACK = 1.25  # what a term may leave of the radius as heyoka has it, before the step is shortened
MOST_STEPS = 1_000_000  # of a trajectory, before it is given up rather than the caller kept waiting


class Work(NamedTuple):
    """Trajectories to integrate, and the results.

    parameters: (n, p). starts: (n, columns), of which the first are the states. times: (n_times,), from 0 on. which:
    the rows to integrate. limits: (2, n_states), the middle of each state's axis and how far from it a trajectory has
    not diverged. out: (n, n_times, columns).
    """

    parameters: NDArray[np.float64]
    starts: NDArray[np.float64]
    times: NDArray[np.float64]
    which: NDArray[np.int64]
    limits: NDArray[np.float64]
    out: NDArray[np.float64]


class Lanes(NamedTuple):
    """What an integrator holds of its lanes, as views, and which trajectory is in each.

    state: (columns, lanes). parameters: (p, lanes). series: (columns, order + 1, lanes), about the time at which the
    last step began. step: (lanes,), its length. time: (lanes,), at which it ends. place: (3, lanes), the row of the
    trajectory or IDLE, its next sample, and the steps taken.
    """

    state: NDArray[np.float64]
    parameters: NDArray[np.float64]
    series: NDArray[np.float64]
    step: NDArray[np.float64]
    time: NDArray[np.float64]
    place: NDArray[np.int64]


@functools.partial(kernel, nogil=True)
def _value(series: NDArray[np.float64], column: int, lane: int, after: float) -> float:
    """Return the sum of a series some time [ms] after its step began."""
    last = series.shape[1] - 1
    value = series[column, last, lane]
    for k in range(last - 1, -1, -1):
        value = value * after + series[column, k, lane]
    return value


@functools.partial(kernel, nogil=True)
def _exact_length(series: NDArray[np.float64], lane: int, step: float) -> float:
    """Return how much of a step [ms] its series is exact for.

    heyoka chooses the step by the last two terms alone. These may vanish where others do not: the solution of
    x' = 1 + x⁴ from 0 has only every fourth term. So the same rule is applied to each term of the second half: À. Jorba
    and M. Zou, A software package for the numerical integration of ODEs by means of high-order Taylor methods,
    Experimental Mathematics 14 (2005).
    """
    largest = 1.0
    for column in range(series.shape[0]):
        largest = max(largest, abs(series[column, 0, lane]))
    length = step
    for k in range(series.shape[1] // 2, series.shape[1]):
        term = 0.0
        for column in range(series.shape[0]):
            term = max(term, abs(series[column, k, lane]))
        if 0 < term < np.inf and term * (step * RADII_PER_STEP / RADIUS_SLACK) ** k > largest:
            length = min(length, (largest / term) ** (1 / k) / RADII_PER_STEP)
    return length


# The fields of Work and Lanes one by one: to take two tuples apart costs Numba as much as the step itself.
@functools.partial(kernel, nogil=True)
def advance(
    all_parameters: NDArray[np.float64],
    starts: NDArray[np.float64],
    times: NDArray[np.float64],
    which: NDArray[np.int64],
    limits: NDArray[np.float64],
    out: NDArray[np.float64],
    state: NDArray[np.float64],
    parameters: NDArray[np.float64],
    series: NDArray[np.float64],
    step: NDArray[np.float64],
    time: NDArray[np.float64],
    place: NDArray[np.int64],
    begun: int,
) -> tuple[int, int]:
    """Read samples off the last step of every lane, and begin the next trajectory in each whose own has ended.

    begun: how many trajectories have begun so far. Returns this number afterwards, and how many lanes are busy.
    """
    n_columns, _, n_lanes = series.shape
    busy = 0
    for lane in range(n_lanes):
        row, i, n_steps = place[0, lane], place[1, lane], place[2, lane] + 1
        if row != IDLE:
            length = _exact_length(series, lane, step[lane])
            if length < step[lane]:
                for column in range(n_columns):
                    state[column, lane] = _value(series, column, lane, length)
            end = time[lane] + length
            lost = n_steps >= MOST_STEPS or not np.isfinite(end)
            for column in range(n_columns):
                lost = lost or not np.isfinite(state[column, lane])
            while i < times.size and times[i] <= end:
                inside = True
                for column in range(n_columns):
                    value = _value(series, column, lane, times[i] - time[lane])
                    out[row, i, column] = value
                    if column < limits.shape[1]:
                        inside = inside and abs(value - limits[0, column]) <= limits[1, column]
                if not inside:
                    lost = True
                    break
                i += 1
            if lost:
                out[row, i:] = np.nan
            time[lane], place[1, lane], place[2, lane] = end, i, n_steps
            if lost or i == times.size:
                row = IDLE
        if row == IDLE and begun < which.size:
            row = which[begun]
            begun += 1
            state[:, lane], parameters[:, lane], time[lane] = starts[row], all_parameters[row], 0.0
            place[1, lane], place[2, lane] = 0, 0
        place[0, lane] = row
        busy += int(row != IDLE)
    return begun, busy
