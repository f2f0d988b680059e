"""The lanes of a Taylor integrator: assign trajectories to lanes, and evaluate the series at sample times."""

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.compiled import kernel

IDLE = -1  # in place of a row: the lane has no trajectory
MOST_STEPS = 1_000_000  # a trajectory that needs more steps is given up


class Work(NamedTuple):
    """Trajectories to integrate, and the results.

    parameters: (n, p).
    starts: (n, columns); the first columns are the states.
    times: (n_times,), from 0 on.
    which: the rows to integrate.
    limits: (2, n_states), the middle of each state's axis, and the distance from it beyond which a trajectory diverged.
    out: (n, n_times, columns).
    """

    parameters: NDArray[np.float64]
    starts: NDArray[np.float64]
    times: NDArray[np.float64]
    which: NDArray[np.int64]
    limits: NDArray[np.float64]
    out: NDArray[np.float64]


class Lanes(NamedTuple):
    """The integrator's arrays, as views, and the trajectory in each lane.

    state: (columns, lanes).
    parameters: (p, lanes).
    series: (columns, order + 1, lanes), the Taylor coefficients at the beginning of the last step.
    step: (lanes,), the length of the last step.
    time: (lanes,), the beginning of the last step, which `advance` moves to its end.
    place: (3, lanes), the row of the trajectory or IDLE, the index of its next sample, and its number of steps.
    """

    state: NDArray[np.float64]
    parameters: NDArray[np.float64]
    series: NDArray[np.float64]
    step: NDArray[np.float64]
    time: NDArray[np.float64]
    place: NDArray[np.int64]


# The arguments are the fields of Work and Lanes, because passing two tuples to Numba takes as long as the step itself.
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
    """Write the samples within the last step of every lane; start the next trajectory in each lane that has ended.

    begun: the number of trajectories started before. Returns this number after the call, and the number of busy lanes.
    """
    n_columns, n_coefficients, n_lanes = series.shape
    busy = 0
    for lane in range(n_lanes):
        row, i, n_steps = place[0, lane], place[1, lane], place[2, lane] + 1
        if row != IDLE:
            end = time[lane] + step[lane]
            given_up = n_steps >= MOST_STEPS or not np.isfinite(end)
            for column in range(n_columns):
                given_up = given_up or not np.isfinite(state[column, lane])
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
                    given_up = True
                    break
                i += 1
            if given_up:
                out[row, i:] = np.nan
            time[lane], place[1, lane], place[2, lane] = end, i, n_steps
            if given_up or i == times.size:
                row = IDLE
        if row == IDLE and begun < which.size:
            row = which[begun]
            begun += 1
            state[:, lane], parameters[:, lane], time[lane] = starts[row], all_parameters[row], 0.0
            place[1, lane], place[2, lane] = 0, 0
        place[0, lane] = row
        busy += int(row != IDLE)
    return begun, busy
