"""What the page Your data shows above: the trace, what every estimator makes of it, and what to know about each."""

from collections.abc import Mapping

import numpy as np

from core.estimate import Estimate
from core.maps.inverse_map import InverseMap
from core.models.fitzhugh_nagumo.simulate import simulate
from core.published import published_prior, with_constants
from dashboard.figures import inverse_map as figures
from dashboard.figures.style import MAP, Look
from dashboard.maps import inverse_maps, looks
from dashboard.pictures import results
from dashboard.pictures.shown import Cell, Plot, Shown, name_cell
from dashboard.scene.problem import theta_problem
from dashboard.scene.scene import Scene
from dashboard.wording import entries
from dashboard.wording.maps import about_novelty, about_training
from dashboard.wording.numbers import fixed

MAP_LOOK = Look(MAP, "x")


def picture(scene: Scene) -> Shown | None:
    """Return the trace with all estimates; the MAP estimate waits for the release of a dragged control.

    None while a recording is on the page, which the fit below alone can take.
    """
    if scene.holdings.recording is not None:
        return None
    experiment, observation = scene.experiment, scene.observation
    if not observation.usable:
        return Shown("trace", notes=[observation.note])
    maps, _ = inverse_maps()
    drawn = {entries.MAP: MAP_LOOK, **looks(maps)}
    found = estimates(scene, maps)
    best = found.get(entries.MAP)
    verdict = "" if best is None or best.fit is None else best.fit.sentence
    values = np.array([each.mean[0] for each in found.values()]).reshape(-1, 2)
    potentials = simulate(with_constants(values, experiment.zeta, experiment.gamma), observation.times)[..., 0]
    lines = {name: (drawn[name], u) for name, u in zip(found, potentials, strict=True)}
    figure = figures.resimulated(observation.times, observation.data, None, lines)
    said = [*filter(None, [verdict]), _about_start_and_edge(found, maps)]
    return Shown("trace", [Plot("trace", figure)], table=_table(scene, maps, found, drawn), said=said,
                 notes=[observation.note])  # fmt: skip


def estimates(scene: Scene, maps: Mapping[str, InverseMap]) -> dict[str, Estimate]:
    """Return the estimates of θ by name: the MAP estimate, if it is known, and those of the maps for this time grid."""
    observation = scene.observation
    best = results.map_estimate(theta_problem(scene.experiment, observation), search=not scene.dragging)
    found = {} if best is None else {entries.MAP: best}
    taking = {name: each for name, each in maps.items() if each.takes(observation.times)}
    return found | {name: each.predict(observation.data[None]) for name, each in taking.items()}


def _table(
    scene: Scene, maps: Mapping[str, InverseMap], found: Mapping[str, Estimate], drawn: Mapping[str, Look]
) -> list[list[Cell]]:
    """Return the rows of the table, its head first."""
    trace = scene.observation.described(scene.experiment)
    grid = "It takes any time grid, and assumes ζ, γ, σ and ρ of the sidebar."
    sentences = {entries.MAP: f"{_about_map_estimate(scene, found)} {grid}"}
    for name, each in maps.items():
        told = about_training({name: each}, trace) or ["Trained for traces like this one."]
        if name in found and not scene.dragging:
            score = results.novelty(each, scene.observation.data, found[name])
            if score is not None:
                told.append(about_novelty(name, score, bool(each.differences(**trace))))
        sentences[name] = " ".join(told)
    rows: list[list[Cell]] = [["estimator", "θ₀", "θ₁", "what to know"]]
    for name, sentence in sentences.items():
        numbers = ["–", "–"]
        if name in found:
            numbers = [fixed(value, 4) for value in found[name].mean[0]]
        rows.append([name_cell(name, drawn[name]), *numbers, sentence])
    return rows


def _about_map_estimate(scene: Scene, found: Mapping[str, Estimate]) -> str:
    if entries.MAP in found:
        return found[entries.MAP].status
    return "Let go to update." if scene.dragging else "None: no point of the prior’s box can be simulated."


def _about_start_and_edge(found: Mapping[str, Estimate], maps: Mapping[str, InverseMap]) -> str:
    on_edge = []
    for name, each in found.items():
        values, prior = each.mean[0], maps[name].recipe.task.prior if name in maps else published_prior()
        if np.any((values <= np.array(prior.lower) + 1e-6) | (values >= np.array(prior.upper) - 1e-6)):
            on_edge.append(name)
    text = "The model starts at u = v = 0 at the first sample. If yours does not, use the fit below."
    if on_edge:
        text += f" On the edge of the prior’s box, so that the truth may lie beyond it: {', '.join(on_edge)}."
    return text
