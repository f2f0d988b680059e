"""How often particles find spikes on the circle, and the neurons of a teacher, against how many there are."""

from typing import Any

import numpy as np
from scipy.stats import beta

from core.experiments.context import Context, records
from core.experiments.estimators import SPIKES, TWO_LAYER, ratio_regime
from core.experiments.records import Key, Measurement, Result, Target
from core.mean_field import sparse_spikes, two_layer
from core.mean_field.cone import Rates
from core.mean_field.spikes_optimum import optimum

RUNS = {SPIKES: 200, TWO_LAYER: 40}
RUNS_QUICK = {SPIKES: 10, TWO_LAYER: 4}
LEVEL = 0.95  # of the binomial intervals
WIDTHS = {SPIKES: sparse_spikes.WIDTHS, TWO_LAYER: two_layer.WIDTHS}
RATIOS = {SPIKES: sparse_spikes.RATIOS, TWO_LAYER: two_layer.RATIOS}
LEAST_SUCCESS = 0.9  # with twice as many particles as are sought, or more
MOST_SUCCESS = 0.5  # of spikes with as many particles as there are
SEED = 20261


def interval(successes: int, runs: int) -> tuple[float, float]:
    """Return the ends of the interval of Clopper and Pearson of the probability of a success."""
    tail = (1 - LEVEL) / 2
    low = 0.0 if successes == 0 else float(beta.ppf(tail, successes, runs - successes + 1))
    high = 1.0 if successes == runs else float(beta.isf(tail, successes + 1, runs - successes))
    return low, high


def _spikes(m: int, runs: int) -> dict[str, int]:
    """Return by regime how many runs reached the least loss, of the same problems for every m."""
    problem = sparse_spikes.random_spikes(np.random.default_rng(SEED), (runs,))
    each = zip(problem.angles, problem.weights, strict=True)
    least = np.array([optimum(sparse_spikes.Spikes(*one)).loss for one in each])
    found = {}
    for ratio in sparse_spikes.RATIOS:
        rates = Rates(sparse_spikes.ALPHA, ratio)
        losses = sparse_spikes.descend(problem, sparse_spikes.init(m, (runs,)), rates).losses[-1]
        found[ratio_regime(ratio)] = int(np.sum(losses - least <= sparse_spikes.SUCCESS))
    return found


def _two_layer(m: int, runs: int) -> dict[str, int]:
    """Return by regime how many students reached their teacher, of the same teachers for every m."""
    teacher = two_layer.random_teacher(np.random.default_rng(SEED), (runs,))
    most, found = two_layer.SUCCESS * two_layer.empty_loss(teacher), {}
    for ratio in two_layer.RATIOS:
        rng = np.random.default_rng([SEED, m])
        start = two_layer.init(rng, m, (runs,))
        losses = two_layer.train(teacher, start, Rates(two_layer.ALPHA, ratio), rng).losses[-1]
        found[ratio_regime(ratio)] = int(np.sum(losses <= most))
    return found


def _task(problem: str, m: int, runs: int) -> dict[str, Any]:
    return (_spikes if problem == SPIKES else _two_layer)(m, runs)


def run(context: Context) -> Result:
    """Descend both problems with few and many particles, from many problems."""
    runs = RUNS_QUICK if context.quick else RUNS
    tasks = {f"{problem}-{m}": (problem, m, runs[problem]) for problem, widths in WIDTHS.items() for m in widths}
    found = records(_task, tasks, context, "mean-field")
    measurements, targets = [], []
    for problem, m, n in tasks.values():
        for regime, successes in found[f"{problem}-{m}"].items():
            key = Key(problem, "success", "", regime, at=m)
            measurements.append(Measurement(key, successes / n))
            if m >= 2 * sparse_spikes.N_SPIKES:
                targets.append(Target(key, at_least=LEAST_SUCCESS))
            elif problem == SPIKES and m == sparse_spikes.N_SPIKES:
                targets.append(Target(key, at_most=MOST_SUCCESS))
    return Result(
        f"Share of runs that reach the least loss. Spikes: {runs[SPIKES]} problems of five spikes at random on the "
        f"circle, {sparse_spikes.N_STEPS:,} steps from m particles at equally spaced angles. A run succeeds where its "
        f"loss is at most {sparse_spikes.SUCCESS:g} above the least that any non-negative measure has. Network: "
        f"{runs[TWO_LAYER]} teachers with five neurons in {two_layer.DIMENSION} dimensions, {two_layer.N_STEPS:,} "
        f"steps from m random neurons. A run succeeds where its loss is at most {two_layer.SUCCESS:.1%} of that of a "
        f"network without neurons. The 95 % interval of a share reaches at most {_half_width(runs[SPIKES]):.0%} to "
        f"each side for spikes, and {_half_width(runs[TWO_LAYER]):.0%} for networks. The tolerances were set on other "
        "problems.",
        {
            "runs": runs,
            "sought": sparse_spikes.N_SPIKES,
            "widths": {problem: list(widths) for problem, widths in WIDTHS.items()},
            "ratios": {problem: list(ratios) for problem, ratios in RATIOS.items()},
            "penalty": sparse_spikes.PENALTY,
            "alpha": {SPIKES: sparse_spikes.ALPHA, TWO_LAYER: two_layer.ALPHA},
            "steps": {SPIKES: sparse_spikes.N_STEPS, TWO_LAYER: two_layer.N_STEPS},
            "seed": SEED,
        },
        tuple(measurements),
        tuple(targets),
    )


def _half_width(runs: int) -> float:
    low, high = interval(runs // 2, runs)
    return (high - low) / 2
