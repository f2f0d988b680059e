"""Whether every sampler, run for long, draws from the exact posterior, and which of them find all of its pieces."""

from typing import Any

import numpy as np
from scipy.stats import t

from core.experiments.context import Context, records
from core.experiments.estimators import ONE_PIECE
from core.experiments.limit import problem_of
from core.experiments.records import Key, Measurement, Result, Target
from core.maps.test_sets import published_test_set
from core.optimisation.objective_protocol import Array
from core.posterior.exact import Posterior, posterior
from core.sampling.distance import reference
from core.sampling.effective_size import BATCHES, effective_size, standard_error
from core.sampling.pieces import pieces_of
from core.sampling.samplers import SAMPLERS, walk
from core.sampling.target import target_at
from core.sampling.tempered import tempered

TRACES = (0, 1, 2, 3, 4, 5, 6)  # the first test traces; their posteriors are in one piece
SEVERAL = ((38, 20.0), (22, 100.0))  # a test trace, and the temperature at which its posterior is in several pieces
EVALUATIONS = 120_000  # of a run on a posterior in one piece
EVALUATIONS_QUICK = 16_000
SEVERAL_EVALUATIONS = 200_000
START_SDS = 0.1  # standard deviation of the starts around the mode, in those of the posterior there
BURN_IN = 0.25  # share of a run that is left out
ALL_BUT = 0.9999  # of the probability lies in one piece, specks included, on the traces that are called so
LAST = 20  # times at the end of a run, over which the energy distance is averaged
LARGEST_BIAS = {"mean_off": 0.15, "sd_off": 0.1}  # in sds, of the samplers that are not exact
WORST = ("worst_error", "mean_off", "sd_off")  # of which the largest over the traces counts; of the others the median
FAMILY_LEVEL = 0.05  # at which one of all errors may exceed its Monte Carlo error
SEED = 20260


def regime_of(trace: int, temperature: float) -> str:
    """Return the regime of a posterior in several pieces."""
    return f"trace-{trace}-at-{temperature:g}"


def largest_allowed() -> float:
    """Return how many standard errors the worst of all means and sds may be off (Bonferroni; Student's t)."""
    return float(
        t.isf(FAMILY_LEVEL / (2 * 4 * len(TRACES) * sum(each.is_exact for each in SAMPLERS.values())), BATCHES - 1)
    )


def _run(method: str, exact: Posterior, trace: int, temperature: float, budget: int) -> tuple[Array, Array]:
    """Return the positions, (k, n, 2), of a run that starts around the mode, and its evaluations, (k,)."""
    target = target_at(problem_of(published_test_set(), trace), exact.mode, temperature)
    rng = np.random.default_rng([SEED, trace, list(SAMPLERS).index(method)])
    sampler = SAMPLERS[method]
    cloud = target.coordinates(exact.mode) + START_SDS * rng.standard_normal((sampler.n_particles, 2))
    kept, clock, spent = [], [], 0
    for state, info in walk(sampler.steps, target, target.reflected(cloud), rng):
        spent += info.evaluations
        kept.append(target.positions(state.positions))
        clock.append(spent)
        if spent >= budget:
            return np.array(kept), np.array(clock)
    raise AssertionError("A walk has no end.")


def _against(exact: Posterior, method: str, positions: Array, evaluations: float) -> dict[str, float]:
    """Compare a run at rest with the exact posterior.

    Of an exact sampler, deviations from the exact mean are compared with zero, and their squares with the exact
    variance, each in its standard error.
    """
    variances, n = np.diag(exact.covariance), positions.shape[1]
    deviations = positions - exact.mean
    series = np.concatenate([deviations, deviations**2], axis=-1).mean(axis=1)
    off = series.mean(axis=0) - np.concatenate([np.zeros(2), variances])
    sds = np.sqrt(deviations.reshape(-1, 2).var(axis=0) / variances)
    known = reference(exact, np.random.default_rng(SEED))
    found = {
        "mean_off": float(np.max(np.abs(off[:2]) / np.sqrt(variances))),
        "sd_off": float(np.max(np.abs(sds - 1))),
        "energy_ratio": float(np.mean(known.energy_distance(positions[-LAST:])) / known.of_independent_draws(n)),
    }
    if SAMPLERS[method].is_exact:
        found["worst_error"] = float(np.max(np.abs(off / standard_error(series))))
        found["effective_per_thousand"] = 1000 * float(np.min(effective_size(positions))) / evaluations
    return found


def _agrees(method: str, figures: dict[str, float]) -> bool:
    """Return whether a run agrees with the exact posterior of its trace."""
    bounds = {"worst_error": largest_allowed()} if SAMPLERS[method].is_exact else LARGEST_BIAS
    return all(figures[name] <= most for name, most in bounds.items())


