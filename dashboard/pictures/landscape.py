"""What the Landscape page shows: the loss over the two unknown parameters, and what stands beside it."""

from dataclasses import replace
from typing import Any

import numpy as np

from core.models.model import Status
from core.noise import whiten
from core.symbols import symbol_of
from dashboard.figures import fit as fits
from dashboard.figures import gradient as gradients
from dashboard.figures import landscape as figures
from dashboard.figures import swarm
from dashboard.figures.race import course
from dashboard.figures.surface import surface
from dashboard.pictures import basins, race, results
from dashboard.pictures import slice as slices
from dashboard.pictures.controls import control, controls_at
from dashboard.pictures.equations import data_equation
from dashboard.pictures.look import Look, at_release, problem_at
from dashboard.pictures.shown import Cell, Equation, Plot, Shown, Symbol
from dashboard.scene.experiment import Experiment
from dashboard.scene.kinds import Area
from dashboard.scene.lowest import Place
from dashboard.scene.observation import LEAST_SIGMA
from dashboard.scene.scene import Scene
from dashboard.scene.settings import OF_A_RACE
from dashboard.wording.numbers import difference, fixed, significant

QUESTION = "Where does the optimiser end up, and why?"
HEAT_MAP, GRADIENT_MAP = "heat map", "gradient map"  # names of kept results


def picture(scene: Scene) -> Shown:
    """Return what the page shows."""
    return replace(_picture(scene), question=QUESTION, options=_options(scene.experiment))


def _options(experiment: Experiment) -> list[dict[str, object]]:
    """Return what stands beside the map and the methods that race; samplers, and the rest of the controls, unfold."""
    first = ("map_shows", "beside")
    rest = controls_at(Area.LANDSCAPE, experiment, without=first)
    return [
        {"title": "", "items": [control(name, experiment) for name in first]},
        {"title": "Options", "items": rest, "closed": True},
        {
            "title": "Samplers",
            "items": controls_at(Area.SAMPLERS, experiment, without=race.idle(experiment)),
            "closed": not experiment.samplers,
        },
        {"title": "", "items": controls_at(Area.METHODS, experiment)},
    ]


def _picture(scene: Scene) -> Shown:
    """Return what the page shows below its controls.

    While the problem is dragged the search for the lowest loss, surface, race and basins wait; while the candidate is,
    they stay as they are.
    """
    layout = f"landscape-{scene.experiment.beside}"
    if not scene.observation.usable:
        return Shown(layout, notes=[scene.observation.note])
    look = Look(scene, problem_at(scene))
    plots = _beside(look)
    answer, *why = filter(None, _said(look))
    waits = scene.experiment.beside == "basins" and any(plot.stale for plot in plots)
    return Shown(
        layout,
        [_map(look), *plots],
        metrics=_metrics(at_release(look) if waits else look),
        table=_table(look),
        answer=answer,
        why=why,
        equations=_equations(look),
        notes=[scene.observation.note, *_notes(look)],
        race=race.player(scene, look.problem, look.paths, look.sampled),
        tools=basins.tools(scene) if scene.experiment.beside == "basins" else (),
        stale=waits,
    )


def _map(look: Look) -> Plot:
    experiment, problem = look.scene.experiment, look.problem
    if experiment.map_shows == "gradient":
        name, title = GRADIENT_MAP, gradients.TITLE
    else:
        name, title = HEAT_MAP, f"Loss J over ({', '.join(map(symbol_of, problem.unknown))}): dark is low"

    def drawn(dragged: bool = False) -> list[dict[str, Any]]:
        if name == GRADIENT_MAP:
            return gradients.gradient_map(look.slopes, dragged)
        return figures.heat_map(look.grid, dragged)

    key = problem.identity, look.grid.x.size
    heat = drawn(dragged=True) if look.problem_waits else results.kept(name, key, drawn)
    marks = figures.Marks(
        look.candidate,
        None if look.sought else look.lowest,
        look.truth,
        problem.prior,
        None if look.slice is None else look.slice.points[[0, -1]],
        look.paths,
        look.sampled,
        look.found,
    )
    handle = (look.candidate, (f"candidate_{experiment.axis_x}", f"candidate_{experiment.axis_y}"))
    return Plot("map", figures.loss_map(look.grid, marks, heat, title), "start", handles=[handle])


