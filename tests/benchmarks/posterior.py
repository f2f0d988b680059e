"""How long an exact posterior and a global MAP estimate of one trace take, one trace after the other.

Run as `python -m tests.benchmarks.posterior`, with nothing else running: both cores work on each trace. The traces are
drawn from the published prior and noise law. All have the same known parameters, so that the trajectories of the coarse
grid are simulated once; what a posterior takes that has to simulate them is measured apart.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from core.experiments.limit import problem_of
from core.maps.test_sets import published_test_set
from core.optimisation.minima import map_estimate
from core.posterior.exact import Posterior, posterior
from core.problem.problem import Problem
from core.published import published_noise_prior
from tests.benchmarks.record import Record, output_path

N_TRACES = 100  # the first of the published test set
N_COLD = 30  # of them, whose known parameters are made to differ
REPEATS = 5  # of each trace, of which the median counts: others may use the machine
OTHER_ZETA = 1e-9  # the difference of ζ from one trace to the next, which changes nothing but what can be kept


def integrated(problem: Problem) -> Posterior:
    """Return the posterior with the noise integrated out."""
    return posterior(problem, published_noise_prior())


def milliseconds(estimate: Callable[[Problem], object], problems: Iterable[Problem]) -> tuple[np.ndarray, np.ndarray]:
    """Return each trace's time by the clock and of both processors together: medians of its repeats in ms, (n,)."""
    medians = []
    for problem in problems:
        times = []
        for _ in range(REPEATS):
            wall, processor = time.perf_counter(), time.process_time()
            estimate(problem)
            times.append((time.perf_counter() - wall, time.process_time() - processor))
        medians.append(np.median(times, axis=0))
    wall, processor = 1000 * np.array(medians).T
    return wall, processor


def cold_milliseconds(estimate: Callable[[Problem], object], problems: list[Problem]) -> np.ndarray:
    """Return each trace's median time by the clock in ms, (n,), where no trajectory is kept from before."""
    times = np.empty((REPEATS, len(problems)))
    others = iter(range(1, 1 + times.size))
    for repeat in times:
        for i, problem in enumerate(problems):
            known = {**problem.known, "zeta": problem.known["zeta"] + OTHER_ZETA * next(others)}
            other = replace(problem, known=known)
            _ = other.step  # it depends on the known parameters too, and is kept
            start = time.perf_counter()
            estimate(other)
            repeat[i] = time.perf_counter() - start
    return 1000 * np.median(times, axis=0)


def main() -> None:
    """Measure, print and store."""
    out = output_path("posterior", __doc__ or "")
    data = published_test_set()
    problems = [problem_of(data, i) for i in range(N_TRACES)]
    record = Record("posterior", {"n_traces": N_TRACES, "n_cold": N_COLD, "repeats": REPEATS})
    estimates: dict[str, tuple[Callable[[Problem], object], float, float | None]] = {
        "exact posterior, noise known": (posterior, 50, 150),
        "exact posterior, noise integrated out": (integrated, 70, 150),
        "global MAP": (map_estimate, 300, None),
    }
    for name, (estimate, most, most_of_95) in estimates.items():
        estimate(problems[0])
        wall, processor = milliseconds(estimate, problems)
        record.note(f"{name}: mean over {N_TRACES} traces", float(wall.mean()), "ms", most=most)
        record.note(f"{name}: median", float(np.median(wall)), "ms")
        record.note(f"{name}: 95 % of traces", float(np.quantile(wall, 0.95)), "ms", most=most_of_95)
        record.note(f"{name}: longest", float(wall.max()), "ms")
        record.note(f"{name}: processor time, mean", float(processor.mean()), "ms")
    for name, estimate in (
        ("exact posterior, noise known", posterior),
        ("exact posterior, noise integrated out", integrated),
    ):
        cold = cold_milliseconds(estimate, problems[:N_COLD])
        record.note(f"{name}: mean where no trajectory is kept", float(cold.mean()), "ms")
    record.save(out)


if __name__ == "__main__":
    main()
