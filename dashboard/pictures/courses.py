"""Trajectories as they are drawn: finer than the samples, so that lines have no corners."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.models.fitzhugh_nagumo.simulate import simulate
from core.models.spikes import SPIKE_THRESHOLD
from dashboard.figures.neuron import Course

N_OVER_TIME = 2000  # points, at least, of a line over time
FINE_STEP = 0.025  # ms between points on a plane, where the potential turns within a tenth of a millisecond
N_ON_PLANE = 3000  # points, at most, of a line on a plane
CLOSED = 0.004  # in v, within which two turns are one on screen
AT_REST = 0.01  # in u and v, within which the rest of a trajectory is a point on screen

Array = NDArray[np.float64]
Parameters = tuple[float, ...]


def over_time(parameters: Parameters, times: Array) -> Course:
    """Return the trajectory of a neuron at sample times (n,) and between them."""
    fineness = max(1, -(-N_OVER_TIME // times.size))
    fine = np.linspace(times[0], times[-1], fineness * (times.size - 1) + 1)
    return Course(fine, simulate(parameters, fine))


def on_plane(parameters: Parameters, course: Course) -> Course:
    """Return the trajectory of a neuron as far as it draws anything new: until it repeats itself, or rests."""
    end = max(_end(course), 2 * FINE_STEP)
    n = min(N_ON_PLANE, int(np.ceil(end / FINE_STEP)) + 1)
    times = np.linspace(0, end, n)
    return Course(times, simulate(parameters, times))


def _end(course: Course) -> float:
    """Return the time in ms from which on a trajectory repeats itself or rests, or that of its end."""
    u, v = course.states.T
    rises = np.flatnonzero((u[:-1] <= SPIKE_THRESHOLD) & (u[1:] > SPIKE_THRESHOLD))
    at = rises + (SPIKE_THRESHOLD - u[rises]) / (u[rises + 1] - u[rises])
    step = course.times[1] - course.times[0]
    closed = np.flatnonzero(np.abs(np.diff(np.interp(at, np.arange(v.size), v))) < CLOSED)
    if closed.size:
        return float(step * (at[closed[0] + 1] + 1))
    moving = np.flatnonzero(np.abs(course.states - course.states[-1]).max(axis=1) > AT_REST)
    return float(step * min(moving[-1] + 2, u.size - 1)) if moving.size else float(course.times[-1])


def of_several(parameters: Sequence[Parameters], end: float) -> list[Course]:
    """Return the trajectories of several neurons from 0 to a time in ms."""
    times = np.linspace(0, end, max(2, int(np.ceil(end / (2 * FINE_STEP))) + 1))
    return [Course(times, states) for states in simulate(np.array(parameters), times)]
