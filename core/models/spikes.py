"""Physiological features of a trajectory: spike rate, spike duration, and the regime.

spike_level, excited_floor: as in `Model`, in the unit of its observed state; by default those of FitzHugh–Nagumo.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.compiled import kernel_as_written

SPIKE_THRESHOLD = 1.5
# An excited neuron converges to a u between this and 1.5; a spiking one falls to about −2 after each spike.
EXCITED_FLOOR = 0.0


@kernel_as_written
def _count(
    u: NDArray[np.floating],
    threshold: float,
    floor: float,
    crossings: NDArray[np.int64],
    samples_above: NDArray[np.int64],
    ends_excited: NDArray[np.bool_],
) -> None:
    for i in range(u.shape[0]):
        above, excited = u[i, 0] > threshold, u[i, 0] > floor
        count, samples = 0, int(above)
        for t in range(1, u.shape[1]):
            now = u[i, t] > threshold
            count += int(now and not above)
            samples += int(now)
            above = now
            excited = now or (excited and u[i, t] > floor)
        crossings[i], samples_above[i], ends_excited[i] = count, samples, excited


def _counts(
    u: NDArray[np.floating], spike_level: float, excited_floor: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    flat = np.ascontiguousarray(u).reshape(-1, u.shape[-1])
    crossings, samples_above = np.empty(len(flat), np.int64), np.empty(len(flat), np.int64)
    ends_excited = np.empty(len(flat), np.bool_)
    _count(flat, spike_level, excited_floor, crossings, samples_above, ends_excited)
    batch = u.shape[:-1]
    return crossings.reshape(batch), samples_above.reshape(batch), ends_excited.reshape(batch)


def _checked(u: ArrayLike, times: ArrayLike) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Return u (..., n_times) and times (n_times,) as arrays; raises ValueError where they do not fit together."""
    u, times = np.asarray(u), np.asarray(times, dtype=float)
    if times.ndim != 1 or times.size < 2 or u.shape[-1:] != times.shape:
        raise ValueError(
            f"The potentials need two times or more, and a sample for each: the shapes are {u.shape} and {times.shape}."
        )
    if not (np.all(np.diff(times) > 0) and np.isfinite(times[0]) and np.isfinite(times[-1])):
        raise ValueError("Times must be a one-dimensional array of finite, strictly increasing numbers.")
    return u, times


def spike_statistics(
    u: ArrayLike, times: ArrayLike, *, spike_level: float = SPIKE_THRESHOLD, excited_floor: float = EXCITED_FLOOR
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the spike rate [1/s] and the mean spike duration [ms] of clean potentials u, (..., n_times).

    A spike is an up-crossing of the spike level. The rate is the number of spikes divided by the time from the first to
    the last sample. The duration is the time above the level divided by the number of spikes. Both are NaN where u
    never crosses the level, stays above the floor after its only crossing, or diverges. Raises ValueError unless there
    are at least two times, strictly increasing, and a sample for each.
    """
    u, times = _checked(u, times)
    crossings, samples_above, ends_excited = _counts(u, spike_level, excited_floor)
    duration = times[-1] - times[0]
    interval = duration / (times.size - 1)
    spiking = (crossings > 0) & ~((crossings == 1) & ends_excited) & np.isfinite(u[..., -1])
    count = np.where(spiking, crossings, np.nan)
    return 1000 * count / duration, samples_above * interval / count


def spike_counts(u: ArrayLike, *, spike_level: float = SPIKE_THRESHOLD) -> NDArray[np.int64]:
    """Return how often clean potentials, (..., n_times), rise through the spike level, (...)."""
    return _counts(np.asarray(u), spike_level, spike_level)[0]


def spike_count(u: ArrayLike, *, spike_level: float = SPIKE_THRESHOLD) -> int:
    """Return how often one clean potential, (n_times,), rises through the spike level."""
    return int(spike_counts(np.asarray(u)[None], spike_level=spike_level)[0])


@kernel_as_written
def _cross(
    u: NDArray[np.floating],
    threshold: float,
    intervals: NDArray[np.int64],
    spans: NDArray[np.float64],
    spikes: NDArray[np.int64],
    samples_above: NDArray[np.float64],
) -> None:
    for i in range(u.shape[0]):
        ups, downs, first, last, above = 0, 0, 0.0, 0.0, 0.0
        for t in range(1, u.shape[1]):
            before, now = u[i, t - 1], u[i, t]
            if before <= threshold < now or (now <= threshold < before and ups > 0):
                place = t - 1 + (threshold - before) / (now - before)
                if before < now:
                    first = place if ups == 0 else first
                    last = place
                    ups += 1
                else:
                    above += place - last
                    downs += 1
        intervals[i], spans[i], spikes[i], samples_above[i] = ups - 1, last - first, downs, above


def spike_timing(
    u: ArrayLike, times: ArrayLike, *, spike_level: float = SPIKE_THRESHOLD, excited_floor: float = EXCITED_FLOOR
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the spike rate [1/s] and the mean spike duration [ms] of clean potentials u, (..., n_times).

    Both follow from the times at which u crosses the spike level, by linear interpolation between samples, which must
    be equally spaced. The rate is one over the mean interval between up-crossings. The duration is the mean time from
    an up-crossing to the next down-crossing. Unlike the results of `spike_statistics`, they do not depend on how many
    spikes fit into the window. The rate is NaN with fewer than two up-crossings, or if the regime is not "spiking"; the
    duration is NaN where no spike ends. Both are NaN where the trajectory diverges.
    """
    u, times = np.asarray(u), np.asarray(times, dtype=float)
    flat = np.ascontiguousarray(u).reshape(-1, u.shape[-1])
    intervals, spikes = np.empty(len(flat), np.int64), np.empty(len(flat), np.int64)
    spans, above = np.empty(len(flat)), np.empty(len(flat))
    _cross(flat, spike_level, intervals, spans, spikes, above)
    step = (times[-1] - times[0]) / (times.size - 1) if times.size > 1 else np.nan
    has_rate = (intervals > 0) & (regimes(flat, spike_level=spike_level, excited_floor=excited_floor) == "spiking")
    has_duration = (spikes > 0) & np.isfinite(flat[:, -1])
    rate = 1000 * np.where(has_rate, intervals, np.nan) / (np.where(has_rate, spans, np.nan) * step)
    duration = step * above / np.where(has_duration, spikes, np.nan)
    return rate.reshape(u.shape[:-1]), duration.reshape(u.shape[:-1])


def regimes(
    u: ArrayLike, *, spike_level: float = SPIKE_THRESHOLD, excited_floor: float = EXCITED_FLOOR
) -> NDArray[np.str_]:
    """Return the regimes, (...), of clean potentials, (..., n_times), in the second half of the window.

    The second half is taken because the effect of the initial state has decayed by then.
    "spiking": u crosses the spike level upwards.
    "excited": u does not cross it, and stays above the floor.
    "silent": u does not cross it, and falls below the floor.
    "diverging": u is not finite.
    """
    u = np.asarray(u)
    crossings, _, ends_excited = _counts(u[..., u.shape[-1] // 2 :], spike_level, excited_floor)
    cases = [~np.isfinite(u[..., -1]), crossings > 0, ends_excited]
    return np.select(cases, ["diverging", "spiking", "excited"], "silent")


def regime(u: ArrayLike, *, spike_level: float = SPIKE_THRESHOLD, excited_floor: float = EXCITED_FLOOR) -> str:
    """Return the regime of one clean potential, (n_times,), as `regimes` does."""
    return str(regimes(u, spike_level=spike_level, excited_floor=excited_floor))
