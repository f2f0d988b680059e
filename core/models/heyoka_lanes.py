"""The lanes of a Taylor integrator: assign trajectories to lanes, and evaluate the series at sample times."""

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.compiled import kernel

IDLE = -1  # in place of a row: the lane has no trajectory
RADII_PER_STEP = np.e**2  # heyoka's steps are the radius of convergence over this
RADIUS_SLACK = 1.25  # a step is shortened only if a term suggests a radius smaller by more than this factor


class Work(NamedTuple):
    """Trajectories to integrate, and the results.

    parameters: (n, p).
    starts: (n, columns); the first columns are the states.
    times: (n_times,), from 0 on.
    which: the rows to integrate.
    limits: (2, n_states), the middle of each state's axis, and the distance from it beyond which a trajectory diverged.
    out: (n, n_times, columns).
    most_steps: a trajectory that needs more steps is given up.
    """

    parameters: NDArray[np.float64]
    starts: NDArray[np.float64]
    times: NDArray[np.float64]
    which: NDArray[np.int64]
    limits: NDArray[np.float64]
    out: NDArray[np.float64]
    most_steps: int


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


# The arguments are the fields of Work and Lanes, because passing two tuples to Numba takes as long as the step itself.
@functools.partial(kernel, nogil=True)
def advance(
    all_parameters: NDArray[np.float64],
    starts: NDArray[np.float64],
    times: NDArray[np.float64],
    which: NDArray[np.int64],
    limits: NDArray[np.float64],
    out: NDArray[np.float64],
    most_steps: int,
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
            given_up = n_steps >= most_steps or not np.isfinite(end)
            for column in range(n_columns):
                given_up = given_up or not np.isfinite(state[column, lane])
            while i < times.size and times[i] <= end:
                inside = True
                for column in range(n_columns):
                    value = _value(series, column, lane, times[i] - time[lane])
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
