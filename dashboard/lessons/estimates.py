"""What the shipped inverse maps make of the data of an experiment, which the lessons ask about."""

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from core.estimate import Estimate
from core.published import published_prior
from dashboard.scene.experiment import Experiment
from dashboard.scene.scene import Scene

if TYPE_CHECKING:
    from core.maps.inverse_map import InverseMap

THETA = published_prior().names


def with_settings(scene: Scene, **changes: Any) -> Scene:
    """Return the scene of the same experiment with other settings."""
    experiment = replace(scene.experiment, **changes)
    return Scene(experiment, experiment)


@lru_cache
def shipped_map(name: str) -> "InverseMap":
    """Return a shipped map."""
    from core.maps.inverse_map import load_inverse_map

    return load_inverse_map(name)


@lru_cache(maxsize=64)
def answer_of(name: str, experiment: Experiment) -> Estimate:
    """Return all that a shipped map estimates from the data of an experiment."""
    return shipped_map(name).predict(Scene(experiment, experiment).observation.data[None])


def place_of(name: str, experiment: Experiment) -> tuple[float, float]:
    """Return where a shipped map puts its estimate of θ."""
    found = answer_of(name, experiment)
    first, second = (float(found.mean[0, found.names.index(each)]) for each in THETA)
    return first, second


def miss_of(name: str, experiment: Experiment) -> float:
    """Return the distance between the truth and the estimate of θ by a shipped map."""
    first, second = place_of(name, experiment)
    return float(np.hypot(first - experiment.theta0, second - experiment.theta1))


def off_and_sd(name: str, experiment: Experiment) -> tuple[float, float]:
    """Return how far a shipped map's estimate of θ₀ lies off the truth, and its own sd of it."""
    found = answer_of(name, experiment)
    if found.covariance is None:
        raise ValueError(f"The map {name} gives no covariance.")
    at = found.names.index(THETA[0])
    return float(abs(found.mean[0, at] - experiment.theta0)), float(np.sqrt(found.covariance[0, at, at]))


def sds_off(name: str, experiment: Experiment) -> float:
    """Return how many of its own sds the estimate of θ₀ by a shipped map lies off the truth."""
    off, sd = off_and_sd(name, experiment)
    return off / sd


@lru_cache(maxsize=64)
def novelty_of(name: str, experiment: Experiment) -> float:
    """Return the out-of-distribution score of the data of an experiment for a shipped map; above 1 is an alarm."""
    from core.maps.out_of_distribution import with_novelty

    data = Scene(experiment, experiment).observation.data[None]
    scores = with_novelty(shipped_map(name), data, answer_of(name, experiment)).novelty
    if scores is None:
        raise ValueError(f"The map {name} has no out-of-distribution score.")
    return float(scores[0])
