"""How long 1,000 draws with their densities take from one trace: by our learned posterior, and by a flow of zuko.

Run as `python -m tests.benchmarks.draws`, in an environment that has what `requirements.txt` beside this file pins.
Both sides run in one process, after Numba and PyTorch have used all their threads, as in the laboratory: a pool that
waits for work slows the other. They take turns, with PyTorch on one thread, which the laboratory gives it, and on all.
Ours begins with the trace and simulates around its estimate. The flows of zuko have its default settings and random
weights, which take as long as trained ones, and get the trace as it is.
"""

from collections.abc import Callable, Iterator
from importlib.metadata import version
from itertools import cycle

import numpy as np
import torch
import zuko

from core.experiments.posteriors import NAME
from core.maps.dataset import observed_traces
from core.maps.learned_posterior.posterior_map import PosteriorMap, load_posterior_map
from core.maps.test_sets import published_test_set
from tests.benchmarks.record import Record, output_path
from tests.benchmarks.turns import taking_turns

N_DRAWS, N_TRACES, ROUNDS = 1000, 100, 20
N_SIMULATED, N_MULTIPLIED = 10_000, 1000  # what brings up the threads of Numba and of PyTorch
MOST_MS = 30.0
FLOWS = {"NSF": zuko.flows.NSF, "MAF": zuko.flows.MAF}


def mixture(learned: PosteriorMap, trace: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return draws, (N_DRAWS, 2), of the mixture of a trace and their log densities."""
    law = learned.posteriors(trace[None])[0]
    draws = law.draws(N_DRAWS, rng)
    return draws, law.log_density(draws)


def transport(learned: PosteriorMap, trace: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return draws, (N_DRAWS, 2), of the flow of a trace and their log densities."""
    flow = learned.transports(*learned.frame_and_features(trace[None]))[0]
    draws = flow.paths(rng.standard_normal((N_DRAWS, 2)))[-1]
    return draws, flow.log_density(draws)


def of_zuko(flow: zuko.lazy.Flow, trace: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Return draws, (N_DRAWS, 2), of a flow of zuko for a trace and their log densities."""
    with torch.inference_mode():
        draws, logs = flow(torch.from_numpy(trace.copy())).rsample_and_log_prob((N_DRAWS,))
    return draws, logs


def bring_up_threads(learned: PosteriorMap) -> None:
    """Let Numba and PyTorch use all their threads."""
    task = learned.task
    points = task.prior.sample(N_SIMULATED, np.random.default_rng(0))
    observed_traces(task.model, task.complete(points), task.times)
    square = torch.rand(N_MULTIPLIED, N_MULTIPLIED)
    square @ square


def main() -> None:
    """Measure, print and store."""
    out = output_path("draws", __doc__ or "")
    learned, noisy = load_posterior_map(NAME), published_test_set().noisy[:N_TRACES]
    torch.manual_seed(0)
    flows = {name: kind(2, noisy.shape[1]).eval() for name, kind in FLOWS.items()}
    rng, every = np.random.default_rng(0), torch.get_num_threads()
    settings = {"zuko": version("zuko"), "draws": N_DRAWS, "traces": N_TRACES, "rounds": ROUNDS, "threads": every}
    record = Record("draws", settings)
    for threads in (1, every):
        torch.set_num_threads(threads)
        bring_up_threads(learned)
        contenders: dict[str, Callable[[np.ndarray], object]] = {
            "ours, mixture": lambda trace: mixture(learned, trace, rng),
            "ours, flow": lambda trace: transport(learned, trace, rng),
            **{f"zuko, {name}": lambda trace, flow=flow: of_zuko(flow, trace) for name, flow in flows.items()},
        }

        def with_traces(work: Callable[[np.ndarray], object]) -> Callable[[], object]:
            traces: Iterator[np.ndarray] = cycle(noisy)
            return lambda: work(next(traces))

        found = taking_turns({name: with_traces(work) for name, work in contenders.items()}, ROUNDS)
        where = f"PyTorch on {threads} thread{'s' if threads > 1 else ''}"
        for name, seconds in found.items():
            most = MOST_MS if threads == 1 and name == "ours, mixture" else None
            record.note(
                f"{name}, {where}: median of a trace", 1000 * seconds, "ms", most=most, code=f"{name}/{threads}"
            )
        for name in flows:
            ratio = found[f"zuko, {name}"] / found["ours, mixture"]
            record.note(f"zuko’s {name} over our mixture, {where}", ratio, code=f"ratio/{name}/{threads}")
    record.save(out)


if __name__ == "__main__":
    main()
