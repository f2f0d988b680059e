"""The published CNN, trained on clean traces, and its estimates mended by descents of the misfit."""

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from core.experiments.compared_maps import REGIMES, measured, seeds, sizes, trained
from core.experiments.context import Context, records
from core.experiments.estimators import CNN, CNN_MENDED
from core.experiments.published_figures import PAPER, PUBLISHED
from core.experiments.records import Key, Measurement, Result, Target, find
from core.learning.training_settings import Cnn
from core.maps.inputs import TraceInputs
from core.maps.mending import mended
from core.maps.recipe import Recipe
from core.maps.recipes import published_recipe, published_task
from core.maps.test_sets import published_test_set
from core.maps.train import key_of, map_of
from core.metrics import METRICS

CLEAN_REGIMES = tuple(name for name, regime in REGIMES.items() if not regime.trained_noisy)
FIGURES = (("median_ape", "mean"), ("r2", "mean"))
N_TEST, N_QUICK = 500, 100  # test traces, the first published ones: a second start takes 30 ms
SPREAD = 0.01  # sd given to every estimate, in widths of the prior's box: a descent does not depend on it


def _scores(folder: Path, recipe: Recipe, n_test: int) -> dict[str, Any]:
    """Return the scores, (p,), of a trained network's estimates, plain and mended, by estimator, regime and metric."""
    data, task = published_test_set(), published_task()
    theta, network = data.theta[:n_test], map_of(folder, recipe, CNN)
    covariance = np.tile(np.diag((SPREAD * task.widths) ** 2), (n_test, 1, 1))
    found: dict[str, Any] = {CNN: {}, CNN_MENDED: {}}
    for regime in CLEAN_REGIMES:
        traces = (data.noisy if REGIMES[regime].tested_noisy else data.clean)[:n_test]
        plain = network.predict(traces).mean
        inputs = TraceInputs(traces, np.empty((n_test, 0)), np.full(n_test, traces.shape[1]))
        for estimator, mean in ((CNN, plain), (CNN_MENDED, mended(task, inputs, plain, covariance)[0])):
            found[estimator][regime] = {name: metric(theta, mean).tolist() for name, metric in METRICS.items()}
    return found


def run(context: Context) -> Result:
    """Train missing networks, and test them with and without descents."""
    n_test = N_QUICK if context.quick else N_TEST
    pairs = list(product(sizes(context), seeds(context)))
    maps = trained({f"{n} {seed}": published_recipe(Cnn(), n, noisy=False, seed=seed) for n, seed in pairs}, context)
    recipes = {(n, seed): maps[f"{n} {seed}"].recipe for n, seed in pairs}  # shorter ones in a small version
    folder = context.kept("trainings")
    tasks = {key_of(recipe): (folder, recipe, n_test) for recipe in recipes.values()}
    scored = records(_scores, tasks, context, "mended")
    measurements: list[Measurement] = []
    for n in sizes(context):
        of_seeds = [scored[key_of(recipes[n, seed])] for seed in seeds(context)]
        for estimator in (CNN, CNN_MENDED):
            for regime in CLEAN_REGIMES:
                several = [each[estimator][regime] for each in of_seeds]
                scores = {name: np.array([each[name] for each in several]) for name in METRICS}
                measurements += measured(estimator, regime, n, scores, FIGURES)
    return Result(
        "The published CNN, trained on N clean traces, alone, and mended as our best map is. Where the residual is not "
        "Gaussian noise, or is smaller than any noise of the training, Levenberg–Marquardt descends from the estimate; "
        "if the residual stays unexplained, the whole box is searched. Tested on "
        f"{n_test:,} clean and noisy traces; the mean of both parameters and all seeds.",
        {"seeds": list(seeds(context)), "n_test": n_test, "sizes": list(sizes(context))},
        tuple(measurements),
        () if context.quick else tuple(_targets(sizes(context))),
    )


def _targets(counts: tuple[int, ...]) -> list[Target]:
    """Return as targets the published R² of each regime and N, which the mended estimates are to beat."""
    targets = []
    for regime in CLEAN_REGIMES:
        for n in counts:
            published = find(PUBLISHED, Key(PAPER, "r2", "mean", regime, n)).value
            targets.append(Target(Key(CNN_MENDED, "r2", "mean", regime, n), at_least=published))
    return targets
