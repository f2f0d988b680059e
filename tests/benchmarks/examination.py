"""How often an examination of a map is right, and how long it takes.

Run as `python -m tests.benchmarks.examination`. A map that is right is simulated: the truths of its traces are drawn
from what it states. The planted faults are the maps in pretrained/planted, each examined on 100 sets of published
traces, without the exact posteriors. What a training finds out about its map at its end is timed on the map best.
"""

import time

import numpy as np

from core.jobs.clock import N_REFERENCE
from core.maps.examination.bands import family_gamma, gammas
from core.maps.examination.examination import examined
from core.maps.examination.ranks import N_DRAWS
from core.maps.examination.verdict import verdict
from core.maps.inverse_map import PLANTED, load_inverse_map
from core.maps.out_of_distribution import novelty_reference
from core.maps.planted_faults import planted_faults
from core.maps.recipes import published_task
from tests.benchmarks.record import Record, output_path
from tests.core.maps.examination.correct import correct_tables

REPEATS, N_SETS = 1000, 100
N = 1000  # traces
HEAVY_TAILS = 6.0  # degrees of freedom of every other right map


def passes(seed: int) -> int:
    """Return in how many of the repeats a right map passes all curves together."""
    rng, passed = np.random.default_rng(seed), 0
    for repeat in range(REPEATS):
        tables = correct_tables(N, rng, np.inf if repeat % 2 else HEAVY_TAILS)
        smallest = min(gammas(ranks[None], N_DRAWS)[0] for ranks in tables.of_truth().values())
        passed += bool(smallest >= family_gamma(tables, rng))
    return passed


def main() -> None:
    """Measure, print and store."""
    out = output_path("examination", __doc__ or "")
    record = Record("examination", {"repeats": REPEATS, "sets": N_SETS, "n": N, "n_draws": N_DRAWS})
    record.note(f"a right map passes, of {REPEATS:,} repeats", passes(seed=0), least=930, most=970)
    task = published_task()
    for name, fault in planted_faults().items():
        trained, named = load_inverse_map(PLANTED / f"{name}.safetensors"), 0
        for seed in range(N_SETS):
            *_, (_, found) = examined(trained, task, seed=seed, n_exact=0)
            named += verdict(found, trained.recipe, task).names(fault.cause)
        record.note(f"{name}: cause named, of {N_SETS} sets", named, least=95)
    trained = load_inverse_map("best")
    began = time.perf_counter()
    *_, (_, found) = examined(trained, task)
    record.note("examination of the map best", time.perf_counter() - began, "s", most=30)
    novelty_reference(trained, N_REFERENCE)
    record.note("the same with its out-of-distribution reference", time.perf_counter() - began, "s", most=30)
    for column, name in enumerate(task.names):
        lengths = [each.lengths[column] for each in found.exact]
        record.note(f"best, {name}: median length of its 90 % intervals over the exact", float(np.median(lengths)))
    divergence = float(np.median([each.divergence for each in found.exact]))
    record.note("best: median divergence from the exact posterior", divergence, "nats")
    record.save(out)


if __name__ == "__main__":
    main()
