"""What a network is told of a trace: its samples, then the given parameters, then its length; and the way back.

A trace that is shorter than the longest is filled up with zeros. A last column then says how many samples are real.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.maps.dataset import Dataset
from core.maps.task import Task


class TraceInputs(NamedTuple):
    """Traces, (n, n_times), given parameters, (n, g), and numbers of samples, (n,)."""

    traces: NDArray[np.float32]
    given: NDArray[np.float64]
    lengths: NDArray[np.int64]


def n_columns(task: Task) -> int:
    """Return the number of columns beside the samples."""
    return (0 if task.given is None else len(task.given.names)) + task.has_window


def inputs_of(task: Task, data: Dataset) -> NDArray[np.float32]:
    """Return the columns, (n, n_times + columns), of the noisy traces of a data set."""
    return as_columns(task, TraceInputs(data.noisy, data.given, data.lengths))


def as_columns(task: Task, inputs: TraceInputs) -> NDArray[np.float32]:
    """Return the columns, (n, n_times + columns), that a network of the task gets."""
    if not n_columns(task):
        return inputs.traces
    traces, columns = inputs.traces, []
    if task.given is not None:
        low, high = task.given.bounds.T
        columns.append((2 * inputs.given - low - high) / (high - low))
    if task.has_window:
        traces = np.where(np.arange(traces.shape[1]) < inputs.lengths[:, None], traces, np.float32(0))
        columns.append(inputs.lengths[:, None] / task.n_times[1])
    return np.column_stack([traces, *columns]).astype(np.float32)


def from_columns(task: Task, columns: NDArray[np.float32]) -> TraceInputs:
    """Return the traces, given parameters and lengths that `as_columns` has put together."""
    n_times = task.n_times[1]
    traces, rest = columns[:, :n_times], columns[:, n_times:].astype(np.float64)
    lengths = np.full(len(columns), n_times)
    if task.has_window:
        rest, lengths = rest[:, :-1], np.rint(rest[:, -1] * n_times).astype(np.int64)
    if task.given is not None:
        low, high = task.given.bounds.T
        rest = (rest * (high - low) + low + high) / 2
    return TraceInputs(traces, rest, lengths)
