"""How often the global MAP is found, and from how many starts each single-start method finds it."""

from typing import Any

import numpy as np

from core.experiments.context import Context, traces
from core.experiments.limit import CHUNK, problem_of
from core.experiments.record import Result, Table, Target
from core.maps.dataset import Dataset
from core.maps.evaluation import published_test_set
from core.optimisation.basins import prior_starts
from core.optimisation.methods import METHODS, descend
from core.optimisation.minima import map_estimate
from core.posterior.exact import posterior

N_TRACES = 500
N_STARTS = 200  # of them, on which every method runs from one draw of the prior
REACHED = 0.01  # above the lowest loss known, within which the global MAP counts as found
NEAR = 0.5  # the same for single starts: one standard deviation, so that slow convergence is not called failure
SEED = 20210


def _one_trace(data: Dataset, i: int) -> dict[str, Any]:
    """Return the loss that each method reaches on one trace, and the highest point of the exact posterior."""
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
    """Run every method from one draw of the prior on each trace."""
    n = CHUNK if context.quick else N_TRACES
    n_starts = min(n, N_STARTS)
    found = traces(_chunk, n, CHUNK, context, "optimisers")
    lowest = np.array([min(trace["posterior"], trace["map"], *trace["losses"].values()) for trace in found])
    of_map = np.array([trace["map"] for trace in found])
    rows: list[tuple[str | float | None, ...]] = []
    for method in METHODS:
        losses = np.array([trace["losses"][method] for trace in found[:n_starts]])
        evaluations = np.array([trace["evaluations"][method] for trace in found[:n_starts]])
        rises = losses - lowest[:n_starts]
        near, exact = float(np.mean(rises < NEAR)), float(np.mean(rises < REACHED))
        rows.append((method, METHODS[method].kind, near, exact, float(np.median(evaluations))))
    reached = float(np.mean(of_map < lowest + REACHED))
    rows.append(
        ("global MAP", "survey of the box, then many descents", float(np.mean(of_map < lowest + NEAR)), reached, None)
    )
    return Result(
        f"Which methods reach the lowest loss: the global MAP on {n} noisy test traces, and every method on "
        f"{n_starts} of them from one draw of the prior each.",
        {"n_traces": n, "n_starts": n_starts, "seed": SEED, "near": NEAR, "reached": REACHED},
        (
            Table(
                "Share of draws of the prior from which a method reaches the global minimum",
                ("method", "kind", f"within {NEAR}", f"within {REACHED}", "median evaluations"),
                tuple(rows),
            ),
        ),
        (Target("global MAP: share of traces on which it reaches the posterior’s highest point", reached, 0.99),),
    )
