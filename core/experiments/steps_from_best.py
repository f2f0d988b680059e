"""What learned steps add to the best map's estimates of the fresh test traces, beside Gauss–Newton and L-BFGS-B."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.experiments.context import Context, records
from core.experiments.estimators import BEST, GAUSS_NEWTON, QUASI_NEWTON, REWEIGHTED, STEPS
from core.experiments.fresh import REGIME
from core.experiments.limit_fresh import estimates
from core.experiments.limit_traces import fresh_traces
from core.experiments.over_limit import METRICS_OVER_LIMIT, ratio_and_spread
from core.experiments.records import Key, Measurement, Target
from core.experiments.shipped_maps import shipped
from core.learned_optimiser.method import gauss_newton
from core.learned_optimiser.recipe import FROM_BEST, RECIPES
from core.learned_optimiser.starts import map_gaussian
from core.learned_optimiser.store import fingerprint, load_steps
from core.maps.inverse_map import InverseMap, load_inverse_map
from core.maps.polish import fitted_noise
from core.maps.problem_of_task import problem_of
from core.metrics import METRICS as ERRORS
from core.optimisation.methods import METHODS
from core.optimisation.unit_box_run import Run
from core.posterior.importance import DRAWS, ROUNDS, reweight
from core.published import published_noise_prior

CHUNK, N_QUICK = 100, 100  # traces
N_STEPS = RECIPES[FROM_BEST].n_steps
CLASSICAL = {GAUSS_NEWTON: (1, 2, 3, 4, 30), QUASI_NEWTON: (1, 2, 3, 4, 30, 100)}  # evaluations after the start
AFTER_STEPS, MOST_OVER_LIMIT = 2, 1.02
SEED = 20302

Array = NDArray[np.float64]


def _chunk(first: int) -> dict[str, Any]:
    """Return the estimates of some traces, by estimator and by the simulations that it spent after the best map's."""
    best, traces = load_inverse_map(BEST), fresh_traces()
    noisy = traces.noisy[first : first + CHUNK]
    path = load_steps(FROM_BEST).path(noisy, None, map_gaussian(best, noisy), N_STEPS)
    task, estimate = best.recipe.task, best.predict(noisy)
    low, high = task.law.bounds.T
    found = {f"{STEPS}/{k}": np.clip(task.unscale(each.mean.numpy()), low, high) for k, each in enumerate(path)}
    rng = np.random.default_rng([SEED, first])
    weighed = reweight(problem_of(task), noisy, estimate, published_noise_prior(), rng).mean
    found |= {f"{STEPS}/0": np.asarray(estimate.mean), f"{REWEIGHTED}/{DRAWS * ROUNDS}": np.asarray(weighed)}
    return {name: mean.tolist() for name, mean in (found | _classical(best, noisy, np.asarray(estimate.mean))).items()}


def _classical(best: InverseMap, noisy: NDArray[np.float32], starts: Array) -> dict[str, Array]:
    """Return the estimates of damped Gauss–Newton and of L-BFGS-B after some evaluations from starts, (n, 2)."""
    problem, prior = problem_of(best.recipe.task), published_noise_prior()
    found: dict[str, list[Array]] = {f"{name}/{spent}": [] for name, counts in CLASSICAL.items() for spent in counts}
    for trace, start in zip(noisy, starts, strict=True):
        each = fitted_noise(problem.with_data(trace.astype(float)), start, prior)
        for name, counts in CLASSICAL.items():
            run = Run(each, start, SEED)
            if name == GAUSS_NEWTON:
                gauss_newton(run, each.noise[0])
            else:
                METHODS["L-BFGS-B"].run(run)
            for spent in counts:
                found[f"{name}/{spent}"].append(run.position_after(1 + spent))
    return {name: np.array(rows) for name, rows in found.items()}


def measured(context: Context) -> tuple[int, list[Measurement], list[Target]]:
    """Return the number of traces, the errors over the limit's by simulations spent, and the target."""
    limit, traces = estimates(context), fresh_traces()
    n = len(limit.mean)
    version = f"{shipped(BEST).fingerprint}-{fingerprint(FROM_BEST)}"
    keys = {f"{version}-{first}": (first,) for first in range(0, max(n, N_QUICK), CHUNK)}
    found = records(_chunk, keys, context, "steps-from-best")
    measurements = []
    for name in found[next(iter(keys))]:
        estimator, _, spent = name.partition("/")
        mean = np.concatenate([found[key][name] for key in keys])[:n]
        for metric in METRICS_OVER_LIMIT:
            ratio, spread = ratio_and_spread(ERRORS[metric], traces.truth[:n], mean, limit.mean)
            key = Key(estimator, f"{metric}_over_limit", "mean", REGIME, at=float(spent))
            measurements.append(Measurement(key, ratio, spread))
    reached = Key(STEPS, "rmse_over_limit", "mean", REGIME, at=float(AFTER_STEPS))
    return n, measurements, [Target(reached, at_most=MOST_OVER_LIMIT)]
