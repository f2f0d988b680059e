"""What inverse maps answer for traces on screen: how much they read, what they are told, and what they estimate."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.estimate import Estimate
from core.experiments.estimators import BEST, CONDITIONAL_MAP, WINDOW_MAP
from core.maps.inverse_map import InverseMap
from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.noise import Noise
from core.published import published_noise
from core.regions import marginal_scale
from dashboard.pictures import results
from dashboard.scene.experiment import Experiment
from dashboard.scene.scene import Scene
from dashboard.wording.maps import answers_here

# The maps that stand for the best one, the first that is made for a trace.
STANDARD = (BEST, CONDITIONAL_MAP, WINDOW_MAP)

Array = NDArray[np.float64]


def n_read(inverse_map: InverseMap, times: Array) -> int:
    """Return how many of a trace's first samples, at times (n_times,), a map reads: 0 where it cannot read them."""
    n = min(len(times), len(inverse_map.times))
    return n if inverse_map.takes(times[:n]) else 0


def able(scene: Scene, maps: Mapping[str, InverseMap], names: Sequence[str] = ()) -> dict[str, InverseMap]:
    """Return the maps that read the data on screen and estimate the parameters of these names."""
    observation = scene.observation
    if not observation.usable:
        return {}
    return {
        name: each
        for name, each in maps.items()
        if n_read(each, observation.times) and set(names) <= set(each.parameter_names)
    }


def whole_readers(scene: Scene, maps: Mapping[str, InverseMap]) -> dict[str, InverseMap]:
    """Return the maps that read all of the data on screen."""
    times = scene.observation.times
    return {name: each for name, each in able(scene, maps).items() if n_read(each, times) == len(times)}


def answer_of(inverse_map: InverseMap, traces: ArrayLike, scene: Scene) -> Estimate:
    """Return what a map makes of traces, (n, n_times), at the times on screen; it is told the ζ and γ on screen."""
    task, n = inverse_map.recipe.task, n_read(inverse_map, scene.observation.times)
    known = None if task.given is None else [[getattr(scene.experiment, name) for name in task.known_names]]
    return inverse_map.predict(np.asarray(traces)[:, :n], known)


def answers(maps: Mapping[str, InverseMap], traces: ArrayLike, scene: Scene) -> dict[str, Estimate]:
    """Return what each map makes of traces, two maps at a time: PyTorch computes each on one thread."""
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(maps, pool.map(lambda each: answer_of(each, traces, scene), maps.values()), strict=True))


def selected(estimate: Estimate, names: Sequence[str]) -> Estimate:
    """Return the part of estimates that is about the parameters of these names, in their order.

    Its regions are those of the marginal distribution.
    """
    at = [estimate.names.index(name) for name in names]
    covariance = None
    if estimate.covariance is not None:
        scale = marginal_scale(len(estimate.names), len(at), estimate.freedom)
        covariance = scale * estimate.covariance[:, at][:, :, at]
    return replace(estimate, mean=estimate.mean[:, at], covariance=covariance, names=tuple(names))


def neuron_of(estimate: Estimate, experiment: Experiment) -> Array:
    """Return all parameters of the neuron, (n, 4): the estimated ones, and the others as they are on screen."""
    values = dict(zip(estimate.names, estimate.mean.T, strict=True))
    columns = [values.get(name, getattr(experiment, name)) for name in FITZHUGH_NAGUMO.parameter_names]
    return np.column_stack([np.broadcast_to(column, len(estimate.mean)) for column in columns])


def noise_of(estimate: Estimate) -> Noise:
    """Return the noise that an estimate of rho and sigma, among others, says."""
    rho, sigma = selected(estimate, ("rho", "sigma")).mean[0].tolist()
    return published_noise(rho, sigma)


def described(scene: Scene, maps: Mapping[str, InverseMap]) -> dict[str, dict[str, Any]]:
    """Return what each map is asked about the trace on screen, of which it may read the beginning alone; by name."""
    trace = scene.observation.described(scene.experiment)
    read = {name: n_read(each, trace["times"]) or len(trace["times"]) for name, each in maps.items()}
    return {name: {**trace, "times": trace["times"][:n]} for name, n in read.items()}


def assumed(scene: Scene, maps: Mapping[str, InverseMap]) -> dict[str, list[str]]:
    """Return the wrong ζ and γ that each map takes for granted, such as "γ = 3", by the map's name."""
    traces = described(scene, maps)
    return {
        name: [each.answer for each in inverse_map.differences(**traces[name]) if each.answer]
        for name, inverse_map in maps.items()
    }


def standard_of(scene: Scene, maps: Mapping[str, InverseMap]) -> str:
    """Return the name of the map that stands for the best one here; "" where there is none that reads the data.

    That is the first of STANDARD that takes no wrong ζ or γ for granted and reads all of the trace; where there is
    none, the first that reads a part of it, and else the first that reads any.
    """
    readers = able(scene, {name: maps[name] for name in STANDARD if name in maps})
    if not readers:
        return best_of(able(scene, maps))
    wrong, n_times = assumed(scene, readers), len(scene.observation.times)

    def flaws(name: str) -> tuple[bool, bool]:
        return bool(wrong[name]), n_read(readers[name], scene.observation.times) < n_times

    return min(readers, key=flaws)


def best_of(maps: Mapping[str, InverseMap]) -> str:
    """Return the name of the first map with a covariance, or else trained on noise; "" where there is none."""
    ranks = {name: (not each.recipe.gives_covariance, not each.recipe.noisy) for name, each in maps.items()}
    return min(ranks, key=ranks.__getitem__, default="")


def about_standard(scene: Scene, maps: Mapping[str, InverseMap]) -> str:
    """Say which map answers in the place of the best one and why, or return ""."""
    name = standard_of(scene, maps)
    if name not in STANDARD or name == BEST or BEST not in maps:
        return ""
    wrong = assumed(scene, {BEST: maps[BEST]})[BEST] if maps[name].recipe.task.given is not None else []
    return answers_here(name, BEST, wrong, len(scene.observation.times) > len(maps[BEST].times))


def novelty_of(inverse_map: InverseMap, scene: Scene, estimate: Estimate) -> float | None:
    """Return how unlike its training data the trace on screen is to a map; None where it cannot tell.

    estimate: the map's own, of all that it estimates.
    """
    observation = scene.observation
    return results.novelty(inverse_map, observation.data[: n_read(inverse_map, observation.times)], estimate)
