"""The perturbation on screen: which way it goes, how large it is, and where it moves the estimates."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from core.experiments.directions import stored_directions
from core.experiments.estimators import KNOWN
from core.experiments.estimators import MAP as MAP_CODE
from core.noise import whiten
from core.perturbations.amplification import in_sds
from core.perturbations.target import Arrival, SmallestPerturbation, smallest_perturbation
from core.perturbations.whitened import perturbation_of
from core.posterior import exact as exact_posterior
from core.posterior.exact import Posterior
from core.problem.problem import Problem
from dashboard.pictures import results
from dashboard.pictures.perturbed import Trace
from dashboard.wording import entries
from dashboard.wording.perturbations import Effect, only_for

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


def perturbation_on_screen(trace: Trace, name: str, made_for: str) -> Perturbation:
    """Return the perturbation that is chosen, made for the estimator of this name.

    made_for: the estimator for which one for many traces is made. Raises ValueError with a sentence where it cannot be
    used on the trace.
    """
    experiment = trace.scene.experiment
    size = -experiment.perturbation_size if experiment.opposite else experiment.perturbation_size
    if experiment.perturbation == "target":
        found = _smallest(trace, name)
        return Perturbation(found.white / (found.size or 1.0), found.size, found.arrival)
    if experiment.perturbation == "universal":
        return Perturbation(_universal(trace, made_for), size)
    if experiment.perturbation == "random":
        white = np.random.default_rng(experiment.seed).standard_normal(trace.problem.times.size)
        return Perturbation(white / np.linalg.norm(white), size)
    return Perturbation(trace.amplification(name).direction, size)


def target_of(trace: Trace) -> tuple[float, float]:
    """Return where the smallest perturbation is to take the estimate."""
    experiment = trace.scene.experiment
    return experiment.target_theta0, experiment.target_theta1


def universal_makers(trace: Trace) -> list[str]:
    """Return the names of the estimators for which a perturbation of many traces is stored."""
    there = stored_directions()
    return [name for name in trace.names if CODES.get(name, name) in there]


def _smallest(trace: Trace, name: str) -> SmallestPerturbation:
    problem, target = trace.problem, target_of(trace)

    def compute() -> SmallestPerturbation:
        return smallest_perturbation(trace.estimator(name), problem.data, target, problem.noise[0], trace.units)

    key = (trace.maps.get(name, name), problem.identity, target)
    found: SmallestPerturbation = results.kept("smallest perturbation", key, compute)
    return found


def _universal(trace: Trace, made_for: str) -> Array:
    """Return the stored perturbation, whitened by the noise on screen, with norm one."""
    stored = stored_directions()[CODES.get(made_for, made_for)]
    if stored.size != trace.problem.times.size:
        raise ValueError(only_for(stored.size))
    white = whiten(stored, trace.problem.noise[0])
    return np.asarray(white / np.linalg.norm(white))


def moved(trace: Trace, perturbation: Perturbation) -> Moved:
    """Return where the perturbation on screen moves the estimates.

    While a control is dragged the MAP is left out, which searches for as long as all others take.
    """
    problem, dragging = trace.problem, trace.scene.dragging
    data = problem.data + perturbation.of_size(perturbation.size, problem)
    perturbed = problem.with_data(data)
    exact = exact_posterior.posterior(perturbed) if dragging else results.posterior(perturbed)
    pairs = {name: trace.estimates(name, np.stack([problem.data, data])) for name in trace.maps}
    before, after = ({name: each[i] for name, each in pairs.items()} for i in (0, 1))
    before[entries.EXACT_MEAN], after[entries.EXACT_MEAN] = trace.exact.mean, exact.mean
    if not dragging:
        bests = [results.map_estimate(each) for each in (problem, perturbed)]
        before[entries.MAP], after[entries.MAP] = (each.mean[0] for each in bests if each is not None)
    return Moved(data, exact, before, after)


def effect_on(trace: Trace, found: Moved, name: str) -> Effect:
    """Return what the perturbation does to one estimator."""
    after = in_sds(found.exact.covariance)
    return Effect(
        float(trace.in_sds(found.after[name] - found.before[name])),
        float(trace.in_sds(found.exact.mean - trace.exact.mean)),
        float(trace.in_sds(found.before[name] - trace.exact.mean)),
        float(np.linalg.norm(after @ (found.after[name] - found.exact.mean))),
    )


def courses(trace: Trace, perturbation: Perturbation) -> dict[str, Array]:
    """Return the estimates, (k, 2), of the trace perturbed at SIZES, by name; the MAP is left out."""
    problem, sign = trace.problem, -1.0 if perturbation.size < 0 else 1.0
    key = (problem.identity, tuple(trace.maps.values()), perturbation.direction.tobytes(), sign)
    found: dict[str, Array] = results.kept("courses", key, partial(_courses, trace, perturbation, sign))
    return found


def _courses(trace: Trace, perturbation: Perturbation, sign: float) -> dict[str, Array]:
    traces = trace.problem.data + perturbation.of_size(sign * SIZES, trace.problem)
    at_rest = replace(trace, scene=trace.scene.at_release)
    found = {name: at_rest.estimates(name, traces) for name in trace.maps}
    means = [exact_posterior.posterior(trace.problem.with_data(each)).mean for each in traces]
    return {entries.EXACT_MEAN: np.array(means), **found}
