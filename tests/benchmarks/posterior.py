"""How long an exact posterior and a global MAP estimate of one trace take, one trace after the other.

Run as `python -m tests.benchmarks.posterior`, with nothing else running: both cores work on each trace.
"""

import time
from collections.abc import Callable

import numpy as np

from core.experiments.limit import problem_of
from core.maps.test_sets import published_test_set
from core.optimisation.minima import map_estimate
from core.posterior.exact import posterior
from core.problem.problem import Problem
from core.published import published_noise_prior
from tests.benchmarks.record import Record, output_path

N_TRACES = 100  # the first of the published test set


def milliseconds(estimate: Callable[[Problem], object]) -> np.ndarray:
    """Return how long each trace took, (N_TRACES,), after one that is not counted."""
    data = published_test_set()
    estimate(problem_of(data, 0))
    times = []
    for i in range(N_TRACES):
        problem = problem_of(data, i)
        start = time.perf_counter()
        estimate(problem)
        times.append(1000 * (time.perf_counter() - start))
    return np.array(times)


def main() -> None:
    """Measure, print and store."""
    out = output_path("posterior", __doc__ or "")
    record = Record("posterior", {"n_traces": N_TRACES})
    estimates = {
        "exact posterior, noise known": (posterior, 100),
        "exact posterior, noise integrated out": (lambda problem: posterior(problem, published_noise_prior()), 100),
        "global MAP": (map_estimate, 300),
    }
    for name, (estimate, most) in estimates.items():
        times = milliseconds(estimate)
        record.note(f"{name}: mean over {N_TRACES} traces", float(times.mean()), "ms", most=most)
        record.note(f"{name}: median", float(np.median(times)), "ms")
        record.note(f"{name}: 95 % of traces", float(np.quantile(times, 0.95)), "ms")
        record.note(f"{name}: longest", float(times.max()), "ms")
    record.save(out)


if __name__ == "__main__":
    main()
