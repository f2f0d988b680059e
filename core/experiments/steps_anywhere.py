"""How often the learned optimiser and others reach the global minimum from one draw of the prior on a fresh trace."""

from functools import lru_cache
from typing import Any

import numpy as np

from core.experiments.context import Context, traces
from core.experiments.fresh import REGIME
from core.experiments.limit import problem_of
from core.experiments.records import Key, Measurement, Target
from core.learned_optimiser.kind import LEARNED
from core.learned_optimiser.method import BUDGET, learned_path
from core.learned_optimiser.recipe import ANYWHERE
from core.learned_optimiser.store import fingerprint, load_steps
from core.maps.dataset import Dataset, make_dataset
from core.maps.recipes import published_task
from core.optimisation.basins import prior_starts
from core.optimisation.methods import descend
from core.optimisation.minima import map_estimate
from core.optimisation.path import OptimiserPath
from core.published import time_grid

METHODS = ("Newton", "Levenberg–Marquardt", "L-BFGS-B", "Gradient descent", "Adam")  # the others
N_TRACES, CHUNK = 300, 10
REACHED_RISE = 0.5  # of the loss over the lowest known: one standard deviation
SPENT = (5, 10, 15, 20, 25, 30, 40, 60, 100, 200, 400)  # evaluations at which the share is counted
SEED = 20301
TIMES_NEWTON = 2.0


@lru_cache(maxsize=1)
def _data() -> Dataset:
    """Return fresh traces that no choice has looked at."""
    return make_dataset(published_task(), N_TRACES, time_grid(), np.random.default_rng(SEED))


def _one_trace(i: int) -> dict[str, Any]:
    """Return the lowest loss that is known of a trace, and what each method reached by its evaluations."""
    problem, truth = problem_of(_data(), i), _data().theta[i]
    start = prior_starts(problem, 1, np.random.default_rng([SEED, i]))[0]
    paths = {LEARNED: learned_path(problem, start, load_steps(ANYWHERE))}
    paths |= {method: descend(problem, start, method) for method in METHODS}
    known = (map_estimate(problem).mean[0], truth)
    lowest = min(float(problem.loss(each, problem.step)) for each in known)
    return {
        "lowest": min(lowest, *(float(path.losses.min()) for path in paths.values())),
        "lowest_by": {method: _lowest_by(path) for method, path in paths.items()},
        "evaluations": {method: int(path.evaluations[-1]) for method, path in paths.items()},
    }


def _lowest_by(path: OptimiserPath) -> list[float | None]:
    """Return the lowest loss after each number of SPENT evaluations and at the end; None where it is infinite."""
    found = [path.losses[path.evaluations <= spent].min(initial=np.inf) for spent in (*SPENT, np.inf)]
    return [float(loss) if np.isfinite(loss) else None for loss in found]


def _chunk(first: int) -> dict[str, Any]:
    return {"traces": [_one_trace(i) for i in range(first, first + CHUNK)]}


def measured(context: Context) -> tuple[int, list[Measurement], list[Target]]:
    """Return the number of traces, the shares that reach the global minimum with their costs, and the targets."""
    n = CHUNK if context.quick else N_TRACES
    found = traces(_chunk, n, CHUNK, context, f"steps-anywhere-{fingerprint(ANYWHERE)}-{BUDGET}")
    lowest = np.array([each["lowest"] for each in found])
    measurements, share, cost = [], {}, {}

    def of(method: str, metric: str, value: float, at: float | None = None) -> None:
        measurements.append(Measurement(Key(method, metric, "", REGIME, at=at), float(value)))

    for method in (LEARNED, *METHODS):
        losses = np.array([each["lowest_by"][method] for each in found], dtype=float)  # None becomes NaN
        reached = np.mean(losses - lowest[:, None] < REACHED_RISE, axis=0)
        share[method] = reached[-1]
        cost[method] = np.array([each["evaluations"][method] for each in found])
        of(method, "reached", share[method], REACHED_RISE)
        of(method, "median_evaluations", np.median(cost[method]))
        of(method, "mean_evaluations", np.mean(cost[method]))
        for spent, value in zip(SPENT, reached[:-1], strict=True):
            of(method, "reached_by", value, spent)
    of(LEARNED, "reached_over_newton", share[LEARNED] / max(share["Newton"], 1 / n))
    of(LEARNED, "evaluations_over_newton", np.mean(cost[LEARNED]) / np.mean(cost["Newton"]))
    targets = [
        Target(Key(LEARNED, "reached_over_newton", "", REGIME), at_least=TIMES_NEWTON),
        Target(Key(LEARNED, "evaluations_over_newton", "", REGIME), at_most=1.0),
    ]
    return n, measurements, targets
