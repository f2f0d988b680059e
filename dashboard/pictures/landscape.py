"""What the Landscape page shows: the loss over the two unknown parameters, and one of four pictures beside it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.estimate import Estimate
from core.models.fitzhugh_nagumo.simulate import simulate_with_status
from core.models.model import Status
from core.models.spikes import regime, spike_count
from core.noise import whiten
from core.optimisation.basins import Basins
from core.optimisation.path import OptimiserPath
from core.problem.landscape import Landscape
from core.problem.problem import Problem
from dashboard.figures import landscape as figures
from dashboard.figures.race import course
from dashboard.pictures import basins, race, results
from dashboard.pictures.controls import controls_at
from dashboard.pictures.shown import Cell, Plot, Shown
from dashboard.scene.lowest import Place, lowest_known
from dashboard.scene.observation import LEAST_SIGMA
from dashboard.scene.problem import landscape_of, problem_of
from dashboard.scene.scene import Scene
from dashboard.scene.settings import Area
from dashboard.wording.numbers import difference, fixed, significant

QUESTION = "Where does the optimiser end up, and why?"
MIN_SPIKES_FOR_RINGS = 5  # spikes of the best fit above which rings of minima appear
LANDSCAPE, HEAT_MAP = "landscape", "heat map"  # names of kept results

Point = tuple[float, float]


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
        return self.scene.dragging and self.problem.identity != _problem(self.scene.at_release).identity

    @cached_property
    def grid(self) -> Landscape:
        """The loss on a grid."""
        if self.problem_waits and not results.is_kept(LANDSCAPE, self._grid_key):
            return landscape_of(self.problem, self._grid_key[1], released=False)
        return results.kept(
            LANDSCAPE, self._grid_key, lambda: landscape_of(self.problem, self._grid_key[1], released=True)
        )

    @property
    def _grid_key(self) -> tuple[str, int]:
        return self.problem.identity, int(self.scene.experiment.grid)

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
        """The race on screen."""
        return self.scene.holdings.race.shown_for(self.problem)

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


def _problem(scene: Scene) -> Problem:
    return problem_of(scene.experiment, scene.observation)


def picture(scene: Scene) -> Shown:
    """Return what the page shows."""
    rows = (controls_at(area, scene.experiment) for area in (Area.LANDSCAPE, Area.METHODS))
    return _picture(scene).under(QUESTION, *rows)


def _picture(scene: Scene) -> Shown:
    """Return what the page shows below its controls.

    While the problem is dragged the search for the lowest loss, surface, race and basins wait; while the candidate is,
    they stay as they are.
    """
    layout = f"landscape-{scene.experiment.beside}"
    if not scene.observation.usable:
        return Shown(layout, notes=[scene.observation.note])
    look = Look(scene, _problem(scene))
    plots = _beside(look)
    answer, *why = filter(None, _said(look))
    waits = scene.experiment.beside == "basins" and any(plot.stale for plot in plots)
    return Shown(
        layout,
        [_map(look), *plots],
        metrics=_metrics(_at_release(look) if waits else look),
        table=_table(look),
        answer=answer,
        why=why,
        notes=[scene.observation.note, *_notes(look)],
        race=race.player(scene, look.paths),
        tools=basins.tools(scene) if scene.experiment.beside == "basins" else (),
        stale=waits,
    )


def _map(look: Look) -> Plot:
    experiment, problem = look.scene.experiment, look.problem
    lowest = None if look.sought else look.lowest
    zero = None if lowest is None else lowest.loss
    if look.problem_waits:
        heat = figures.heat_map(look.grid, zero, dragged=True)
    else:
        key = (problem.identity, look.grid.x.size, zero)
        heat = results.kept(HEAT_MAP, key, lambda: figures.heat_map(look.grid, zero))
    prior_mean = (problem.prior.mean[0], problem.prior.mean[1])
    figure = figures.loss_map(look.grid, look.candidate, lowest, prior_mean, look.truth, look.paths, heat)
    handle = (look.candidate, (f"candidate_{experiment.axis_x}", f"candidate_{experiment.axis_y}"))
    return Plot("map", figure, "start", handle)


def _beside(look: Look) -> list[Plot]:
    """Return the plots that stand beside the map."""
    problem, beside, dragging = look.problem, look.scene.experiment.beside, look.scene.dragging
    if beside == "basins":
        return basins.plots(look.scene, problem, look.zero, look.truth)
    if beside == "surface":
        return [Plot("surface", None, stale=True) if dragging else _surface(look)]
    potential, _ = look.states
    fit = Plot("fit", figures.fit(problem.times, problem.data, potential, look.clean, look.scene.time_range))
    if beside == "race":
        stays = dragging and not look.problem_waits
        return [Plot("course", None if stays else course(look.paths, look.zero)), fit]
    whitened = whiten(problem.data - potential, problem.noise[0])
    return [
        fit,
        Plot("residual", figures.residual(problem.times, whitened, problem.noise[0].rho != 0, look.scene.time_range)),
    ]


def _surface(look: Look) -> Plot:
    at, true = (
        place and Place(place, float(look.problem.loss(place))) for place in (look.candidate, look.truth)
    )  # fmt: skip
    return Plot("surface", figures.surface(look.grid, at, look.lowest, true))


def _table(look: Look) -> list[list[Cell]]:
    beside = look.scene.experiment.beside
    if beside == "basins":
        there = _at_release(look)
        return basins.table(there.found, there.zero, there.problem.unknown)
    return race.table(look.paths, look.zero) if beside == "race" and look.paths else []


def _at_release(look: Look) -> Look:
    """Return what was on screen at the last release; the same where nothing is dragged."""
    scene = look.scene.at_release
    return Look(scene, _problem(scene)) if look.scene.dragging else look


def _said(look: Look) -> list[str]:
    """Return the sentences about the page's main picture."""
    if look.scene.experiment.beside == "basins":
        there = _at_release(look)
        return [_verdict(there), *basins.sentences(there.found, there.zero)]
    verdict = _verdict(look)
    if look.paths:
        return [verdict, *race.sentences(look.paths, look.zero, look.scene.holdings.race.missing)]
    if look.sought:
        return ["Let go to see where the lowest loss lies."]
    return [verdict, _first_look(look)]


