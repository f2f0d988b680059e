"""Universal perturbations made for each estimator, and how far each moves all estimators on traces it has not seen."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.experiments.context import Context, records
from core.experiments.directions import write_directions
from core.experiments.estimators import (
    ASCENT,
    FIRST_LAYER,
    KNOWN,
    LAST_LAYER,
    MAP,
    PERTURBED_MAPS,
    RANDOM_CHANGE,
    SHIFT,
    STACKED,
    made_for,
)
from core.experiments.limit import problem_of
from core.experiments.limit_traces import fresh_set
from core.experiments.perturbed import CONSTANTS, estimates, estimator_of, fresh, learned
from core.experiments.records import Key, Measurement
from core.maps.map_derivatives import differentiable
from core.metrics import rmse
from core.perturbations.amplification import in_sds
from core.perturbations.power_method import singular_vector
from core.perturbations.universal import ascended, stacked_direction
from core.perturbations.whitened import perturbation_of, whitened_size
from core.posterior.exact import posterior
from core.published import N_TIMES, published_noise

MADE_FROM, MADE_FROM_QUICK = range(1000, 1064), range(1000, 1004)
UNSEEN, UNSEEN_QUICK = range(2000, 2100), range(2000, 2006)
UNSEEN_CLASSICAL, UNSEEN_CLASSICAL_QUICK = range(2000, 2040), range(2000, 2004)  # of MAP and exact mean, which search
AT_ONCE = 16  # traces whose posteriors are computed in a task
SIZE = 10.0  # of perturbations in the mean noise's norm: a third of the noise's
SUP_NORM, Q = 0.05, 5.0  # of the published attack on a hidden layer; p is infinite
N_RANDOM = 3
SEED = 20250
LAYERS = {FIRST_LAYER: 0, LAST_LAYER: -1}
ESTIMATORS = (*PERTURBED_MAPS, MAP, KNOWN)

Array = NDArray[np.float64]


def _covariances(numbers: Sequence[int]) -> dict[str, Any]:
    return {"covariances": [posterior(problem_of(fresh_set(), i)).covariance.tolist() for i in numbers]}


def _units(numbers: range, context: Context) -> Array:
    """Return `in_sds`, (n, 2, 2), of the exact posteriors of fresh traces."""
    parts = [numbers[first : first + AT_ONCE] for first in range(0, len(numbers), AT_ONCE)]
    keys = {f"covariances-{part[0]}-{part[-1]}": (part,) for part in parts}
    found = records(_covariances, keys, context, "perturbations")
    return np.array([in_sds(np.array(each)) for key in keys for each in found[key]["covariances"]])


def _made(code: str, numbers: range, units: Array) -> dict[str, Any]:
    """Return the whitened perturbations that are made for an estimator, by method."""
    traces, noise = fresh(numbers)[0], published_noise()
    estimator = estimator_of(code, numbers)
    stacked = SIZE * stacked_direction(estimator.jacobian(traces)[1], noise, units)
    made = {STACKED: perturbation_of(stacked, noise)}
    if code in PERTURBED_MAPS:
        made[ASCENT] = perturbation_of(ascended(estimator, traces, stacked, noise, units).white, noise)
        start = np.random.default_rng(SEED).standard_normal(N_TIMES)
        for name, layer in LAYERS.items():
            forward, adjoint = differentiable(learned(code), CONSTANTS).hidden_products(traces, layer)
            made[name] = SUP_NORM * singular_vector(forward, adjoint, start, np.inf, Q)
    return {name: each.tolist() for name, each in made.items()}


def _attacked(code: str, numbers: range, units: Array, changes: dict[str, Array]) -> dict[str, Any]:
    """Return growth of the RMSE and median movement in sds for each perturbation, as means over both signs."""
    traces, truth = fresh(numbers)
    clean, found = estimates(code, numbers, traces), {}
    for name, change in changes.items():
        growths, movements = [], []
        for sign in (1, -1):
            moved = estimates(code, numbers, traces + sign * change)
            growths.append(np.mean(rmse(truth, moved)) / np.mean(rmse(truth, clean)))
            movements.append(np.median(np.linalg.norm(np.einsum("nij,nj->ni", units, moved - clean), axis=1)))
        found[name] = [float(np.mean(growths)), float(np.mean(movements))]
    return found


def transfer(context: Context) -> tuple[list[Measurement], dict[str, int]]:
    """Return how far each perturbation moves each estimator, and the numbers of traces."""
    quick = context.quick
    made_from = MADE_FROM_QUICK if quick else MADE_FROM
    unseen, classical = (UNSEEN_QUICK, UNSEEN_CLASSICAL_QUICK) if quick else (UNSEEN, UNSEEN_CLASSICAL)
    units, of_unseen = _units(made_from, context), _units(unseen, context)
    version = {code: learned(code).fingerprint if code in PERTURBED_MAPS else "" for code in ESTIMATORS}
    keys = {f"made-{code}-{version[code]}": (code, made_from, units) for code in ESTIMATORS}
    made = dict(zip(ESTIMATORS, records(_made, keys, context, "perturbations").values(), strict=True))
    if not quick:
        write_directions({code: np.array(each[STACKED]) for code, each in made.items()})
    noise, rng = published_noise(), np.random.default_rng(SEED)
    white = rng.standard_normal((N_RANDOM, N_TIMES))
    white *= SIZE / np.linalg.norm(white, axis=1, keepdims=True)
    common = {f"{RANDOM_CHANGE}-{i}": each for i, each in enumerate(perturbation_of(white, noise))}
    common[SHIFT] = np.full(N_TIMES, SUP_NORM)
    common |= {made_for(code): np.array(made[code][STACKED]) for code in ESTIMATORS}
    tasks = {}
    for code in ESTIMATORS:
        own = {name: np.array(each) for name, each in made[code].items() if name != STACKED}
        numbers = unseen if code in PERTURBED_MAPS else classical
        key = f"attacked-{code}-{'-'.join(sorted({version[code], version[ESTIMATORS[0]]}))}"
        tasks[key] = (code, numbers, of_unseen[: len(numbers)], {**common, **own})
    attacked = dict(zip(ESTIMATORS, records(_attacked, tasks, context, "perturbations").values(), strict=True))
    measurements = []
    for code, figures in attacked.items():
        figures[RANDOM_CHANGE] = np.mean([figures.pop(f"{RANDOM_CHANGE}-{i}") for i in range(N_RANDOM)], axis=0)
        figures[STACKED] = figures[made_for(code)]
        for regime, values in figures.items():
            for metric, value in zip(("growth", "movement"), values, strict=True):
                measurements.append(Measurement(Key(code, metric, "", regime), float(value)))
        for name in LAYERS.keys() & made[code].keys():
            size = float(whitened_size(np.array(made[code][name]), noise))
            measurements.append(Measurement(Key(code, "size", "", name), size))
    return measurements, {"made_from": len(made_from), "unseen": len(unseen), "unseen_classical": len(classical)}
