"""The maps that the experiments compare: which trainings they need, and how the trained maps do on the test set."""

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.experiments.context import Context
from core.learning.design import Cnn
from core.maps.evaluation import published_test_set
from core.maps.inverse_map import InverseMap, available_inverse_maps, load_inverse_map
from core.maps.recipe import Recipe
from core.maps.recipes import PUBLISHED_DENSE, our_recipe, published_recipe
from core.maps.train import key_of, map_of, read_trained, run_training, write_trained
from core.metrics import median_ape, r_squared, rmse
from core.parallel import completed

SIZES = (500, 1000, 4000, 8000)
SEEDS = (0, 1, 2)
REGIMES = {"clean/clean": (False, False), "clean/noisy": (False, True), "noisy/noisy": (True, True)}
QUICK_SIZES, QUICK_SEEDS, QUICK_EPOCHS = (500, 1000), (0,), 10


class Published(NamedTuple):
    """Figures of the paper for its CNN: Median-APE and R², each the mean of the two parameters."""

    median_ape: float
    r_squared: float


# Rudi, Bessac and Lenzi (2021), arXiv:2012.06691.
PUBLISHED = {
    "clean/clean": dict(
        zip(SIZES, map(Published, (0.023, 0.014, 0.014, 0.014), (0.990, 0.995, 0.997, 0.998)), strict=True)
    ),
    "clean/noisy": dict(
        zip(SIZES, map(Published, (0.169, 0.174, 0.204, 0.251), (0.788, 0.763, 0.710, 0.617)), strict=True)
    ),
    "noisy/noisy": dict(
        zip(SIZES, map(Published, (0.098, 0.096, 0.060, 0.053), (0.921, 0.938, 0.970, 0.976)), strict=True)
    ),
}


BEST = "best, simulations without end"


class Scores(NamedTuple):
    """R², Median-APE and RMSE of several seeds of one kind of map, each (seeds, 2), for the two parameters."""

    r_squared: NDArray[np.float64]
    median_ape: NDArray[np.float64]
    rmse: NDArray[np.float64]

    def mean(self, metric: str) -> float:
        """Return the mean of a metric over parameters and seeds."""
        return float(getattr(self, metric).mean())

    def spread(self, metric: str) -> float | None:
        """Return the standard deviation over the seeds of a metric's mean over the parameters."""
        values = getattr(self, metric).mean(axis=1)
        return float(values.std(ddof=1)) if len(values) > 1 else None


def scores(maps: Iterable[InverseMap], noisy: bool) -> Scores:
    """Return how maps do on the noisy or the clean test traces."""
    data = published_test_set()
    means = [each.predict(data.noisy if noisy else data.clean).mean for each in maps]
    return Scores(*(np.array([metric(data.theta, mean) for mean in means]) for metric in (r_squared, median_ape, rmse)))


def trained(wanted: dict[str, Recipe], context: Context) -> dict[str, InverseMap]:
    """Return the maps of trainings, by name; those that the folder of results does not hold are trained first."""
    folder = context.kept("trainings")
    if context.quick:
        wanted = {name: _shortened(recipe) for name, recipe in wanted.items()}
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
    """Return the best map as one more kind, of one seed; nothing where it is not shipped."""
    return {BEST: [load_inverse_map("best")]} if "best" in available_inverse_maps() else {}


def _shortened(recipe: Recipe) -> Recipe:
    optimiser = recipe.optimiser
    return replace(recipe, optimiser=replace(optimiser, epochs=min(optimiser.epochs, QUICK_EPOCHS)))


def sizes(context: Context) -> tuple[int, ...]:
    """Return the training sizes that are compared."""
    return QUICK_SIZES if context.quick else SIZES


def label(kind: str) -> str:
    """Return a kind of map as the tables name it."""
    return f"{kind}, as published" if kind in ("CNN", "dense") else kind


def seeds(context: Context) -> tuple[int, ...]:
    """Return the seeds of each training."""
    return QUICK_SEEDS if context.quick else SEEDS


def kinds(context: Context, n: int, noisy: bool) -> dict[str, list[InverseMap]]:
    """Return all seeds of the CNN and the dense network as published, and of ours, trained on n samples."""
    wanted: dict[str, Recipe] = {}
    for seed in seeds(context):
        wanted[f"CNN {seed}"] = published_recipe(Cnn(), n, noisy, seed)
        wanted[f"dense {seed}"] = published_recipe(PUBLISHED_DENSE, n, noisy, seed)
        wanted[f"ours {seed}"] = our_recipe(n, noisy, seed)
    found = trained(wanted, context)
    return {kind: [found[f"{kind} {seed}"] for seed in seeds(context)] for kind in ("CNN", "dense", "ours")}
