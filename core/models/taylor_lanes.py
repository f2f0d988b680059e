"""The lanes of a Taylor integrator: which trajectory each follows, and the samples read off its Taylor series."""

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.compiled import kernel

IDLE = -1
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
    n_columns, n_coefficients, n_lanes = series.shape
    busy = 0
    for lane in range(n_lanes):
        row, i, n_steps = place[0, lane], place[1, lane], place[2, lane] + 1
        if row != IDLE:
            end = time[lane] + step[lane]
            lost = n_steps >= MOST_STEPS or not np.isfinite(end)
            for column in range(n_columns):
                lost = lost or not np.isfinite(state[column, lane])
            while i < times.size and times[i] <= end:
                inside = True
                for column in range(n_columns):
                    value = series[column, n_coefficients - 1, lane]
                    for k in range(n_coefficients - 2, -1, -1):
                        value = value * (times[i] - time[lane]) + series[column, k, lane]
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
