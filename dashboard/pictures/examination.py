"""The examination of a map: its verdict, the pictures behind it, and a gallery of maps with a deliberate fault."""

from pathlib import Path

import numpy as np

from core.files import read_json
from core.jobs.folder import EXAMINATION
from core.maps.examination.examination import Examination, can_examine
from core.maps.examination.examination_file import MOST_BYTES, examination_from_json
from core.maps.examination.verdict import verdict
from core.maps.inverse_map import InverseMap
from core.maps.planted_faults import Planted
from core.maps.recipe import Recipe
from core.maps.recipes import published_task
from core.maps.task import Task
from core.maps.test_sets import can_read_published, noisy_task
from core.symbols import symbol_of
from dashboard.background.examination import Wanted
from dashboard.figures import examination as figures
from dashboard.figures.style import OWN_MAPS, Look
from dashboard.maps import inverse_maps, looks, planted_maps
from dashboard.pictures.controls import Control, drop_down, progress, tabs
from dashboard.pictures.shown import Cell, Plot, Shown
from dashboard.scene.experiment import Experiment
from dashboard.scene.scene import Scene
from dashboard.scene.settings import SETTINGS
from dashboard.wording.examination import HOW_TO_READ, PLANTED_LABELS, about_verdict
from dashboard.wording.numbers import count, fixed, percent, signed, times

PUBLISHED, OWN = "traces of the published prior and noise", "traces of its own task"
FAILED = "The examination of this map could not be finished."


def candidates(experiment: Experiment) -> dict[str, InverseMap]:
    """Return the maps that can be examined, by name: those that are listed, then those with a deliberate fault."""
    maps = {**inverse_maps(experiment.own_maps)[0], **planted_maps()[0]}
    return {name: each for name, each in maps.items() if can_examine(each)}


def wanted(experiment: Experiment) -> Wanted | None:
    """Return the map to be examined, and the task it is examined on; None where none can be or none is asked for."""
    maps = candidates(experiment)
    if experiment.test_view != "examination" or not maps:
        return None
    trained = maps[_chosen(experiment, maps)]
    return Wanted(trained, examined_task(trained.recipe))


def examined_task(recipe: Recipe) -> Task:
    """Return the published task, or for a map that cannot read such traces its own."""
    return published_task() if can_read_published(recipe.task) else noisy_task(recipe.task)


def _chosen(experiment: Experiment, maps: dict[str, InverseMap]) -> str:
    return experiment.test_map if experiment.test_map in maps else next(iter(maps))


def picture(scene: Scene) -> Shown:
    """Return the examination of the chosen map, as far as it is."""
    experiment, held = scene.experiment, scene.holdings.examined
    maps = candidates(experiment)
    if not maps:
        return Shown("accuracy-none", said=["No map states how far it may be off."])
    name = _chosen(experiment, maps)
    trained, asked = maps[name], wanted(experiment)
    found = held.found if asked is not None and held.key == asked.key else None
    labels = {each: PLANTED_LABELS.get(each, each) for each in maps}
    tools: list[Control] = [
        drop_down("test_map", SETTINGS["test_map"].label, name, labels),
        tabs("test_map", "deliberate failures", name, {each: PLANTED_LABELS[each] for each in Planted if each in maps}),
    ]
    under_way = held.progress
    done = under_way is None
    if under_way is not None:
        share = under_way.done / under_way.total
        tools.append(progress("examination_progress", "share of the examination that is done", share, percent(share)))
    if found is None:
        said = [FAILED if held.failed else f"Examining ‘{name}’ …"]
        return Shown("accuracy-none", tools=tools, said=said)
    look = looks(maps)[name] if name not in PLANTED_LABELS else OWN_MAPS[0]
    task = examined_task(trained.recipe)
    shown = _pictures("accuracy-examination", name, found, trained.recipe, task, look, done and not held.failed)
    return Shown(**{**vars(shown), "tools": tools})


def of_training(folder: Path, recipe: Recipe, done: bool) -> Shown | None:
    """Return the examination that a training has written to its folder so far, or None where there is none."""
    path = folder / EXAMINATION
    try:
        if path.stat().st_size > MOST_BYTES:
            return None
        found = examination_from_json(read_json(path), recipe.task.names)
    except (OSError, ValueError):
        return None
    return _pictures("train-examination", folder.name, found, recipe, noisy_task(recipe.task), OWN_MAPS[0], done)


def _pictures(kind: str, name: str, found: Examination, recipe: Recipe, task: Task, look: Look, done: bool) -> Shown:
    """Return the verdict and its pictures; kind: the layout."""
    traces = PUBLISHED if task == published_task() else OWN
    said = [about_verdict(name, verdict(found, recipe, task), found.n, traces, done), HOW_TO_READ]
    plots = [
        Plot("coverage", figures.coverage(found, look, name)),
        Plot("ranks", figures.ranks(found)),
        Plot("distances", figures.distances(found, look, name)),
        Plot("scores", figures.scores(found)),
    ]
    return Shown(kind, plots, table=_table(found), said=said)


def _table(found: Examination) -> list[list[Cell]]:
    """Return for each parameter the error against what is stated, and against the exact posterior where it is known."""
    exact = found.exact
    head: list[Cell] = ["", "median error [stated sd]", "± should be"]
    if exact:
        beside = f"the exact posterior’s ({count(len(exact))} traces)"
        head += [f"90 % interval over {beside}", f"mean off {beside} [exact sd]"]
    rows: list[list[Cell]] = [head]
    for column, name in enumerate(found.names):
        z = found.z[:, column]
        middle = float(np.median(z))
        factor = float(np.median(np.abs(z - middle))) / found.central_half
        row: list[Cell] = [symbol_of(name), signed(middle, 2), f"× {times(factor)}"]
        if exact:
            lengths, shifts = ([getattr(each, what)[column] for each in exact] for what in ("lengths", "shifts"))
            row += [f"× {times(float(np.median(lengths)))}", fixed(float(np.median(np.abs(shifts))), 2)]
        rows.append(row)
    return rows
