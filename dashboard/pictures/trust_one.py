"""The part of the page Trust about one trace: is the network fooled, or is the problem ill-posed?"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.estimate import Outcome
from core.perturbations.target import smallest_for_map
from dashboard.background.search import Wanted
from dashboard.background.wish import Wish
from dashboard.figures import perturbation as figures
from dashboard.figures.density import SIDE, raster
from dashboard.figures.regions import reaching
from dashboard.maps import all_inverse_maps
from dashboard.pictures import results
from dashboard.pictures.controls import Control, button, controls_at, drop_down
from dashboard.pictures.own_maps import chooser
from dashboard.pictures.perturbation import (
    LEAST_AMPLIFICATION,
    SIZES,
    Moved,
    Perturbation,
    courses,
    effect_on,
    moved,
    perturbation_on_screen,
    target_of,
    universal_makers,
    wanted_search,
)
from dashboard.pictures.perturbed import TraceOnScreen, trace_of
from dashboard.pictures.posterior import FOLLOWS as FOLLOWS_SECONDS
from dashboard.pictures.posterior import Point, truth_of, window_of
from dashboard.pictures.released import at_release
from dashboard.pictures.shown import Cell, Plot, Shown, name_cell
from dashboard.pictures.uncertainty import SIDE_DRAGGED
from dashboard.scene.kinds import Area
from dashboard.scene.observation import LEAST_SIGMA
from dashboard.scene.problem import theta_problem
from dashboard.scene.scene import Scene
from dashboard.scene.settings import SETTINGS
from dashboard.wording import entries
from dashboard.wording import perturbations as wording
from dashboard.wording.noise import about_least_sigma
from dashboard.wording.numbers import significant
from dashboard.wording.posterior import unexplained

FOLLOWS = ("perturbation_size", "opposite")  # the settings that the picture follows under the hand
TARGET = ("target_theta0", "target_theta1")

Array = NDArray[np.float64]


def one_trace(scene: Scene) -> Shown:
    """Return the perturbed trace on screen, and where its perturbation moves the estimates.

    While anything but the size of the perturbation is dragged, all of it stays as it was at the last release, but for
    a target, which follows the hand.
    """
    before = _at_rest(scene)
    if not scene.dragging:
        return before
    if scene.differs_only_in(*FOLLOWS) and _is_fast(scene):
        return _one_trace(scene)
    stays = before.as_it_is(stale=True)
    if scene.differs_only_in(*TARGET) and before.plots:
        return replace(stays, plots=[_with_target(scene, before.plots[0]), *stays.plots[1:]])
    return stays


def _at_rest(scene: Scene) -> Shown:
    """Return the picture at the last release, with what a search had found by then."""
    sought = scene.holdings.sought
    return at_release(_one_trace, scene, sought.found, sought.is_active)


def _is_fast(scene: Scene) -> bool:
    """Say whether the exact posterior was fast at the last release, as that of the perturbed trace will be."""
    released = scene.at_release
    return (
        released.observation.usable
        and results.posterior_seconds(theta_problem(released.experiment, released.observation)) < FOLLOWS_SECONDS
    )


def _with_target(scene: Scene, plane: Plot) -> Plot:
    """Return the plane as it was, with the target where the hand has it."""
    assert plane.figure is not None, "it is that of the last release"
    x, y = scene.experiment.target_theta0, scene.experiment.target_theta1
    layout = plane.figure["layout"]
    shapes = [
        {**shape, "xanchor": x, "yanchor": y} if shape.get("legendgroup") == entries.TARGET else shape
        for shape in layout["shapes"]
    ]
    figure = {**plane.figure, "layout": {**layout, "shapes": shapes}}
    return replace(plane, figure=figure, handles=[((x, y), TARGET)], stale=True)


def _one_trace(scene: Scene) -> Shown:
    observation = scene.observation
    if not observation.usable:
        return Shown("trust-none", question=wording.QUESTION, notes=[observation.note])
    every, sentences = all_inverse_maps(scene.experiment.own_maps)
    notes = [observation.note, *sentences]
    if scene.experiment.sigma < LEAST_SIGMA:
        notes.append(about_least_sigma(LEAST_SIGMA))
    try:
        trace = trace_of(scene, every)
    except ValueError as error:
        return Shown("trust-none", question=wording.QUESTION, notes=[*notes, str(error)])
    name, makers = chosen(trace), universal_makers(trace)
    made_for = _wished(scene.experiment.made_for, makers) if makers else ""
    perturbation = perturbation_on_screen(trace, name, made_for)
    if isinstance(perturbation, str):
        shown = Shown("trust-none", question=wording.QUESTION, answer=perturbation)
    else:
        try:
            shown = _shown(trace, name, perturbation)
        except ValueError:  # of the perturbed trace
            shown = Shown("trust-none", question=wording.QUESTION, answer=wording.TOO_FAR)
    items = [*_controls(scene, trace, name, made_for, makers), *chooser(scene)]
    return replace(shown, notes=notes, options=[{"title": "", "items": items}])


def wanted(scene: Scene) -> Wanted | None:
    """Return the search for the smallest perturbation that is asked for; None where none is, or where nothing is."""
    if scene.experiment.perturbation != "target" or not scene.observation.usable:
        return None
    try:
        trace = trace_of(scene, all_inverse_maps(scene.experiment.own_maps)[0])
    except ValueError:  # the page says it
        return None
    return wanted_search(trace, chosen(trace))


def chosen(trace: TraceOnScreen) -> str:
    """Return the name of the estimator that is perturbed."""
    return _wished(trace.scene.experiment.perturbed, trace.names)


def _wished(wished: str, names: list[str]) -> str:
    """Return the name that is wished for, or the last one, where it is not there."""
    return wished if wished in names else names[-1]


def _controls(scene: Scene, trace: TraceOnScreen, name: str, made_for: str, makers: list[str]) -> list[Control]:
    experiment = scene.experiment
    # The smallest perturbation to a target has its own size.
    idle = FOLLOWS if experiment.perturbation == "target" else ()
    who: list[Control] = [
        drop_down("perturbed", SETTINGS["perturbed"].label, name, {each: each for each in trace.names})
    ]
    if experiment.perturbation == "universal":
        who.append(drop_down("made_for", SETTINGS["made_for"].label, made_for, {each: each for each in makers}))
    items = [*who, *controls_at(Area.PERTURBATION, experiment, idle)]
    sought = scene.holdings.sought
    if experiment.perturbation == "target" and sought.is_active:
        items.append(button("wish", "Stop", Wish.STOP_SEARCHING))
    return items


def _shown(trace: TraceOnScreen, name: str, perturbation: Perturbation) -> Shown:
    scene, problem = trace.scene, trace.problem
    found = moved(trace, perturbation, name)
    ways = courses(trace, perturbation)
    movements = {each: (trace.looks[each], trace.in_sds(way - found.before[each])) for each, way in ways.items()}
    size, delta = abs(perturbation.size), found.data - problem.data
    return Shown(
        "trust-one",
        question=wording.QUESTION,
        plots=[
            _plane(trace, name, perturbation, found, ways),
            Plot("trace", figures.trace(problem.times, problem.data, delta, scene.time_range)),
            Plot("movements", figures.movements(SIZES, movements, size)),
        ],
        answer=_answer(trace, name, perturbation, found),
        why=[wording.MEASURE, wording.BOUND, wording.SLOW_SHIFTS, wording.HOW_TO_READ_TABLE],
        table=_table(trace, found),
    )


def _answer(trace: TraceOnScreen, name: str, perturbation: Perturbation, found: Moved) -> str:
    size, n_times = abs(perturbation.size), trace.problem.times.size
    if trace.exact.fit.outcome != Outcome.EXPLAINED:
        return unexplained(trace.exact)
    if perturbation.arrival is not None:
        progress = trace.scene.holdings.sought.progress
        if progress is not None and progress.active:
            return wording.searched(name, progress.done)
        return wording.about_target(perturbation.arrival, name, size, _needed(trace), n_times)
    if found.exact.fit.outcome != Outcome.EXPLAINED:
        return wording.UNEXPLAINED
    return wording.answer(name, size, n_times, effect_on(trace, found, name)) if name in found.after else ""


def _needed(trace: TraceOnScreen) -> float | None:
    """Return the least size of what makes the target the best fit; None for a target that the prior excludes."""
    target, (lower, upper) = np.array(target_of(trace)), trace.problem.bounds.T
    if np.any((target <= lower) | (target >= upper)):
        return None
    return float(np.linalg.norm(smallest_for_map(trace.problem, target)))


def _plane(
    trace: TraceOnScreen, name: str, perturbation: Perturbation, found: Moved, ways: Mapping[str, Array]
) -> Plot:
    scene, looks = trace.scene, trace.looks
    truth = truth_of(scene, trace.problem)
    target = target_of(trace) if perturbation.arrival is not None else None
    box = _box(_at_rest(scene)) if scene.dragging else None
    if box is None:
        box = _framed(trace, name, found, truth, target)
    side = SIDE_DRAGGED if scene.dragging else SIDE
    marks = {each: (looks[each], place) for each, place in found.after.items()}
    way = ways.get(name, np.full((1, 2), np.nan))
    start = found.before.get(name, np.full(2, np.nan))
    figure = figures.plane(
        trace.exact.names, box, raster(trace.exact, box, side), raster(found.exact, box, side), marks,
        (looks[name], np.vstack([start, way])), truth, target,
    )  # fmt: skip
    if target is None:
        return Plot("plane", figure)
    return Plot("plane", figure, handles=[(target, TARGET)])


def _box(shown: Shown) -> Array | None:
    """Return the box of the plane that is shown, (2, 2); None where there is none."""
    plane = next((plot.figure for plot in shown.plots if plot.id == "plane"), None)
    if plane is None:
        return None
    return np.array([plane["layout"][side]["range"] for side in ("xaxis", "yaxis")])


def _framed(trace: TraceOnScreen, name: str, found: Moved, truth: Point | None, target: Point | None) -> Array:
    """Return the box, (2, 2), that holds both posteriors, the perturbed estimate, and the target."""
    boxes = [window_of(each, truth) for each in (trace.exact, found.exact)]
    low = np.min([each[:, 0] for each in boxes], axis=0)
    high = np.max([each[:, 1] for each in boxes], axis=0)
    points = [found.after[name]] if name in found.after else []
    points += [] if target is None else [np.array(target)]
    return reaching(np.column_stack([low, high]), points)


def _table(trace: TraceOnScreen, found: Moved) -> list[list[Cell]]:
    rows: list[list[Cell]] = [
        ["estimator", "amplification: worst direction", "random direction", "moved [sd]", "off the exact mean [sd]"]
    ]
    for name in trace.names:
        worst = trace.amplification(name)
        is_at_edge = worst.value < LEAST_AMPLIFICATION
        cells: list[Cell] = ["–", "–"]
        if name in found.after:
            effect = effect_on(trace, found, name)
            cells = [significant(effect.moved, 2), significant(effect.off, 2)]
        rows.append(
            [
                name_cell(name, trace.looks[name]),
                wording.EDGE if is_at_edge else significant(worst.value, 3),
                "–" if is_at_edge else significant(worst.of_random, 2),
                *cells,
            ]
        )
    return rows
