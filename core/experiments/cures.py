"""Cures against perturbations: what each changes in errors, amplification, worst cases, and the alarms at these."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.experiments.alarms import LEVEL, predictive_ps, scores
from core.experiments.context import Context, records
from core.experiments.cured_maps import N_ADDED, N_ENSEMBLE, N_SAMPLES, SEED, Cured, cured
from core.experiments.estimators import BEST, BEST_MENDED, KNOWN, MAP
from core.experiments.limit import problem_of
from core.experiments.limit_traces import fresh_set
from core.experiments.perturbed import estimates, estimator_of, fresh
from core.experiments.records import Key, Measurement, Result
from core.experiments.shipped_maps import shipped
from core.metrics import rmse
from core.perturbations.amplification import amplification, in_sds
from core.perturbations.estimator import Estimator
from core.perturbations.whitened import perturbation_of
from core.perturbations.worst_case import STARTS, STEPS, worst_cases
from core.posterior.exact import posterior
from core.posterior.predictive_check import predictive_p

REGIME, CLEAN = "fresh", "fresh-clean"
NUMBERS, NUMBERS_QUICK = range(3000, 3100), range(3000, 3002)
FEWER, FEWER_QUICK = range(3000, 3040), range(3000, 3001)  # of best, MAP and exact mean, which simulate
SIMULATING = (BEST, MAP, KNOWN)
CHUNK = 10
SIZES, SIZES_QUICK = (3.0, 10.0, 31.6), (3.0,)  # of perturbations in the noise's norm; noise has 31.6
CLASSICAL_STARTS, CLASSICAL_STEPS = 2, 2  # of their ascents, which cost a search a step

Array = NDArray[np.float64]


def _unperturbed(numbers: Sequence[int]) -> dict[str, Any]:
    """Return the exact posteriors' covariances of fresh traces, and the alarms at them."""
    found = [posterior(problem_of(fresh_set(), i)) for i in numbers]
    return {
        "covariance": [each.covariance.tolist() for each in found],
        "score": scores(fresh(numbers)[0]).tolist(),
        "p": [predictive_p(each) for each in found],
    }


def _attacked(
    code: str,
    estimator: Estimator,
    numbers: Sequence[int],
    units: Array,
    sizes: Sequence[float],
    starts: int,
    steps: int,
) -> dict[str, Any]:
    """Return an estimator's estimates, amplifications, and worst cases by size, with the alarms at these.

    Of the best map, there are also the estimates as it is shipped, which are mended.
    """

    def mended(traces: Array) -> dict[str, Any]:
        return {"mended": estimates(code, numbers, traces).tolist()} if code == BEST else {}

    traces, problems = fresh(numbers)[0], [problem_of(fresh_set(), i) for i in numbers]
    noises = [each.noise[0] for each in problems]
    noisy, jacobians = estimator.jacobian(traces)
    triples = zip(jacobians, noises, units, strict=True)
    clean = fresh_set().clean[list(numbers)].astype(float)
    found: dict[str, Any] = {
        "clean": {"mean": estimator(clean).tolist(), **mended(clean)},
        "noisy": {"mean": noisy.tolist(), **mended(traces)},
        "amplification": [amplification(*each).value for each in triples],
        "worst": [],
    }
    for size in sizes:
        worst = worst_cases(estimator, traces, noises, units, size, starts, steps)
        perturbed = traces + np.array([perturbation_of(*each) for each in zip(worst.white, noises, strict=True)])
        found["worst"].append(
            {
                "mean": estimator(perturbed).tolist(),
                **mended(perturbed),
                "movement": worst.movements.tolist(),
                "score": scores(perturbed).tolist(),
                "p": predictive_ps(problems, perturbed).tolist(),
            }
        )
    return found


def _parts(numbers: range) -> list[range]:
    return [numbers[first : first + CHUNK] for first in range(0, len(numbers), CHUNK)]


def _joined(rows: list[dict[str, Any]], name: str) -> Array:
    return np.concatenate([row[name] for row in rows])


