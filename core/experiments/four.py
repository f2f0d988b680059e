"""The map of all four parameters of the neuron beside the posterior by importance sampling: what can be identified."""

from functools import partial

from core.experiments.context import Context
from core.experiments.coverage import coverage, fresh_chunk, n_fresh
from core.experiments.estimators import FOUR_MAP, SAMPLED
from core.experiments.limit_four import EFFECTIVE_SIZE, REGIME, limit_measured
from core.experiments.limit_traces import four_traces
from core.experiments.limits import accuracy, n_used
from core.experiments.over_limit import over_limit
from core.experiments.records import Key, Result, Target
from core.experiments.shipped_maps import shipped
from core.maps.recipes import four_recipe
from core.published import N_TIMES

FRESH_SEED = 2  # among the experiments with fresh traces


def run(context: Context) -> Result:
    """Test the map beside the posterior on the same traces, and its regions on fresh ones."""
    four, traces = shipped(FOUR_MAP), four_traces()
    measurements, n = limit_measured(context), n_used(traces, context)
    mean = four.predict(traces.noisy[:n]).mean
    measurements += accuracy(FOUR_MAP, REGIME, traces.names, traces.truth[:n], mean)
    measurements += over_limit(measurements, FOUR_MAP, [REGIME], SAMPLED, parameters=traces.names)
    fresh = partial(fresh_chunk, four_recipe().task, N_TIMES, (FRESH_SEED, 0))
    measurements += coverage(FOUR_MAP, {REGIME: fresh}, context)
    return Result(
        f"All four parameters of the neuron unknown, on {n} noisy test traces: the map, and the posterior by "
        "importance sampling with the noise integrated out. Where the posterior's median sd is near that of the "
        f"prior, the data do not identify a parameter. Coverage is that of the map on {n_fresh(context):,} fresh "
        "traces.",
        {"map": four.fingerprint, "n_test": n, "n_fresh": n_fresh(context)},
        tuple(measurements),
        () if context.quick else (Target(Key(SAMPLED, "fewest_effective", "", REGIME), at_least=EFFECTIVE_SIZE),),
    )
