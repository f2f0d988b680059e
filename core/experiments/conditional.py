"""The map that is told ζ and γ: its accuracy over the limit, and its regions in each part of the range of ζ and γ."""

from dataclasses import replace
from functools import partial

from core.experiments.context import Context
from core.experiments.coverage import coverage, fresh_chunk, n_fresh
from core.experiments.estimators import CNN_MAP, CONDITIONAL_MAP, EXACT, PUBLISHED_CONSTANTS
from core.experiments.labels import shown
from core.experiments.limit_conditional import REGIME, REGIONS, bounds_of, regime_of
from core.experiments.limit_conditional import estimates as conditional_limit
from core.experiments.limit_conditional import measured as measured_by_region
from core.experiments.limit_joint import estimates as joint_limit
from core.experiments.limit_traces import conditional_traces, joint_traces
from core.experiments.limits import Array, accuracy
from core.experiments.over_limit import COVERAGE_OF_90, over_limit
from core.experiments.records import Key, Measurement, Result, Target
from core.experiments.shipped_maps import shipped
from core.maps.dataset import Dataset
from core.maps.recipes import conditional_task
from core.priors import uniform
from core.published import GAMMA, N_TIMES, ZETA

FRESH_SEED = 0  # among the experiments with fresh traces
MOST_OVER_LIMIT = {REGIME: 1.25, PUBLISHED_CONSTANTS: 1.15}  # of Median-APE


def run(context: Context) -> Result:
    """Test the map and the published CNN beside the exact posterior mean, and the map's regions on fresh traces."""
    conditional, cnn = shipped(CONDITIONAL_MAP), shipped(CNN_MAP)
    sets = {
        REGIME: (conditional_traces(), conditional_limit(context).mean),
        PUBLISHED_CONSTANTS: (joint_traces(), joint_limit(context).mean),
    }
    measurements: list[Measurement] = []
    for regime, (traces, limit) in sets.items():
        noisy, known = traces.noisy[: len(limit)], traces.known[: len(limit)]
        measurements += measured(EXACT, regime, limit[:, :2])
        measurements += measured(CONDITIONAL_MAP, regime, conditional.predict(noisy, known).mean)
        measurements += measured(CNN_MAP, regime, cnn.predict(noisy).mean)
    for estimator in (CONDITIONAL_MAP, CNN_MAP):
        measurements += over_limit(measurements, estimator, sets)
    fresh = {regime_of(region): partial(fresh_traces, region) for region in REGIONS}
    measurements += coverage(CONDITIONAL_MAP, fresh, context)
    n, n_published = (len(limit) for _, limit in sets.values())
    return Result(
        f"The map that is told ζ and γ, on {n:,} noisy test traces with ζ and γ from all over their ranges, and on "
        f"{n_published:,} with the published ones, beside the exact posterior mean and the published CNN, which takes "
        f"ζ = {shown(ZETA)} and γ = {shown(GAMMA)} for granted. Coverage is that of the map on "
        f"{n_fresh(context):,} fresh traces in each part of the range.",
        {
            "maps": {CONDITIONAL_MAP: conditional.fingerprint, CNN_MAP: cnn.fingerprint},
            "n_test": n,
            "n_test_published": n_published,
            "n_fresh": n_fresh(context),
        },
        tuple(measurements),
        () if context.quick else _targets(),
    )


def measured(estimator: str, regime: str, mean: Array) -> list[Measurement]:
    """Return the accuracy of estimates of θ, (n, 2), on the first n traces of a regime, and in each region of it."""
    if regime == REGIME:
        return measured_by_region(estimator, mean)
    return accuracy(estimator, regime, joint_traces().parameter_names, joint_traces().truth[: len(mean), :2], mean)


def fresh_traces(region: int, first: int) -> Dataset:
    """Return fresh traces, from trace number first on, with ζ and γ drawn uniformly from a region."""
    task = conditional_task()
    assert task.given is not None
    inside = replace(task, given=uniform(task.given.names, *bounds_of(region).T))
    return fresh_chunk(inside, N_TIMES, (FRESH_SEED, region), first)


def _targets() -> tuple[Target, ...]:
    targets = [
        Target(Key(CONDITIONAL_MAP, "median_ape_over_limit", "mean", regime), at_most=most)
        for regime, most in MOST_OVER_LIMIT.items()
    ]
    inside = (Key(CONDITIONAL_MAP, "coverage", "", regime_of(region), at=0.9) for region in REGIONS)
    return (*targets, *(Target(key, *COVERAGE_OF_90) for key in inside))
