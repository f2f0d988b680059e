"""The posterior that the Uncertainty page shows, the window it is shown in, and what the maps make of its data."""

from collections.abc import Hashable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.estimate import Estimate
from core.maps.inverse_map import InverseMap
from core.posterior import exact
from core.posterior.exact import Posterior
from core.priors import TruncatedGaussian
from core.problem.landscape import store_key
from core.problem.problem import Problem
from dashboard.figures.density import widened, window
from dashboard.figures.regions import outside
from dashboard.figures.style import Look
from dashboard.maps import looks
from dashboard.pictures import results
from dashboard.pictures.answers import answer_of, selected, whole_readers
from dashboard.pictures.released import at_release
from dashboard.scene.experiment import Experiment
from dashboard.scene.problem import coarse_points, problem_of
from dashboard.scene.scene import Scene

FOLLOWS = 0.25  # s: a posterior that takes longer waits until the slider is released
FURTHEST = 2.5  # times the window of the posterior, to which it is widened to show the truth

Array = NDArray[np.float64]
Point = tuple[float, float]


def posterior_of(scene: Scene) -> Posterior:
    """Return the posterior on screen; raises ValueError where no point of the prior's box can be simulated.

    While a control is dragged it is not kept: it would drive out what was computed at the last releases. Its search
    then begins on kept trajectories, if they are those of the last release.
    """
    problem, noise = problem_of(scene.experiment, scene.observation), _noise_prior(scene.experiment)
    if not scene.dragging:
        return results.posterior(problem, noise)
    has_same_trajectories = store_key(problem) == at_release(_trajectories, scene)
    return exact.posterior(problem, noise, coarse_points(problem) if has_same_trajectories else None)


def _trajectories(scene: Scene) -> Hashable:
    """Return what a problem shares with others that have the same trajectories; None where there are no data."""
    if not scene.observation.usable:
        return None
    return store_key(problem_of(scene.experiment, scene.observation))


def _noise_prior(experiment: Experiment) -> TruncatedGaussian | None:
    return None if experiment.noise_known else results.noise_prior(experiment)


def _posterior_at_release(scene: Scene) -> Posterior | None:
    if not scene.at_release.observation.usable:
        return None
    try:
        return posterior_of(scene.at_release)
    except ValueError:
        return None


def follows(scene: Scene) -> bool:
    """Say whether the posterior follows a dragged control: it does if it was fast at the last release, or not there."""
    if not scene.dragging or _posterior_at_release(scene) is None:
        return True
    problem = problem_of(scene.released, scene.at_release.observation)
    return results.posterior_seconds(problem, _noise_prior(scene.released)) < FOLLOWS


def window_on_screen(scene: Scene, found: Posterior) -> Array:
    """Return the box, (2, 2), in which a posterior is shown.

    While a control is dragged it stays what it was at the last release, as long as it holds the posterior's mean.
    """
    box = at_release(_own_window, scene) if scene.dragging else None
    if box is not None and not outside(box, found.mean):
        return box
    return window_of(found, truth_of(scene, found.problem))


def _own_window(scene: Scene) -> Array | None:
    found = _posterior_at_release(scene)
    return None if found is None else window_of(found, truth_of(scene, found.problem))


def window_of(found: Posterior, truth: Point | None) -> Array:
    """Return the box, (2, 2), that holds a posterior's probability, and the truth if it is near."""
    box = window(found)
    if truth is not None:
        point = np.array(truth)
        wider = np.column_stack([np.minimum(box[:, 0], point), np.maximum(box[:, 1], point)])
        growth = (wider[:, 1] - wider[:, 0]) / (box[:, 1] - box[:, 0])
        if 1 < np.max(growth) <= FURTHEST:
            box = widened(wider, 0.06)
    # A little beyond the prior's bounds, so that its edge is seen.
    bounds, margin = found.problem.bounds, 0.03 * (box[:, 1] - box[:, 0])
    return np.column_stack([np.maximum(box[:, 0], bounds[:, 0] - margin), np.minimum(box[:, 1], bounds[:, 1] + margin)])


def truth_of(scene: Scene, problem: Problem) -> Point | None:
    """Return the truth of the two unknown parameters, unless it is hidden or not known."""
    if scene.observation.clean(scene.experiment) is None:
        return None
    first, second = (getattr(scene.experiment, name) for name in problem.unknown)
    return first, second


def estimates_of(scene: Scene, problem: Problem, maps: Mapping[str, InverseMap]) -> dict[str, tuple[Look, Estimate]]:
    """Return what inverse maps make of the data on the axes of the problem: name → (look, estimate)."""
    if set(problem.unknown) != {"theta0", "theta1"}:
        return {}
    drawn, found = looks(maps), {}
    for name, each in whole_readers(scene, maps).items():  # others have seen less than the posterior
        estimate = selected(answer_of(each, scene.observation.data[None], scene), problem.unknown)
        if estimate.covariance is not None and not _is_law(estimate.covariance[0]):
            estimate = replace(estimate, covariance=None)
        found[name] = (drawn[name], estimate)
    return found


def _is_law(covariance: Array) -> bool:
    """Say whether a normal distribution can have this covariance, (2, 2): for a wild trace a network gives anything."""
    return bool(np.all(np.isfinite(covariance)) and np.min(np.linalg.eigvalsh(covariance)) > 0)