def _one_piece(trace: int, budget: int) -> dict[str, Any]:
    exact = posterior(problem_of(published_test_set(), trace))
    found = {}
    for method in SAMPLERS:
        positions, clock = _run(method, exact, trace, 1.0, budget)
        first = int(BURN_IN * len(clock))
        found[method] = _against(exact, method, positions[first:], float(clock[-1] - clock[first]))
    return {"pieces": len(pieces_of(exact, ALL_BUT, 0.0).masses), "methods": found}


def _several_pieces(trace: int, temperature: float, budget: int) -> dict[str, Any]:
    exact = posterior(tempered(problem_of(published_test_set(), trace), temperature))
    pieces = pieces_of(exact)
    found = {}
    for method in SAMPLERS:
        positions, clock = _run(method, exact, trace, temperature, budget)
        where = pieces.of(positions)
        firsts = [np.flatnonzero(np.any(where == i, axis=1))[:1] for i in range(len(pieces.masses))]
        late = where[int(BURN_IN * len(clock)) :]
        shares = np.array([np.mean(late == i) for i in range(len(pieces.masses))])
        found[method] = {
            "pieces_found": sum(first.size for first in firsts),
            "share_off": float(np.max(np.abs(shares - pieces.masses))),
        }
        if all(first.size for first in firsts):
            found[method]["evaluations_to_find"] = int(max(clock[first[0]] for first in firsts))
    return {"masses": pieces.masses.tolist(), "methods": found}


def _task(trace: int, temperature: float, budget: int, several: bool) -> dict[str, Any]:
    return _several_pieces(trace, temperature, budget) if several else _one_piece(trace, budget)


def run(context: Context) -> Result:
    """Run every sampler on seven posteriors in one piece, and on posteriors in several."""
    budget, much = (EVALUATIONS_QUICK,) * 2 if context.quick else (EVALUATIONS, SEVERAL_EVALUATIONS)
    one = {f"{trace}": (trace, 1.0, budget, False) for trace in TRACES}
    several = {regime_of(*each): (*each, much, True) for each in SEVERAL}
    found = records(_task, {**one, **several}, context, "samplers")
    measurements = []
    for method in SAMPLERS:
        rows = [found[f"{trace}"]["methods"][method] for trace in TRACES]
        for metric in rows[0]:
            value = (np.max if metric in WORST else np.median)([row[metric] for row in rows])
            measurements.append(Measurement(Key(method, metric, "", ONE_PIECE), float(value)))
        agreed = sum(_agrees(method, row) for row in rows)
        measurements.append(Measurement(Key(method, "traces_agreed", "", ONE_PIECE), float(agreed)))
        for name in several:
            figures = found[name]["methods"][method]
            measurements += [Measurement(Key(method, metric, "", name), value) for metric, value in figures.items()]
    targets = [Target(Key(method, "traces_agreed", "", ONE_PIECE), at_least=len(TRACES)) for method in SAMPLERS]
    return Result(
        f"Every sampler, from around the mode, on the posteriors of {len(TRACES)} test traces that are in one piece, "
        f"{budget:,} evaluations each, and on posteriors in several pieces, {much:,}. A gradient counts as one "
        f"evaluation. The first {BURN_IN:.0%} of a run is left out. Of the exact samplers, the worst of "
        "the errors of both means and both variances on all traces is given in standard errors, from batch means. "
        "Of the others, the step, the differences in place of derivatives or the number of particles leave an error, "
        "however long they run. An exact sampler agrees on a trace where its worst error is at most "
        f"{largest_allowed():.2f} standard errors, another where it is off by at most {LARGEST_BIAS['mean_off']:g} sd "
        f"in a mean and by {LARGEST_BIAS['sd_off']:.0%} in an sd. Batch means take a run to be at rest: where "
        "the chains still differ from each other, a slow sampler is further off than they allow.",
        {
            "particles": {name: sampler.n_particles for name, sampler in SAMPLERS.items()},
            "evaluations": budget,
            "evaluations_several": much,
            "traces": list(TRACES),
            "pieces": {name: found[name]["pieces"] for name in one},
            "several": {
                regime_of(trace, temperature): {
                    "trace": trace,
                    "temperature": temperature,
                    "masses": [round(mass, 3) for mass in found[regime_of(trace, temperature)]["masses"]],
                }
                for trace, temperature in SEVERAL
            },
            "methods": {name: sampler.kind for name, sampler in SAMPLERS.items()},
            "seed": SEED,
        },
        tuple(measurements),
        tuple(targets),
    )
