"""The perturbation on screen: which way it goes, how large it is, and where it moves the estimates."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from core.experiments.directions import stored_directions
from core.experiments.estimators import KNOWN
from core.experiments.estimators import MAP as MAP_CODE
from core.noise import whiten
from core.perturbations.amplification import along, in_sds
from core.perturbations.classical import ExactMean
from core.perturbations.target import Arrival, SmallestPerturbation, search_smallest
from core.perturbations.whitened import perturbation_of
from core.posterior import exact as exact_posterior
from core.posterior.exact import Posterior
from core.problem.problem import Problem
from core.published import time_grid
from dashboard.background.search import Wanted
from dashboard.pictures import results
from dashboard.pictures.perturbed import TraceOnScreen
from dashboard.wording import entries
from dashboard.wording.perturbations import SEARCHING, Effect, at_edge, only_for
from dashboard.wording.universal import RUN

RANDOM_SEED = 3
LEAST_AMPLIFICATION = 1e-6  # below it an estimate lies on an edge of its range, where it does not move
SIZES = np.geomspace(0.3, 31.6, 12)  # of the courses, which are straight at first
CODES = {entries.EXACT_MEAN: KNOWN, entries.MAP: MAP_CODE}  # under which experiments know them

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Perturbation:
    """A perturbation of a trace: its direction, whitened and of norm one, (n_times,), and its size, with a sign.

    arrival: whether it takes the estimate to the target, for one that is made for this.
    """

    direction: Array
    size: float
    arrival: Arrival | None = None

    def of_size(self, sizes: float | Array, problem: Problem) -> Array:
        """Return the perturbation with other sizes, (...), as (..., n_times)."""
        return np.multiply.outer(sizes, perturbation_of(self.direction, problem.noise[0]))


@dataclass(frozen=True, eq=False)
class Moved:
    """Where a perturbation moves the estimates.

    data: the perturbed trace, (n_times,). exact: its posterior. before, after: estimates, (2,), by name.
    """

    data: Array
    exact: Posterior
    before: Mapping[str, Array]
    after: Mapping[str, Array]


def perturbation_on_screen(trace: TraceOnScreen, name: str, made_for: str) -> Perturbation | str:
    """Return the perturbation that is chosen, made for the estimator of this name, or why there is none.

    made_for: the estimator for which one for many traces is made.
    """
    experiment = trace.scene.experiment
    size = -experiment.perturbation_size if experiment.opposite else experiment.perturbation_size
    if experiment.perturbation == "target":
        found = trace.scene.holdings.sought.found
        if found is None or trace.scene.holdings.sought.key != wanted_search(trace, name).key:
            return SEARCHING
        return Perturbation(found.white / (found.size or 1.0), found.size, found.arrival)
    if experiment.perturbation == "universal":
        return _universal(trace, made_for, size)
    if experiment.perturbation == "random":
        # Not from the seed of the noise, which an exercise keeps to itself.
        white = np.random.default_rng(RANDOM_SEED).standard_normal(trace.problem.times.size)
        return Perturbation(white / np.linalg.norm(white), size)
    worst = trace.amplification(name)
    return at_edge(name) if worst.value < LEAST_AMPLIFICATION else Perturbation(worst.direction, size)


def target_of(trace: TraceOnScreen) -> tuple[float, float]:
    """Return where the smallest perturbation is to take the estimate."""
    experiment = trace.scene.experiment
    return experiment.target_theta0, experiment.target_theta1


def universal_makers(trace: TraceOnScreen) -> list[str]:
    """Return the names of the estimators for which a perturbation of many traces is stored."""
    there = stored_directions()
    return [name for name in trace.names if CODES.get(name, name) in there]


def wanted_search(trace: TraceOnScreen, name: str) -> Wanted:
    """Return the search for the smallest perturbation that takes an estimator to the target."""
    problem, target = trace.problem, target_of(trace)

    def begin() -> Iterator[SmallestPerturbation]:
        return search_smallest(trace.estimator(name), problem.data, target, problem.noise[0], trace.units)

    return Wanted((trace.maps.get(name, name), problem.identity, target), begin)


def _universal(trace: TraceOnScreen, made_for: str, size: float) -> Perturbation | str:
    stored = stored_directions().get(CODES.get(made_for, made_for))
    if stored is None:
        return RUN
    times, published = trace.problem.times, time_grid()
    if times.size != published.size or not np.allclose(times, published):
        return only_for(published.size, is_upload=trace.scene.observation.trajectory is None)
    white = whiten(stored, trace.problem.noise[0])
    return Perturbation(np.asarray(white / np.linalg.norm(white)), size)


def moved(trace: TraceOnScreen, perturbation: Perturbation, name: str) -> Moved:
    """Return where the perturbation on screen moves the estimates.

    name: of the estimator that matters most. While a control is dragged the MAP is left out where it is another one,
    since it searches for as long as all others take. Raises ValueError where no posterior can be computed.
    """
    problem, dragging = trace.problem, trace.scene.dragging
    data = problem.data + perturbation.of_size(perturbation.size, problem)
    perturbed = problem.with_data(data)
    exact = exact_posterior.posterior(perturbed) if dragging else results.posterior(perturbed)
    pairs = {name: trace.estimates(name, np.stack([problem.data, data])) for name in trace.maps}
    before, after = ({name: each[i] for name, each in pairs.items()} for i in (0, 1))
    before[entries.EXACT_MEAN], after[entries.EXACT_MEAN] = trace.exact.mean, exact.mean
    if not dragging or name == entries.MAP:
        bests = [results.map_estimate(each) for each in (problem, perturbed)]
        before[entries.MAP], after[entries.MAP] = (each.mean[0] for each in bests if each is not None)
    return Moved(data, exact, before, after)


def effect_on(trace: TraceOnScreen, found: Moved, name: str) -> Effect:
    """Return what the perturbation does to one estimator."""
    after = in_sds(found.exact.covariance)
    return Effect(
        float(trace.in_sds(found.after[name] - found.before[name])),
        float(trace.in_sds(found.exact.mean - trace.exact.mean)),
        float(trace.in_sds(found.before[name] - trace.exact.mean)),
        float(np.linalg.norm(after @ (found.after[name] - found.exact.mean))),
    )


def courses(trace: TraceOnScreen, perturbation: Perturbation) -> dict[str, Array]:
    """Return the estimates, (k, 2), of the trace perturbed at SIZES, by name; the MAP is left out."""
    problem, sizes = trace.problem, SIZES if perturbation.size >= 0 else -SIZES
    direction, noise = perturbation.direction, problem.noise[0]
    estimators: dict[str, Callable[[Array], Array]] = {name: partial(trace.estimates, name) for name in trace.maps}
    estimators[entries.EXACT_MEAN] = ExactMean(problem)

    def compute() -> dict[str, Array]:
        return {name: along(each, problem.data, direction, noise, sizes) for name, each in estimators.items()}

    key = (problem.identity, tuple(trace.maps.values()), direction.tobytes(), sizes.tobytes())
    found: dict[str, Array] = results.kept("courses", key, compute)
    return found
