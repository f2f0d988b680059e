"""The maps that the experiments compare: train them, and measure their accuracy on the test set."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.experiments.context import Context
from core.experiments.estimators import BEST, CNN, DENSE, OURS
from core.experiments.records import Key, Measurement
from core.experiments.shipped_maps import shipped_or_none
from core.learning.training_settings import Cnn
from core.maps.inverse_map import InverseMap
from core.maps.recipe import Recipe
from core.maps.recipes import PUBLISHED_DENSE, our_recipe, published_recipe
from core.maps.test_sets import published_test_set
from core.maps.train import key_of, map_of, read_trained, run_training, write_trained
from core.metrics import METRICS
from core.parallel import completed
from core.published import published_prior

SIZES = (500, 1000, 4000, 8000)
SEEDS = (0, 1, 2)
QUICK_SIZES, QUICK_SEEDS, QUICK_EPOCHS = (500, 1000), (0,), 10


class Regime(NamedTuple):
    """Whether maps were trained on noisy traces, and whether they are tested on them."""

    trained_noisy: bool
    tested_noisy: bool


REGIMES = {
    "clean-clean": Regime(trained_noisy=False, tested_noisy=False),
    "clean-noisy": Regime(trained_noisy=False, tested_noisy=True),
    "noisy-noisy": Regime(trained_noisy=True, tested_noisy=True),
}

Scores = dict[str, NDArray[np.float64]]  # for each metric, (seeds, p)


def scores(maps: Iterable[InverseMap], noisy: bool) -> Scores:
    """Return the scores of maps of several seeds on the noisy or the clean test traces."""
    data = published_test_set()
    means = [each.predict(data.noisy if noisy else data.clean).mean for each in maps]
    return {name: np.array([metric(data.theta, mean) for mean in means]) for name, metric in METRICS.items()}


def measured(
    estimator: str, regime: str, n: int | None, found: Scores, wanted: Sequence[tuple[str, str]]
) -> list[Measurement]:
    """Return the means over the seeds of the wanted figures.

    wanted: pairs of a metric and a parameter; "mean" stands for the mean over the parameters. Only such a mean has a
    spread, the standard deviation over the seeds.
    """
    measurements = []
    for metric, parameter in wanted:
        values, spread = found[metric], None
        if parameter == "mean":
            of_seeds = values.mean(axis=1)
            value = values.mean()
            spread = float(of_seeds.std(ddof=1)) if len(of_seeds) > 1 else None
        else:
            value = values.mean(axis=0)[published_prior().names.index(parameter)]
        measurements.append(Measurement(Key(estimator, metric, parameter, regime, n), float(value), spread))
    return measurements


def trained(wanted: dict[str, Recipe], context: Context) -> dict[str, InverseMap]:
    """Return the maps of the wanted recipes, by name; train those that are not stored yet."""
    folder = context.kept("trainings")
    if context.quick:
        wanted = {name: shortened(recipe) for name, recipe in wanted.items()}
    by_key = {key_of(recipe): recipe for recipe in wanted.values()}
    completed(
        run_training,
        {key: (recipe,) for key, recipe in by_key.items()},
        context.report,
        lambda key: read_trained(folder, by_key[key]),
        lambda key, result: write_trained(folder, by_key[key], result),
    )
    return {name: map_of(folder, recipe, name) for name, recipe in wanted.items()}


def best() -> dict[str, list[InverseMap]]:
    """Return the best map as a further kind with one seed, or nothing where it is not shipped."""
    found = shipped_or_none(BEST)
    return {} if found is None else {BEST: [found]}


def shortened(recipe: Recipe) -> Recipe:
    """Return a recipe with the epochs of a small version."""
    optimiser = recipe.optimiser
    return replace(recipe, optimiser=replace(optimiser, epochs=min(optimiser.epochs, QUICK_EPOCHS)))


def sizes(context: Context) -> tuple[int, ...]:
    """Return the training sizes that are compared."""
    return QUICK_SIZES if context.quick else SIZES


def seeds(context: Context) -> tuple[int, ...]:
    """Return the seeds of each training."""
    return QUICK_SEEDS if context.quick else SEEDS


def kinds(context: Context, n: int, noisy: bool) -> dict[str, list[InverseMap]]:
    """Return the published CNN, the published dense network and our network, with all seeds, trained on n samples."""
    wanted: dict[str, Recipe] = {}
    for seed in seeds(context):
        wanted[f"{CNN} {seed}"] = published_recipe(Cnn(), n, noisy, seed)
        wanted[f"{DENSE} {seed}"] = published_recipe(PUBLISHED_DENSE, n, noisy, seed)
        wanted[f"{OURS} {seed}"] = our_recipe(n, noisy, seed)
    found = trained(wanted, context)
    return {kind: [found[f"{kind} {seed}"] for seed in seeds(context)] for kind in (CNN, DENSE, OURS)}
