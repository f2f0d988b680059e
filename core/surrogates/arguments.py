"""What surrogates take: values of θ, and times that are whole sampling intervals apart."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.surrogates.neuron import PRIOR

TIME_ROUNDING = 1e-6  # of an interval


def checked_parameters(parameters: ArrayLike) -> NDArray[np.float64]:
    """Return values of θ, (..., 2), as an array; raises ValueError for another last axis."""
    theta = np.asarray(parameters, dtype=float)
    if theta.shape[-1:] != (len(PRIOR.names),):
        names = ", ".join(PRIOR.names)
        raise ValueError(
            f"Parameters need a last axis of length {len(PRIOR.names)} ({names}); their shape is {theta.shape}."
        )
    return theta


def whole_intervals(times: ArrayLike, interval: float) -> NDArray[np.int64]:
    """Return how many intervals each time, (n_times,), comes after the first one.

    Raises ValueError unless the times increase in whole intervals.
    """
    times = np.asarray(times, dtype=float)
    if times.ndim != 1 or times.size == 0 or not np.all(np.isfinite(times)) or np.any(np.diff(times) <= 0):
        raise ValueError("Times must be a one-dimensional array of finite, strictly increasing numbers.")
    counts = (times - times[0]) / interval
    whole = np.rint(counts).astype(np.int64)
    if np.any(np.abs(counts - whole) > TIME_ROUNDING * np.maximum(counts, 1)):
        raise ValueError(
            f"A surrogate knows times that are whole multiples of {interval:g} ms apart: leave out the others."
        )
    return whole


def refuse_step(step: float | None) -> None:
    """Raise ValueError for a frozen step, which only a solver takes."""
    if step is not None:
        raise ValueError(f"A surrogate makes no steps of a solver: leave the step out; it is {step}.")
