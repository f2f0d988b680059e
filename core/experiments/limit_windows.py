"""The limit for θ from windows of 100 to 2,000 samples."""

from functools import partial
from typing import Any

from core.experiments.context import Context
from core.experiments.estimators import EXACT
from core.experiments.limit_traces import WINDOWS, window_traces
from core.experiments.limits import Limit, accuracy, chunk_of, computed, theta_row
from core.experiments.records import Measurement


def _chunk(n_times: int, first: int) -> dict[str, Any]:
    return chunk_of(theta_row, window_traces(n_times), first)


def estimates(n_times: int, context: Context) -> Limit:
    """Return the exact posterior of θ for each trace of n_times samples; compute what is not stored yet."""
    return computed(partial(_chunk, n_times), window_traces(n_times), context, f"limit-window-{n_times}")


def regime_of(n_times: int) -> str:
    """Return the code of a window in keys."""
    return f"window-{n_times}"


def limit_measured(context: Context) -> list[Measurement]:
    """Return the accuracy of the exact posterior mean for each window."""
    found = []
    for n_times in WINDOWS:
        traces, mean = window_traces(n_times), estimates(n_times, context).mean
        found += accuracy(EXACT, regime_of(n_times), traces.names, traces.truth[: len(mean)], mean)
    return found
