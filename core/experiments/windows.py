"""The map of windows: its accuracy over the limit, and its regions, for each number of samples."""

from functools import partial

from core.experiments.context import Context
from core.experiments.coverage import coverage, fresh_chunk, n_fresh
from core.experiments.estimators import WINDOW_MAP
from core.experiments.limit_traces import WINDOWS, window_traces
from core.experiments.limit_windows import limit_measured, regime_of
from core.experiments.limits import accuracy, n_used
from core.experiments.over_limit import COVERAGE_OF_90, over_limit
from core.experiments.records import Key, Result, Target
from core.experiments.shipped_maps import shipped
from core.maps.dataset import Dataset
from core.maps.recipes import published_task

FRESH_SEED = 1  # among the experiments with fresh traces
MOST_OVER_LIMIT = 1.25  # of Median-APE


def run(context: Context) -> Result:
    """Test the map beside the exact posterior mean for each window, and the map's regions on fresh traces."""
    window = shipped(WINDOW_MAP)
    measurements = limit_measured(context)
    for n_times in WINDOWS:
        traces = window_traces(n_times)
        n = n_used(traces, context)
        mean = window.predict(traces.noisy[:n]).mean
        measurements += accuracy(WINDOW_MAP, regime_of(n_times), traces.names, traces.truth[:n], mean)
    regimes = [regime_of(n_times) for n_times in WINDOWS]
    measurements += over_limit(measurements, WINDOW_MAP, regimes)
    fresh = {regime_of(n_times): partial(fresh_traces, n_times) for n_times in WINDOWS}
    measurements += coverage(WINDOW_MAP, fresh, context)
    return Result(
        f"The map of windows on {n:,} noisy test traces of each of five numbers of samples, 0.2 ms apart, beside the "
        f"exact posterior mean. Coverage is that of the map on {n_fresh(context):,} fresh traces of each.",
        {"map": window.fingerprint, "windows": list(WINDOWS), "n_test": n, "n_fresh": n_fresh(context)},
        tuple(measurements),
        () if context.quick else _targets(regimes),
    )


def fresh_traces(n_times: int, first: int) -> Dataset:
    """Return fresh traces of n_times samples, from trace number first on."""
    return fresh_chunk(published_task(), n_times, (FRESH_SEED, n_times), first)


def _targets(regimes: list[str]) -> tuple[Target, ...]:
    targets = [
        Target(Key(WINDOW_MAP, "median_ape_over_limit", "mean", each), at_most=MOST_OVER_LIMIT) for each in regimes
    ]
    inside = (Key(WINDOW_MAP, "coverage", "", each, at=0.9) for each in regimes)
    return (*targets, *(Target(key, *COVERAGE_OF_90) for key in inside))
