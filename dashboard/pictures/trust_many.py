"""The part of the page Trust about perturbations for many traces: do they carry over from one map to others?"""

from typing import Any

import numpy as np

from core.experiments.directions import stored_directions
from core.experiments.estimators import (
    FIRST_LAYER,
    FIRST_NETWORK,
    KNOWN,
    MAP,
    PERTURBED_MAPS,
    RANDOM_CHANGE,
    SHIFT,
    STACKED,
    made_for,
)
from core.experiments.labels import ESTIMATOR_LABELS, REGIME_LABELS
from core.experiments.records import Key, Result, stored
from core.published import time_grid
from dashboard.figures import universal as figures
from dashboard.figures.style import SHIPPED_MAPS, Look
from dashboard.pictures.controls import Control, controls_at, drop_down
from dashboard.pictures.perturbation import CODES
from dashboard.pictures.perturbed import CLASSICAL
from dashboard.pictures.shown import Cell, Plot, Shown
from dashboard.scene.experiment import Experiment
from dashboard.scene.kinds import Area
from dashboard.scene.scene import Scene
from dashboard.scene.settings import CHOICES, DEFAULTS, SETTINGS
from dashboard.wording import universal as wording
from dashboard.wording.numbers import significant

SIZES = ("made_from", "size", "sup_norm")  # settings of the experiment
ATTACKED = (*PERTURBED_MAPS, MAP, KNOWN)
NAMES = {code: name for name, code in CODES.items()}  # of the classical estimators, on the pages
# Values without and with all of the cell's colour, by what the cells show.
SHADES = dict(zip(CHOICES["carried"], ((0.3, 1000.0), (1.0, 5.0)), strict=True))


def many_traces(scene: Scene) -> Shown:
    """Return how far perturbations made for one estimator move all others, as measured."""
    found, directions, experiment = stored("perturbations"), stored_directions(), scene.experiment
    if found is None or not directions:
        return Shown("trust-none", question=wording.QUESTION, answer=wording.RUN)
    code, size = _code(experiment.made_for), found.settings["size"]
    items: list[Control] = [
        drop_down("made_for", SETTINGS["made_for"].label, _name(code), {_name(each): _name(each) for each in ATTACKED}),
        *controls_at(Area.TRANSFER, experiment),
    ]
    moved = {each: found.value(Key(each, "movement", "", made_for(code))) for each in ATTACKED}
    random = {each: found.value(Key(each, "movement", "", RANDOM_CHANGE)) for each in ATTACKED}
    return Shown(
        "trust-many",
        [
            Plot("direction", figures.direction(time_grid(), directions[code], _look(code), _name(code), size)),
            Plot("methods", figures.methods(_methods(found), [_name(each) for each in PERTURBED_MAPS])),
        ],
        wording.QUESTION,
        wording.answer(_name(code), _by_name(moved), _by_name(random)),
        why=[wording.how_to_read(*(found.settings[each] for each in SIZES)), wording.HOW_MADE, found.about],
        options=[{"title": "", "items": items}],
        table=_table(found, experiment),
        said=[_about_published(found, code), wording.CLICK],
    )


def _code(name: str) -> str:
    """Return the code of an estimator that is wished for by its name, or that of the published dense network."""
    code = CODES.get(name, name)
    return code if code in ATTACKED else SETTINGS["made_for"].default


def _name(code: str) -> str:
    if code in NAMES:
        return NAMES[code]
    return ESTIMATOR_LABELS[code] if code == FIRST_NETWORK else code


def _by_name(values: dict[str, float]) -> dict[str, float]:
    return {_name(code): value for code, value in values.items()}


def _look(code: str) -> Look:
    return CLASSICAL[NAMES[code]] if code in NAMES else SHIPPED_MAPS.get(code, SHIPPED_MAPS["best"])


def _methods(found: Result) -> dict[str, list[float]]:
    """Return the median movement of each map by each way of making a perturbation for it."""
    return {
        REGIME_LABELS[way]: [found.value(Key(code, "movement", "", way)) for code in PERTURBED_MAPS]
        for way in figures.WAYS
    }


def _about_published(found: Result, code: str) -> str:
    """Say how far the published attack moves a map; of an estimator without layers, the published dense network."""
    own = code if code in PERTURBED_MAPS else DEFAULTS["made_for"]
    first, random, ours = (found.value(Key(own, "movement", "", way)) for way in (FIRST_LAYER, RANDOM_CHANGE, STACKED))
    return wording.about_published(
        _name(own), found.settings["sup_norm"], found.settings["size"], (first, random, ours)
    )


def _table(found: Result, experiment: Experiment) -> list[list[Cell]]:
    """Return the table of who is moved by what; a click on a cell shows it on the trace on screen."""
    head: list[Cell] = ["made for ↓, attacked →", *map(_name, ATTACKED)]
    rows = [head]
    for code in ATTACKED:
        rows.append([_row_head(code), *(_cell(found, experiment, code, each) for each in ATTACKED)])
    for regime in (RANDOM_CHANGE, SHIFT):
        figures_of = [found.value(Key(each, experiment.carried, "", regime)) for each in ATTACKED]
        rows.append([REGIME_LABELS[regime], *(_shaded(value, experiment.carried) for value in figures_of)])
    return rows


def _row_head(code: str) -> Cell:
    look = _look(code)
    return {"text": _name(code), "colour": look.colour, "hollow": look.hollow}


def _cell(found: Result, experiment: Experiment, code: str, attacked: str) -> Cell:
    cell = _shaded(found.value(Key(attacked, experiment.carried, "", made_for(code))), experiment.carried)
    if FIRST_NETWORK in (code, attacked):
        return cell  # it is no map of its own
    change = {
        "trust": DEFAULTS["trust"], "perturbation": "universal", "made_for": _name(code), "perturbed": _name(attacked),
        "perturbation_size": found.settings["size"], "opposite": False,
    }  # fmt: skip
    return {**cell, "change": change, "help": wording.help_of(_name(code), _name(attacked))}


def _shaded(value: float, metric: str) -> dict[str, Any]:
    least, most = SHADES[metric]
    share = np.clip(np.log(max(value, least) / least) / np.log(most / least), 0, 1)
    return {"text": significant(value, 2), "shade": float(share)}
