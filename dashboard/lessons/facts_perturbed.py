"""What the lesson on perturbations asks about the trace on screen, computed as the page Trust does."""

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from core.experiments.estimators import RANDOM_CHANGE, SHIPPED_MAPS, made_for
from core.experiments.records import Key, stored
from core.published import N_TIMES
from dashboard.lessons.estimates import shipped_map
from dashboard.scene.experiment import Experiment
from dashboard.scene.scene import Scene
from dashboard.wording.perturbations import Effect

if TYPE_CHECKING:
    from dashboard.pictures.perturbed import TraceOnScreen

NETWORK = "dense-noisy"


def size_of_noise() -> float:
    """Return the size of the noise itself: the root of the number of samples, whose whitened variance is 1."""
    return float(np.sqrt(N_TIMES))


def _trace_of(experiment: Experiment) -> "TraceOnScreen":
    from dashboard.pictures.perturbed import trace_of

    maps = {name: shipped_map(name) for name in SHIPPED_MAPS}
    return trace_of(Scene(experiment, experiment), maps)


@lru_cache(maxsize=32)
def effect(name: str, experiment: Experiment) -> Effect:
    """Return what the perturbation on screen does to an estimator."""
    from dashboard.pictures.perturbation import Perturbation, effect_on, moved, perturbation_on_screen

    trace = _trace_of(experiment)
    found = perturbation_on_screen(trace, experiment.perturbed, experiment.made_for)
    if not isinstance(found, Perturbation):
        raise ValueError(found)
    return effect_on(trace, moved(trace, found, name), name)


@lru_cache(maxsize=32)
def sizes_to_target(experiment: Experiment) -> tuple[float, float]:
    """Return the sizes that take the perturbed estimator to the target, and that make the target the best fit."""
    from core.perturbations.target import smallest_for_map
    from dashboard.pictures.perturbation import target_of, wanted_search

    trace = _trace_of(experiment)
    *_, found = wanted_search(trace, experiment.perturbed).begin()
    return found.size, float(np.linalg.norm(smallest_for_map(trace.problem, target_of(trace))))


def carried(maker: str, attacked: str) -> float:
    """Return how many times as far as random noise what is made for one map moves another one, as measured."""
    found = stored("perturbations")
    if found is None:
        raise ValueError("Run “python -m core.experiments perturbations” first.")
    moved, random = (found.value(Key(attacked, "movement", "", way)) for way in (made_for(maker), RANDOM_CHANGE))
    return moved / random


def moves(experiment: Experiment, name: str, size: float) -> Effect:
    """Return what a perturbation of another size does to an estimator."""
    return effect(name, replace(experiment, perturbation_size=size))
