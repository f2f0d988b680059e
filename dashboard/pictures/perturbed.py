"""The trace on screen, who estimates θ from it, and how far the worst perturbation moves each of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from core.maps.inverse_map import InverseMap
from core.maps.map_derivatives import differentiable
from core.perturbations.amplification import Amplification, amplification, in_sds
from core.perturbations.classical import ExactMean, MaximumAPosteriori, map_jacobian, mean_jacobian
from core.perturbations.estimator import Estimator, FirstOf
from core.posterior.exact import Posterior
from core.problem.problem import Problem
from core.published import published_prior
from dashboard.figures.style import LIMIT, MAP_LOOK, Look
from dashboard.maps import looks
from dashboard.pictures import results
from dashboard.pictures.answers import answer_of, selected, whole_readers
from dashboard.scene.problem import theta_problem
from dashboard.scene.scene import Scene
from dashboard.wording import entries

THETA = published_prior().names
CLASSICAL = {entries.EXACT_MEAN: Look(LIMIT, "square"), entries.MAP: MAP_LOOK}

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TraceOnScreen:
    """The trace on screen, and who estimates θ from it.

    problem: with the noise known. exact: its posterior. maps: those that read the whole trace, by name.
    """

    scene: Scene
    problem: Problem
    exact: Posterior
    maps: Mapping[str, InverseMap]

    @property
    def names(self) -> list[str]:
        """The names of all estimators, the classical ones first."""
        return [*CLASSICAL, *self.maps]

    @property
    def looks(self) -> dict[str, Look]:
        """How each is drawn."""
        return {**CLASSICAL, **looks(self.maps)}

    @property
    def units(self) -> Array:
        """What turns movements of θ into sds of the exact posterior, (2, 2)."""
        return in_sds(self.exact.covariance)

    def in_sds(self, movements: Array) -> Array:
        """Return the length of movements of θ, (..., 2), in sds of the exact posterior."""
        return np.asarray(np.linalg.norm(movements @ self.units.T, axis=-1))

    def estimator(self, name: str) -> Estimator:
        """Return an estimator as a function with derivatives."""
        if name == entries.EXACT_MEAN:
            return ExactMean(self.problem)
        if name == entries.MAP:
            return MaximumAPosteriori(self.problem)
        learned = self.maps[name]
        known = {each: getattr(self.scene.experiment, each) for each in learned.recipe.task.known_names}
        return FirstOf(differentiable(learned, known), len(THETA))

    def amplification(self, name: str) -> Amplification:
        """Return the worst direction of an estimator."""
        key = (self.maps.get(name, name), self.problem.identity)
        found: Amplification = results.kept("amplification", key, partial(self._amplification, name))
        return found

    def _amplification(self, name: str) -> Amplification:
        problem = self.problem
        if name == entries.EXACT_MEAN:
            jacobian = mean_jacobian(self.exact)
        elif name == entries.MAP:
            best = results.map_estimate(problem)
            assert best is not None, "whoever has a posterior has a MAP estimate"
            jacobian = map_jacobian(problem, best.mean[0])
        else:
            jacobian = self.estimator(name).jacobian(problem.data[None])[1][0]
        return amplification(jacobian, problem.noise[0], self.units)

    def estimates(self, name: str, traces: Array) -> Array:
        """Return what a map makes of traces, (n, n_times), as on all pages: (n, 2)."""
        return selected(answer_of(self.maps[name], traces, self.scene), THETA).mean


def trace_of(scene: Scene, every: Mapping[str, InverseMap]) -> TraceOnScreen:
    """Return the trace on screen; every: the maps that may read it, by name.

    Raises ValueError where no point of the prior's box can be simulated.
    """
    problem = theta_problem(scene.experiment, scene.observation)
    maps = {name: each for name, each in whole_readers(scene, every).items() if each.parameter_names[:2] == THETA}
    return TraceOnScreen(scene, problem, results.posterior(problem), maps)
