"""What maps make of the 2,000 test samples, and how good that is."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.experiments.compared_maps import REGIMES
from core.experiments.estimators import EXACT, NOISY_TRACES
from core.experiments.labels import figure_label
from core.experiments.records import Key, stored
from core.maps.inverse_map import InverseMap
from core.maps.recipes import published_task
from core.maps.test_sets import published_test_set
from core.metrics import median_ape, r_squared
from core.published import published_prior
from dashboard.figures.style import Look
from dashboard.pictures.answers import selected
from dashboard.pictures.shown import Cell, Shown
from dashboard.shared_results import shared
from dashboard.wording.numbers import fixed, percent

FIGURES = tuple((metric, parameter) for metric in ("r2", "median_ape") for parameter in ("theta0", "theta1", "mean"))
ERROR = ("median_ape", "mean")
N_WORST = 10

Array = NDArray[np.float64]
Figures = dict[tuple[str, str], float]  # by metric and parameter
Maps = tuple[tuple[str, InverseMap, Look], ...]  # name, map and look


@shared(megabytes=8)
def predictions(inverse_map: InverseMap, noisy: bool) -> Array:
    """Return a map's predictions of θ, (2000, 2), for the clean or the noisy test traces."""
    data, task, published = published_test_set(), inverse_map.recipe.task, dict(published_task().known)
    known = None if task.given is None else [[published[name] for name in task.known_names]]
    estimates = inverse_map.predict(data.noisy if noisy else data.clean, known)
    return selected(estimates, published_prior().names).mean


def scaled_errors(estimates: Array, truth: Array) -> Array:
    """Return how far estimates, (n, 2), are from the truth, (n, 2), in standard deviations of the prior."""
    return np.sqrt(np.sum(((estimates - truth) / np.array(published_prior().sd)) ** 2, axis=1))


def worst(errors: Array) -> NDArray[np.int64]:
    """Return the numbers of the samples with the largest errors, the largest first."""
    return np.argsort(-errors, kind="stable")[:N_WORST]


def of_regime(maps: Mapping[str, InverseMap], regime: str) -> dict[str, InverseMap]:
    """Return the maps that were trained on such traces as a regime says."""
    noisy = REGIMES[regime].trained_noisy
    return {name: each for name, each in maps.items() if each.recipe.noisy == noisy}


def metrics(values: Array) -> Figures:
    """Return the metrics of predictions, (2000, 2)."""
    found: Figures = {}
    for name, metric in (("r2", r_squared), ("median_ape", median_ape)):
        first, second = metric(published_test_set().theta, values)
        found |= {(name, "theta0"): first, (name, "theta1"): second, (name, "mean"): (first + second) / 2}
    return found


def limit_of(regime: str) -> Figures | None:
    """Return the metrics of the exact posterior mean on the traces of a regime, or None where they are not known."""
    limit = stored("limit") if REGIMES[regime].tested_noisy else None
    return None if limit is None else {each: limit.value(Key(EXACT, *each, NOISY_TRACES)) for each in FIGURES}


def head() -> list[Cell]:
    """Return the head of a table of metrics."""
    return ["map", *(figure_label(*each) for each in FIGURES)]


def row(name: Cell, found: Figures) -> list[Cell]:
    """Return the row of an estimator in a table of metrics, as far as they are known."""
    return [name, *(_as_text(each[0], found.get(each)) for each in FIGURES)]


def _as_text(metric: str, value: float | None) -> str:
    if value is None:
        return "–"
    return fixed(value, 3) if metric == "r2" else percent(value, 2)


def not_run(name: str, what: str) -> Shown:
    """Return a sentence in place of a picture of an experiment that was not run."""
    return Shown("accuracy-none", said=[f"Run “python -m core.experiments {name}” to see {what}."])