def _of(code: str, made: Cured | None, base: dict[str, Array], context: Context) -> list[Measurement]:
    """Return the figures of an estimator; made: None for MAP and exact mean. base: of the unperturbed traces."""
    quick = context.quick
    sizes = SIZES_QUICK if quick else SIZES
    all_numbers, fewer = (NUMBERS_QUICK, FEWER_QUICK) if quick else (NUMBERS, FEWER)
    numbers = fewer if code in SIMULATING else all_numbers
    budget = (CLASSICAL_STARTS, CLASSICAL_STEPS) if made is None else (STARTS, STEPS)
    units = np.array([in_sds(each) for each in base["covariance"]])
    tasks = {}
    for part in _parts(numbers):
        estimator, version = (estimator_of(code, part), "exact") if made is None else made
        of_part = units[part[0] - numbers[0] : part[-1] + 1 - numbers[0]]
        tasks[f"{code}-{version}-{part[0]}-{part[-1]}"] = (code, estimator, part, of_part, sizes, *budget)
    rows = list(records(_attacked, tasks, context, "cures").values())
    truth, found = fresh(numbers)[1], []

    def note(metric: str, value: float, regime: str = REGIME, parameter: str = "", at: float | None = None) -> None:
        found.append(Measurement(Key(code, metric, parameter, regime, at=at), float(value)))

    def alarms(score: Array, p: Array, size: float) -> None:
        note("score_alarms", float(np.mean(score > 1)), at=size)
        note("predictive_alarms", float(np.mean(p < LEVEL)), at=size)

    found += _errors(code, "mean", rows, truth, units, sizes)
    amplifications = _joined(rows, "amplification")
    note("amplification_exact", np.median(amplifications))
    note("amplification_exact_90", np.quantile(amplifications, 0.9))
    alarms(base["score"][: len(numbers)], base["p"][: len(numbers)], 0.0)
    for i, size in enumerate(sizes):
        worst = [row["worst"][i] for row in rows]
        movement = _joined(worst, "movement")
        note("beyond_linear", np.median(movement / (size * amplifications)), at=size)
        note("beyond_linear_90", np.quantile(movement / (size * amplifications), 0.9), at=size)
        alarms(_joined(worst, "score"), _joined(worst, "p"), size)
    return found + (_errors(BEST_MENDED, "mended", rows, truth, units, sizes) if code == BEST else [])


def _errors(
    code: str, which: str, rows: list[dict[str, Any]], truth: Array, units: Array, sizes: Sequence[float]
) -> list[Measurement]:
    """Return errors of estimates, of unperturbed traces and of worst cases, and how far these move them."""

    def of(
        metric: str, value: float, parameter: str = "", regime: str = REGIME, at: float | None = None
    ) -> Measurement:
        return Measurement(Key(code, metric, parameter, regime, at=at), float(value))

    clean, noisy = (np.concatenate([row[name][which] for row in rows]) for name in ("clean", "noisy"))
    found = [of("rmse", rmse(truth, clean).mean(), "mean", CLEAN), of("rmse", rmse(truth, noisy).mean(), "mean")]
    for i, size in enumerate(sizes):
        worst = np.concatenate([row["worst"][i][which] for row in rows])
        sds = np.einsum("nij,nj->ni", units[: len(truth)], worst - noisy)
        movement = np.linalg.norm(sds, axis=1)
        found.append(of("worst_rmse", rmse(truth, worst).mean(), "mean", at=size))
        found.append(of("worst_movement", float(np.median(movement)), at=size))
        found.append(of("worst_movement_90", float(np.quantile(movement, 0.9)), at=size))
    return found


def run(context: Context) -> Result:
    """Train what is missing, attack every estimator, and count the alarms."""
    numbers = NUMBERS_QUICK if context.quick else NUMBERS
    sizes = SIZES_QUICK if context.quick else SIZES
    version = shipped(BEST).fingerprint  # whose score is the alarm
    parts = {f"unperturbed-{version}-{part[0]}-{part[-1]}": (part,) for part in _parts(numbers)}
    rows = list(records(_unperturbed, parts, context, "cures").values())
    base = {name: _joined(rows, name) for name in rows[0]}
    maps: dict[str, Cured | None] = {**cured(context), MAP: None, KNOWN: None}
    measurements = [each for code, made in maps.items() for each in _of(code, made, base, context)]
    n, fewer = len(numbers), len(FEWER_QUICK if context.quick else FEWER)
    return Result(
        f"Cures of the published dense network, trained on {N_SAMPLES:,} noisy traces, on {n} fresh traces; best, "
        f"and MAP and exact mean, which know the noise, on the first {fewer}. The cures: noise drawn anew in each "
        "epoch in place of the same noise; adversarial training, with the traces of each batch perturbed by projected "
        f"gradient ascent in the noise’s norm; the mean estimate under {N_ADDED} draws of added noise, as large as the "
        f"trace’s own; the mean of {N_ENSEMBLE} networks, each from simulations of its own; and best, whose learned "
        "Gauss–Newton steps simulate, without what mends the traces that it leaves unexplained, and mended, as it is "
        "shipped, at the traces that are perturbed for it without. A worst case is "
        "the largest movement of an estimate that ascents find for each trace among perturbations of one size in the "
        "norm of its noise, in which noise has the size 31.6. Movements are in sds of the exact posterior with the "
        "noise known, and beyond 1 where they are larger than amplification and size say. The alarms judge the "
        "perturbed trace and not the estimate: the out-of-distribution score of best, which does not know the noise, "
        f"and a posterior predictive check of the squared residuals with the noise known, at {LEVEL:.0%}. At size 0, "
        "alarms are false.",
        {
            "numbers": [numbers[0], numbers[-1]],
            "n_fewer": fewer,
            "n_samples": N_SAMPLES,
            "sizes": list(sizes),
            "starts": STARTS,
            "steps": STEPS,
            "classical_starts": CLASSICAL_STARTS,
            "classical_steps": CLASSICAL_STEPS,
            "seed": SEED,
            "level": LEVEL,
        },
        tuple(measurements),
    )