def _verdict(look: Look) -> str:
    """Say whether the noise explains the best fit, where it does not."""
    return "" if look.best is None or look.best.fit is None else look.best.fit.sentence


def _first_look(look: Look) -> str:
    """Say what the map shows before anything has raced on it."""
    if look.lowest is None:
        return "No point of this grid can be simulated: bring the known parameters back towards the sliders’ ranges."
    best, candidate = look.problem.states(look.lowest.position)[:, 0], look.states[0]
    said = f"The best fit, at the cross, fires {_spikes(best)}"
    said += f"; the candidate fires {_spikes(candidate)}." if np.isfinite(candidate[-1]) else "."
    if set(look.problem.unknown) == {"theta0", "theta1"}:
        if regime(best) != "spiking":
            said += " It does not go on firing, so that no rings of other valleys lie around it."
        elif spike_count(best) >= MIN_SPIKES_FOR_RINGS:
            said += " Many valleys: from ring to ring outwards, candidates fire one spike fewer."
    return f"{said} {basins.count_of_best(look.found, look.lowest.loss)}"


def _spikes(potential: NDArray[np.float64]) -> str:
    count = spike_count(potential)
    return "1 spike" if count == 1 else f"{count or 'no'} spikes"


def _notes(look: Look) -> list[str]:
    """Return a sentence for each way in which the loss is not what it seems."""
    notes, (_, ended) = [], look.states
    if look.scene.experiment.sigma < LEAST_SIGMA:
        notes.append(
            f"The loss divides by the noise: it is drawn for σ = {LEAST_SIGMA} ms, since σ = 0 makes it infinite."
        )
    if ended != Status.FINITE:
        notes.append(f"The candidate’s loss is infinite. {ended.sentence}")
    if np.isinf(look.problem.prior.regularisation(look.candidate)):
        notes.append("The candidate lies outside the prior’s box, and so outside the map: its loss is infinite.")
    return notes


def _metrics(look: Look) -> list[tuple[str, str, str]]:
    where = "–"
    if look.sought:
        where = "let go to update"
    elif look.lowest is not None:
        place = ", ".join(fixed(value, 3) for value in look.lowest.position)
        where = f"{significant(look.lowest.loss)} at {place}"
    misfit = float(look.problem.misfit(look.candidate))
    penalty = float(look.problem.prior.regularisation(look.candidate))
    metrics = [
        ("loss J of the candidate", significant(misfit + penalty), "Misfit plus regularisation."),
        ("misfit", significant(misfit), "The data’s part of the loss."),
        ("prior", significant(penalty), "The regularisation; infinite outside the prior’s box."),
        ("lowest J", where, "Of the whole box, not of the map’s points alone: the MAP estimate, or what lies lower."),
    ]
    if look.truth is not None:
        errors = ", ".join(difference(value - true) for value, true in zip(look.candidate, look.truth, strict=True))
        metrics.insert(3, ("error of m", errors, "Candidate minus truth."))
    return metrics
