"""Features of a trajectory that a physiologist reads off: spike rate and duration."""

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

SPIKE_THRESHOLD = 1.5
EXCITED_FLOOR = (
    0.0  # an excited neuron settles between this and 1.5; one that spikes falls to about −2 after each spike
)


@numba.njit(cache=True)
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


def _counts(u: NDArray[np.floating]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    flat = np.ascontiguousarray(u).reshape(-1, u.shape[-1])
    crossings, samples_above = np.empty(len(flat), np.int64), np.empty(len(flat), np.int64)
    ends_excited = np.empty(len(flat), np.bool_)
    _count(flat, SPIKE_THRESHOLD, EXCITED_FLOOR, crossings, samples_above, ends_excited)
    batch = u.shape[:-1]
    return crossings.reshape(batch), samples_above.reshape(batch), ends_excited.reshape(batch)


def spike_statistics(u: ArrayLike, times: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the spike rate [1/s] and the mean spike duration [ms] of clean potentials u, (..., n_times).

    A spike is an up-crossing of u = 1.5; the rate is the count over the time from the first to the last sample, the
    duration the time above 1.5 over the count. Both are NaN where there is no rate: nothing crosses, or u stays
    excited, above 0, after its only crossing, or the trajectory diverges.
    """
    u, times = np.asarray(u), np.asarray(times, dtype=float)
    crossings, samples_above, ends_excited = _counts(u)
    duration = times[-1] - times[0] if times.size > 1 else np.nan
    interval = duration / max(times.size - 1, 1)
    spiking = (crossings > 0) & ~((crossings == 1) & ends_excited) & np.isfinite(u[..., -1])
    count = np.where(spiking, crossings, np.nan)
    return 1000 * count / duration, samples_above * interval / count


def regime(u: ArrayLike) -> str:
    """Name the regime of one clean potential, (n_times,), in the second half of the window, after the start has faded.

    "spiking": it crosses u = 1.5; "excited": it does not, and stays above 0; "silent": it falls below; "diverging": it
    is not finite.
    """
    u = np.asarray(u)
    if not np.isfinite(u[-1]):
        return "diverging"
    crossings, _, ends_excited = _counts(u[u.size // 2 :])
    if crossings > 0:
        return "spiking"
    return "excited" if ends_excited else "silent"
