"""A recording: samples of some of a model's states at known times; samples may be missing."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.checks import as_names, with_gaps

LARGEST_DATUM = 1e30  # in a state's unit; squares of larger ones over a small noise would overflow
UNEQUAL_STEPS = 1e-3  # of the mean step: the difference between steps from which on they are not equal


def equally_spaced(times: NDArray[np.float64]) -> bool:
    """Say whether times (n_times,) are equally far apart, but for the digits that a file leaves out."""
    steps = np.diff(times)
    return bool(np.ptp(steps) <= UNEQUAL_STEPS * steps.mean())


@dataclass(frozen=True, eq=False)
class Observation:
    """Samples of k states.

    times: (n_times,) in ms, increasing.
    data: (n_times, k), NaN or masked where a sample is missing.
    states: the names of the k states.
    sampled: (n_times, k), whether there is a sample.
    is_trace: whether one state was recorded without gaps.
    Raises ValueError where these do not fit together.
    """

    times: NDArray[np.float64]
    data: NDArray[np.float64]
    states: tuple[str, ...]
    sampled: NDArray[np.bool_] = field(init=False, repr=False)
    is_trace: bool = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "states", as_names(self.states, "state"))
        for name in ("times", "data"):
            values = np.array(with_gaps(getattr(self, name)), dtype=float)
            values.setflags(write=False)
            object.__setattr__(self, name, values)
        n_states = len(self.states)
        if self.times.ndim != 1 or self.times.size < 2 or self.data.shape != (self.times.size, n_states):
            raise ValueError(
                f"The data need two or more times, and a row of {n_states} for each: their shape is {self.data.shape}, "
                f"that of the times {self.times.shape}."
            )
        if not np.all(np.isfinite(self.times)) or np.any(np.diff(self.times) <= 0):
            raise ValueError("Times must be a one-dimensional array of finite, strictly increasing numbers.")
        if np.any(np.abs(self.data) > LARGEST_DATUM):
            raise ValueError(
                "The data must be finite numbers, or NaN where a state was not observed, and none may lie beyond ±1e30."
            )
        sampled = ~np.isnan(self.data)
        sampled.setflags(write=False)
        object.__setattr__(self, "sampled", sampled)
        object.__setattr__(self, "is_trace", n_states == 1 and bool(np.all(sampled)))

    def __reduce__(self) -> tuple[Any, ...]:
        """Let copies go through the constructor, which freezes their arrays."""
        return Observation, (self.times, self.data, self.states)

    @classmethod
    def of_trace(cls, data: ArrayLike, times: ArrayLike, state: str) -> "Observation":
        """Return a recording of one state without gaps: data and times (n_times,).

        Raises ValueError unless there are at least two samples, one for each time, and all are finite.
        """
        data, times = np.asarray(with_gaps(data), dtype=float), np.asarray(with_gaps(times), dtype=float)
        if data.shape != times.shape or data.ndim != 1 or data.size < 2:
            raise ValueError(
                f"The trace needs two samples or more, and one a time: the shapes are {data.shape} and {times.shape}."
            )
        if not np.all(np.isfinite(data)):
            raise ValueError("The trace must hold finite numbers only: fill its gaps, or use an `Observation`.")
        return cls(times, data[:, None], (state,))

    @property
    def equally_spaced(self) -> bool:
        """Whether the times are equally far apart, but for the digits that a file leaves out."""
        return equally_spaced(self.times)

    def check_trace(self) -> None:
        """Raise ValueError unless the data are one trace without gaps."""
        if not self.is_trace:
            raise ValueError("This needs the trace of one state without gaps: observe one state, or fit the states.")
