"""How often the search for the global MAP succeeds, and how often each method does from a single start."""

from typing import Any

import numpy as np

from core.experiments.context import Context, traces
from core.experiments.estimators import GLOBAL_MAP, NOISY_TRACES
from core.experiments.limit import CHUNK, problem_of
from core.experiments.records import Key, Measurement, Result, Target
from core.maps.dataset import Dataset
from core.maps.test_sets import published_test_set
from core.optimisation.basins import prior_starts
from core.optimisation.methods import METHODS, descend
from core.optimisation.minima import map_estimate
from core.posterior.exact import posterior

N_TRACES = 500  # for the global MAP
N_STARTS = 200  # traces on which every method runs from one draw of the prior
REACHED_RISE = 0.01  # the global MAP counts as found within this of the lowest known loss
NEAR_RISE = 0.5  # the same for single starts: one standard deviation, so that slow convergence is not called failure
SEED = 20210


def _one_trace(data: Dataset, i: int) -> dict[str, Any]:
    """Return the losses at the posterior's mode, at the global MAP and at each method's end, for one trace."""
    problem = problem_of(data, i)
    start = prior_starts(problem, 1, np.random.default_rng([SEED, i]))[0]
    paths = {method: descend(problem, start, method, seed=i) for method in METHODS if i < N_STARTS}
    return {
        "posterior": float(problem.loss(posterior(problem).mode, problem.step)),
        "map": float(problem.loss(map_estimate(problem).mean[0], problem.step)),
        "losses": {method: float(path.losses[-1]) for method, path in paths.items()},
        "evaluations": {method: int(path.evaluations[-1]) for method, path in paths.items()},
    }


def _chunk(first: int) -> dict[str, Any]:
    data = published_test_set()
    return {"traces": [_one_trace(data, i) for i in range(first, first + CHUNK)]}


def run(context: Context) -> Result:
    """Search for the global MAP, and run every method from one draw of the prior on each trace."""
    n = CHUNK if context.quick else N_TRACES
    n_starts = min(n, N_STARTS)
    found = traces(_chunk, n, CHUNK, context, "optimisers")
    lowest = np.array([min(trace["posterior"], trace["map"], *trace["losses"].values()) for trace in found])
    rises = {
        method: np.array([trace["losses"][method] for trace in found[:n_starts]]) - lowest[:n_starts]
        for method in METHODS
    }
    rises[GLOBAL_MAP] = np.array([trace["map"] for trace in found]) - lowest
    measurements = [
        Measurement(Key(name, "reached", "", NOISY_TRACES, at=rise), float(np.mean(values < rise)))
        for name, values in rises.items()
        for rise in (NEAR_RISE, REACHED_RISE)
    ]
    for method in METHODS:
        evaluations = [trace["evaluations"][method] for trace in found[:n_starts]]
        key = Key(method, "median_evaluations", "", NOISY_TRACES)
        measurements.append(Measurement(key, float(np.median(evaluations))))
    kinds = {name: method.kind for name, method in METHODS.items()}
    return Result(
        f"Which methods reach the lowest loss: the global MAP on {n} noisy test traces, and every method on "
        f"{n_starts} of them from one draw of the prior each.",
        {
            "n_traces": n,
            "n_starts": n_starts,
            "seed": SEED,
            "near": NEAR_RISE,
            "reached": REACHED_RISE,
            "methods": {**kinds, GLOBAL_MAP: "coarse grid over the box, then many descents"},
        },
        tuple(measurements),
        (Target(Key(GLOBAL_MAP, "reached", "", NOISY_TRACES, at=REACHED_RISE), at_least=0.99),),
    )
