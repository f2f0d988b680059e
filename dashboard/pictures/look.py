"""The problem on the Landscape page, and what the pictures of it have in common."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from core.estimate import Estimate
from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.models.fitzhugh_nagumo.simulate import simulate_with_status
from core.models.model import Status
from core.optimisation.basins import Basins
from core.optimisation.path import OptimiserPath
from core.problem.landscape import Landscape, Slopes
from core.problem.problem import Problem
from core.problem.slice import Slice, line_slice
from dashboard.background.sampling import Sampled
from dashboard.pictures import results
from dashboard.scene.lowest import Place, lowest_known
from dashboard.scene.problem import landscape_of, problem_of, slopes_of
from dashboard.scene.scene import Scene

LANDSCAPE, SLOPES = "landscape", "slopes"  # names of kept results
CANDIDATE = tuple(f"candidate_{name}" for name in FITZHUGH_NAGUMO.parameter_names)  # settings that change no problem

Point = tuple[float, float]
Computed = TypeVar("Computed", Landscape, Slopes)


@dataclass(frozen=True, eq=False)
class Look:
    """The problem on screen, and what the pictures of it have in common."""

    scene: Scene
    problem: Problem

    @property
    def candidate(self) -> Point:
        """The candidate's values of the two unknown parameters."""
        return self.scene.experiment.candidate

    @cached_property
    def states(self) -> tuple[NDArray[np.float64], Status]:
        """The candidate's potential, (n_times,), and how its trajectory ended."""
        states, ended = simulate_with_status(self.problem.parameters(self.candidate), self.problem.times)
        return states[:, 0], Status(int(ended))

    @cached_property
    def parts(self) -> tuple[float, float]:
        """The misfit and the regularisation of the candidate."""
        return float(self.problem.misfit(self.candidate)), float(self.problem.prior.regularisation(self.candidate))

    @cached_property
    def clean(self) -> NDArray[np.float64] | None:
        """The truth's potential, (n_times,), unless it is hidden or not known."""
        return self.scene.observation.clean(self.scene.experiment)

    @cached_property
    def truth(self) -> Point | None:
        """The true values of the two unknown parameters, unless they are hidden or not known."""
        if self.clean is None:
            return None
        first, second = (float(getattr(self.scene.experiment, name)) for name in self.problem.unknown)
        return first, second

    @cached_property
    def problem_waits(self) -> bool:
        """Whether the problem is being dragged, so that what takes longer than a picture waits for the release."""
        now, released = self.scene.experiment, self.scene.released
        return self.scene.dragging and replace(released, **{name: getattr(now, name) for name in CANDIDATE}) != now

    @cached_property
    def grid(self) -> Landscape:
        """The loss on a grid."""
        return self._on_grid(LANDSCAPE, landscape_of)

    @cached_property
    def slopes(self) -> Slopes:
        """The gradient of the loss on a grid."""
        return self._on_grid(SLOPES, slopes_of)

    def _on_grid(self, name: str, compute: Callable[..., Computed]) -> Computed:
        """Return what is kept under a name, or what is computed: coarsely and not to keep while the problem waits."""
        n = int(self.scene.experiment.grid)
        key = self.problem.identity, n
        if self.problem_waits and not results.is_kept(name, key):
            return compute(self.problem, n, released=False)
        return results.kept(name, key, lambda: compute(self.problem, n, released=True))

    @cached_property
    def best(self) -> Estimate | None:
        """The MAP estimate; None where nothing can be simulated, and while the search for it waits for the release."""
        return results.map_estimate(self.problem, search=not self.scene.dragging)

    @property
    def sought(self) -> bool:
        """Whether the search for the lowest loss waits for the release."""
        return self.best is None and self.scene.dragging

    @cached_property
    def paths(self) -> tuple[OptimiserPath, ...]:
        """The optimisers' race on screen."""
        return self.scene.holdings.race.shown_for(self.problem)

    @cached_property
    def sampled(self) -> tuple[Sampled, ...]:
        """The samplers of the race on screen."""
        return self.scene.holdings.race.sampled_for(self.problem)

    @cached_property
    def found(self) -> Basins | None:
        """The basins that were found."""
        return self.scene.holdings.basins.found_for(self.problem)

    @cached_property
    def lowest(self) -> Place | None:
        """The lowest loss that is known; None where all are infinite."""
        return lowest_known(self.problem, self.grid, self.candidate, self.best, self.paths, self.found, self.truth)

    @property
    def zero(self) -> float:
        """The loss from which all others are measured."""
        return np.inf if self.lowest is None else self.lowest.loss

    @cached_property
    def target(self) -> tuple[str, Point] | None:
        """Where the slice leads from the candidate: the truth if it is shown and on the map, else the lowest loss.

        None while that is not known.
        """
        if self.truth is not None and np.isfinite(self.problem.prior.regularisation(self.truth)):
            return "truth", self.truth
        return None if self.lowest is None or self.sought else ("MAP", self.lowest.position)

    @cached_property
    def slice(self) -> Slice | None:
        """The loss along the line through candidate and target."""
        return None if self.target is None else line_slice(self.problem, self.candidate, self.target[1])


def problem_at(scene: Scene) -> Problem:
    """Return the problem of a scene."""
    return problem_of(scene.experiment, scene.observation)


def at_release(look: Look) -> Look:
    """Return what was on screen at the last release; the same where nothing is dragged."""
    scene = look.scene.at_release
    return Look(scene, problem_at(scene)) if look.scene.dragging else look
