"""Two maps of different priors on samples of both priors: what a map misses that never met them."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

import numpy as np

from core.maps.dataset import TEST_STREAM, Dataset, dataset
from core.maps.differences_from_training import quoted
from core.maps.inputs import TraceInputs
from core.maps.inverse_map import InverseMap
from core.maps.task import Task
from core.maps.test_sets import own_test_set
from core.metrics import median_ape, r_squared
from core.priors import TruncatedGaussian
from core.published import published_prior
from dashboard.figures.style import Look
from dashboard.maps import inverse_maps
from dashboard.pictures.controls import Control, drop_down
from dashboard.pictures.shown import Cell, Shown, name_cell
from dashboard.scene.overview import Overview
from dashboard.scene.scene import Scene
from dashboard.wording.numbers import count, fixed, percent_to_digits
from dashboard.wording.training import about_two_maps

N_GLANCE = 50  # samples, which the map ‘best’ takes a quarter of a second for
N_TESTED = 500  # of each prior
QUESTION = "What did the new prior change?"


def at_a_glance(scene: Scene) -> str:
    """Say how a map that is here already does on θ from the prior on screen; "" where that is its own prior."""
    old, prior = scene.holdings.overview.old, scene.holdings.training.prior
    maps = inverse_maps(scene.experiment.own_maps)[0]
    found = maps.get(old, maps.get("best"))
    if found is None or not _reads_theta(found.recipe.task) or prior == found.recipe.task.prior:
        return ""
    if scene.dragging:
        return f"Let go to see how the map {quoted([found.name])} does there."
    try:
        error = _glance(found, prior)
    except ValueError:  # most trajectories diverge
        return ""
    own = found.card.get("metrics", {})
    own = own.get("published", {}) if found.recipe.task.prior == published_prior() else own.get("own", {})
    before = own.get("noisy", {}).get("median_ape", {}).get("mean")
    said = f"On θ from it the map {quoted([found.name])} misses by {percent_to_digits(error)} in the median"
    return f"{said}." if before is None else f"{said}; on θ from its own prior by {percent_to_digits(before)}."


def _reads_theta(task: Task) -> bool:
    return task.prior.names == published_prior().names and task.is_one_problem


@lru_cache(maxsize=64)
def _glance(old: InverseMap, prior: TruncatedGaussian) -> float:
    task = replace(old.recipe.task, prior=prior)
    data = dataset(task, N_GLANCE, TEST_STREAM, seed=1)
    return float(np.mean(median_ape(data.theta, old.predict(data.noisy).mean)))


def compared_with(trained: InverseMap, maps: Mapping[str, InverseMap]) -> dict[str, InverseMap]:
    """Return the maps whose tasks differ from that of a trained one in the prior of θ alone.

    A map of the published prior is no retrained one, and is compared with none.
    """
    task = trained.recipe.task
    if task.prior == published_prior():
        return {}
    return {
        name: each
        for name, each in maps.items()
        if _reads_theta(task)
        and each.recipe.task.prior != task.prior
        and each.recipe.task.prior.names == task.prior.names
        and replace(each.recipe.task, prior=task.prior) == task
    }


def old_map(trained: InverseMap, maps: Mapping[str, InverseMap], overview: Overview) -> str:
    """Return the name of the map that a trained one is compared with, "" where there is none."""
    here = compared_with(trained, maps)
    return next((name for name in (overview.old, "best") if name in here), next(iter(here), ""))


def picture(
    trained: InverseMap, maps: Mapping[str, InverseMap], looks: Mapping[str, Look], overview: Overview
) -> Shown:
    """Return the table of an old map and a new one on test samples of both priors; there is an old one."""
    here, name = compared_with(trained, maps), old_map(trained, maps, overview)
    old = here[name]
    rows: list[list[Cell]] = [["", *(f"{metric}, {prior} prior" for metric in ("R²", "Median-APE")
                                     for prior in ("old", "new"))]]  # fmt: skip
    errors = []
    for each in (old, trained):
        found = [_tested(each, task) for task in (old.recipe.task, trained.recipe.task)]
        r2, ape = zip(*found, strict=True)
        errors.append(ape)
        label = f"{'old' if each is old else 'new'} map: {each.name}"
        rows.append([name_cell(label, looks[each.name]), *(fixed(value, 3) for value in r2),
                     *(percent_to_digits(value) for value in ape)])  # fmt: skip
    tools: list[Control] = []
    if len(here) > 1:
        tools.append(drop_down("train_old", "old map", name, {each: each for each in here}))
    said = [
        about_two_maps((name, trained.name), *errors),
        f"Means over θ₀ and θ₁, on {count(N_TESTED)} new noisy traces of each prior, which neither map has met.",
    ]
    return Shown("train-story", question=QUESTION, tools=tools, table=rows, said=said)


@lru_cache(maxsize=4)
def _samples(task: Task) -> Dataset:
    return own_test_set(task, N_TESTED)


@lru_cache(maxsize=128)
def _tested(trained: InverseMap, task: Task) -> tuple[float, float]:
    """Return R² and Median-APE of a map, as means over θ, on noisy test samples of a task."""
    data = _samples(task)
    estimate = trained.estimate(TraceInputs(data.noisy, data.given, data.lengths)).mean
    return float(np.mean(r_squared(data.theta, estimate))), float(np.mean(median_ape(data.theta, estimate)))
