"""The part of the page Trust about one trace: is the network fooled, or is the problem ill-posed?"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.estimate import Outcome
from core.perturbations.target import smallest_for_map
from dashboard.figures import perturbation as figures
from dashboard.figures.density import SIDE, raster, widened
from dashboard.figures.regions import outside
from dashboard.pictures.controls import Control, controls_at, drop_down
from dashboard.pictures.perturbation import (
    SIZES,
    Moved,
    Perturbation,
    courses,
    effect_on,
    moved,
    perturbation_on_screen,
    target_of,
    universal_makers,
)
from dashboard.pictures.perturbed import Trace, trace_of
from dashboard.pictures.posterior import Point, truth_of, window_of
from dashboard.pictures.released import at_release
from dashboard.pictures.shown import Cell, Plot, Shown, name_cell
from dashboard.pictures.uncertainty import SIDE_DRAGGED
from dashboard.scene.kinds import Area
from dashboard.scene.scene import Scene
from dashboard.scene.settings import SETTINGS
from dashboard.wording import entries
from dashboard.wording import perturbations as wording
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
    before = at_release(_one_trace, scene)
    if not scene.dragging:
        return before
    if _differs_in(scene, FOLLOWS):
        return _one_trace(scene)
    stays = before.as_it_is(stale=True)
    if _differs_in(scene, TARGET):
        return replace(stays, plots=[_with_target(scene, before.plots[0]), *stays.plots[1:]])
    return stays


def _differs_in(scene: Scene, names: Sequence[str]) -> bool:
    """Say whether the hand has changed some of these settings, and no others."""
    return scene.experiment == replace(scene.released, **{name: getattr(scene.experiment, name) for name in names})


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
    try:
        trace = trace_of(scene)
    except ValueError as error:
        return Shown("trust-none", question=wording.QUESTION, notes=[observation.note, str(error)])
    name = _chosen(scene.experiment.perturbed, trace.names)
    makers = universal_makers(trace)
    made_for = _chosen(scene.experiment.made_for, makers) if makers else ""
    try:
        perturbation = perturbation_on_screen(trace, name, made_for)
    except ValueError as error:
        shown = Shown("trust-none", question=wording.QUESTION, answer=str(error), notes=[observation.note])
    else:
        shown = replace(_shown(trace, name, perturbation), notes=[observation.note])
    return replace(shown, options=[{"title": "", "items": _controls(scene, trace, name, made_for, makers)}])


def _chosen(wished: str, names: list[str]) -> str:
    """Return the name that is wished for, or the last one, where it is not there."""
    return wished if wished in names else names[-1]


def _controls(scene: Scene, trace: Trace, name: str, made_for: str, makers: list[str]) -> list[Control]:
    experiment = scene.experiment
    # The smallest perturbation to a target has its own size.
    idle = FOLLOWS if experiment.perturbation == "target" else ()
    who: list[Control] = [
        drop_down("perturbed", SETTINGS["perturbed"].label, name, {each: each for each in trace.names})
    ]
    if experiment.perturbation == "universal":
        who.append(drop_down("made_for", SETTINGS["made_for"].label, made_for, {each: each for each in makers}))
    return [*who, *controls_at(Area.PERTURBATION, experiment, idle)]


def _shown(trace: Trace, name: str, perturbation: Perturbation) -> Shown:
    scene, problem = trace.scene, trace.problem
    found = moved(trace, perturbation)
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
        why=[wording.MEASURE, wording.BOUND, wording.ILL_POSED, wording.HOW_TO_READ_TABLE],
        table=_table(trace, found),
    )


def _answer(trace: Trace, name: str, perturbation: Perturbation, found: Moved) -> str:
    size, n_times = abs(perturbation.size), trace.problem.times.size
    if trace.exact.fit.outcome != Outcome.EXPLAINED:
        return unexplained(trace.exact)
    if perturbation.arrival is not None:
        needed = float(np.linalg.norm(smallest_for_map(trace.problem, target_of(trace))))
        return wording.about_target(perturbation.arrival, name, size, needed, n_times)
    return wording.answer(name, size, n_times, effect_on(trace, found, name)) if name in found.after else ""


def _plane(trace: Trace, name: str, perturbation: Perturbation, found: Moved, ways: Mapping[str, Array]) -> Plot:
    scene, looks = trace.scene, trace.looks
    truth = truth_of(scene, trace.problem)
    target = target_of(trace) if perturbation.arrival is not None else None
    box = at_release(_box, scene) if scene.dragging else None
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


def _box(scene: Scene) -> Array | None:
    """Return the box of the plane at the last release, (2, 2); None where there is no plane."""
    shown = at_release(_one_trace, scene)
    plane = next((plot.figure for plot in shown.plots if plot.id == "plane"), None)
    if plane is None:
        return None
    return np.array([plane["layout"][side]["range"] for side in ("xaxis", "yaxis")])


def _framed(trace: Trace, name: str, found: Moved, truth: Point | None, target: Point | None) -> Array:
    """Return the box, (2, 2), that holds both posteriors, the perturbed estimate, and the target."""
    boxes = [window_of(each, truth) for each in (trace.exact, found.exact)]
    low = np.min([each[:, 0] for each in boxes], axis=0)
    high = np.max([each[:, 1] for each in boxes], axis=0)
    points = [found.after[name]] if name in found.after else []
    points += [] if target is None else [np.array(target)]
    box = np.column_stack([low, high])
    for point in points:
        if outside(box, point):
            box = widened(np.column_stack([np.minimum(box[:, 0], point), np.maximum(box[:, 1], point)]), 0.06)
    return box


def _table(trace: Trace, found: Moved) -> list[list[Cell]]:
    rows: list[list[Cell]] = [
        ["estimator", "amplification: worst direction", "random direction", "moved [sd]", "off the exact mean [sd]"]
    ]
    for name in trace.names:
        worst = trace.amplification(name)
        cells: list[Cell] = ["–", "–"]
        if name in found.after:
            effect = effect_on(trace, found, name)
            cells = [significant(effect.moved, 2), significant(effect.off, 2)]
        rows.append(
            [name_cell(name, trace.looks[name]), significant(worst.value, 3), significant(worst.of_random, 2), *cells]
        )
    return rows