def _beside(look: Look) -> list[Plot]:
    """Return the plots that stand beside the map."""
    problem, beside, dragging = look.problem, look.scene.experiment.beside, look.scene.dragging
    if beside == "basins":
        return basins.plots(look.scene, problem, look.zero, look.truth)
    if beside == "surface":
        return [Plot("surface", None, stale=True) if dragging else _surface(look)]
    potential, _ = look.states
    fit = Plot("fit", fits.fit(problem.times, problem.data, potential, look.clean, look.scene.time_range))
    if beside == "race":
        stays = dragging and not look.problem_waits
        return [Plot("course", None if stays else course(look.paths, look.zero, swarm.courses(look.sampled))), fit]
    if beside == "distance":
        stays = dragging and not look.problem_waits
        return [
            Plot(name, None if stays else draw(look.paths, look.sampled))
            for name, draw in (("distance", swarm.distance), ("variation", swarm.variation))
        ]
    if beside == "residual":
        whitened = whiten(problem.data - potential, problem.noise[0])
        is_coloured = problem.noise[0].rho != 0
        return [fit, Plot("residual", fits.residual(problem.times, whitened, is_coloured, look.scene.time_range))]
    return [fit, slices.plot(look)]


def _surface(look: Look) -> Plot:
    at, true = (
        place and Place(place, float(look.problem.loss(place))) for place in (look.candidate, look.truth)
    )  # fmt: skip
    return Plot("surface", surface(look.grid, at, look.lowest, true))


def _table(look: Look) -> list[list[Cell]]:
    beside = look.scene.experiment.beside
    if beside == "basins":
        there = at_release(look)
        return basins.table(there.found, there.zero, there.problem.unknown)
    return race.table(look.paths, look.zero, look.sampled) if beside in OF_A_RACE else []


def _said(look: Look) -> list[str]:
    """Return the sentences about the page's main picture, the answer first."""
    if look.scene.experiment.beside == "basins":
        there = at_release(look)
        answer, *why = basins.sentences(there.found, there.zero)
    elif look.paths or look.sampled:
        there = look
        answer, *why = race.sentences(look.paths, look.zero, look.scene.holdings.race.missing)
        if look.sampled:
            answer, *why = [*race.about(look.sampled, look.problem.bounds), answer]
    else:
        there = look
        answer, why = slices.answer(look), [*slices.reasons(look), basins.count_of_best(look.found, look.zero)]
    verdict = _verdict(there)
    return [verdict, answer, *why] if verdict else [answer, *why]


def _verdict(look: Look) -> str:
    """Say whether the noise explains the best fit, where it does not."""
    return "" if look.best is None or look.best.fit is None else look.best.fit.sentence


def _equations(look: Look) -> list[Equation]:
    """Return the model of the data, of the noise, and the loss, with the candidate's numbers."""
    experiment, noise = look.scene.experiment, look.problem.noise[0]
    misfit, penalty = look.parts
    assumed = "η AR(1)" if noise.rho else "η white"
    prior: list[str | Symbol] = [" + ", Symbol("½‖(m − m̄)/(w s)‖²", significant(penalty), "prior_width")]
    return [
        data_equation(experiment),
        Equation(
            "loss",
            [
                Symbol("J(m)", significant(misfit + penalty)),
                " = ",
                Symbol("½‖W(d − u(m))‖²", significant(misfit)),
                *(prior if experiment.regularised else []),
            ],
        ),
        Equation("weight", [f"W² = cov(η)⁻¹ for {assumed}"]),
    ]


def _notes(look: Look) -> list[str]:
    """Return a sentence for each way in which the loss is not what it seems."""
    notes, (_, ended) = [], look.states
    if unknown := race.unknown_to_learned(look.scene.experiment, look.problem):
        notes.append(unknown)
    if look.scene.experiment.sigma < LEAST_SIGMA:
        notes.append(
            f"The loss divides by the noise: it is drawn for σ = {LEAST_SIGMA} ms, since σ = 0 makes it infinite."
        )
    if ended != Status.FINITE:
        notes.append(f"The candidate’s loss is infinite. {ended.sentence}")
    if np.isinf(look.parts[1]):
        notes.append("The candidate lies outside the map, where the prior is zero: its loss is infinite.")
    return notes


def _metrics(look: Look) -> list[tuple[str, str, str]]:
    where = "–"
    if look.sought:
        where = "let go to update"
    elif look.lowest is not None:
        place = ", ".join(fixed(value, 3) for value in look.lowest.position)
        where = f"{significant(look.lowest.loss)} at {place}"
    misfit, penalty = look.parts
    metrics = [
        ("J of the candidate", significant(misfit + penalty), "The loss: misfit plus the prior’s part."),
        (
            "MAP (maximum a posteriori), the least J",
            where,
            "The lowest loss that is known, and its place: searched for over the whole map, between its points too.",
        ),
    ]
    if look.truth is not None:
        errors = ", ".join(difference(value - true) for value, true in zip(look.candidate, look.truth, strict=True))
        metrics.append(("candidate − truth", errors, ""))
    return metrics
