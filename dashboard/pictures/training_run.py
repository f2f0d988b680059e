"""What the Train page shows of a training: how far it is, its curve, and at its end what its map has learnt."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.jobs.folder import PREDICTIONS, WEIGHTS, is_pausing, is_stopping
from core.jobs.progress import Progress, State, duration
from core.jobs.queue import Wait
from core.jobs.request import read_request
from core.maps.inverse_map import InverseMap
from core.maps.recipe_file import recipe_from_json
from core.maps.test_sets import N_TEST, published_test_set
from core.metrics import median_ape, r_squared
from core.published import published_prior
from core.symbols import symbol_of
from dashboard.figures import training as figures
from dashboard.figures.style import Look
from dashboard.maps import chosen, inverse_maps, looks, own_inverse_maps
from dashboard.pictures.controls import Control, drop_down, progress
from dashboard.pictures.run_wishes import wishes
from dashboard.pictures.shown import Cell, Plot, Shown
from dashboard.scene.overview import AT_FIRST, Overview
from dashboard.scene.settings import SETTINGS
from dashboard.wording.entries import INSIDE, OUTSIDE
from dashboard.wording.numbers import count, fixed, percent, percent_to_digits
from dashboard.wording.training import about_inside_and_outside, about_recipe

FEWEST = 10  # test samples that metrics are computed from
MOST_BYTES = 1_000_000  # of the file of predictions
SHOWN = "The map stands beside the shipped ones on the pages Inverse map, Uncertainty and Your data."
NOT_SHOWN = (
    f"Tick the map under “{SETTINGS['own_maps'].label}” on the page Inverse map to see it beside the shipped ones."
)

Array = NDArray[np.float64]


def picture(
    folder: Path,
    done: Progress,
    names: Sequence[str],
    own: str,
    is_own: bool,
    wait: Wait | None = None,
    overview: Overview = AT_FIRST,
) -> Shown:
    """Return how far a training is, its curve, and once it has ended how its map does.

    names: of all trainings to look at. own: the setting own_maps. is_own: whether the training belongs to who looks.
    wait: how long it still waits, if it does. overview: what was asked of it before.
    """
    tools = _choice(folder.name, names)
    tools.append(
        progress("train_progress", "share of the training that is done", done.share_done, status(done, folder, wait))
    )
    tools += wishes(folder, done, is_own, overview)
    plots = [Plot("losses", figures.losses(done))] if done.validation_loss else []
    said = [_about_settings(folder)]
    layout = "train-run" if plots else "train-begun"
    maps, broken = own_inverse_maps([folder.name]) if done.state.ended else ({}, [])
    if not maps:
        return Shown(layout, plots, tools=tools, said=[*said, *broken])
    trained = maps[folder.name]
    rows = _own_metrics(trained)
    estimates = _estimates(folder)
    if estimates is not None:
        look = looks({**inverse_maps(own)[0], **maps})[folder.name]
        tested, sentence, table = _tested(trained, estimates, look)
        plots, rows = [*plots, *tested], [*table, *rows]
        said.append(sentence)
        layout = "train-tested" if len(plots) == 3 else layout
    said.append(SHOWN if folder.name in chosen(own) else NOT_SHOWN)
    symbols = [symbol_of(name) for name in trained.parameter_names]
    top: list[Cell] = ["", *(f"{metric} {symbol}" for metric in ("R²", "Median-APE") for symbol in symbols)]
    return Shown(layout, plots, tools=tools, said=said, table=[top, *rows] if rows else [])


def unreadable(name: str, names: Sequence[str], problem: str) -> Shown:
    """Return a sentence in place of a training that cannot be read, and the choice of another one."""
    return Shown("train-begun", [], tools=_choice(name, names), said=[problem])


def _choice(name: str, names: Sequence[str]) -> list[Control]:
    """Return the list of trainings, of which one of this name is watched, where there are several."""
    return [drop_down("train_watched", "training", name, {each: each for each in names})] if len(names) > 1 else []


# ----------------------------------------------------------------------------------------------------------- how far


def status(done: Progress, folder: Path, wait: Wait | None = None) -> str:
    """Say how a training stands, when it starts, how long it takes, and what is kept of it."""
    if not done.state.ended and is_stopping(folder):
        kept = _would_be_kept(done)
        return f"Stopping. {kept[0].upper()}{kept[1:]}"
    if done.state.at_work and is_pausing(folder):
        return f"{done.sentence} The training pauses after this epoch."
    if done.state.at_work:
        return f"{done.sentence} {percent(done.share_done)} done. If you stop now, {_would_be_kept(done)}"
    if not done.state.ended:
        return f"{done.sentence} {_expected_start(wait)}".rstrip()
    kept = f"The weights of epoch {done.kept_epoch} are kept" if done.kept_epoch else "No weights are kept"
    if done.state is State.FAILED and done.kept_epoch:
        kept += f" on the server’s disk: {folder.parent.name}/{folder.name}/{WEIGHTS}"
    told = [done.sentence, done.message, f"{kept}."]
    return " ".join(filter(None, told))


def _expected_start(wait: Wait | None) -> str:
    """Say how many trainings come first, and when this one is expected to start."""
    if wait is None:
        return ""
    before = {1: "It is the next one", 2: "One other comes first"}.get(
        wait.position, f"{wait.position - 1} others come first"
    )
    start = "" if wait.seconds is None else f", and starts in about {duration(wait.seconds)}"
    return f"{before}{start}."


def _would_be_kept(done: Progress) -> str:
    if not done.best_epoch:
        return "nothing is kept before the first epoch ends."
    return f"the weights of epoch {done.best_epoch} are kept."


def _about_settings(folder: Path) -> str:
    """Say what a training learns from, as its request has it."""
    try:
        return about_recipe(folder.name, recipe_from_json(read_request(folder).recipe))
    except (ValueError, KeyError, TypeError, OSError):
        return ""


# ------------------------------------------------------------------------------------------- what the map has learnt


def _estimates(folder: Path) -> Array | None:
    """Return the map's estimates, (2000, 2), of the published test samples, where the training has kept them."""
    path = folder / PREDICTIONS
    try:
        if path.stat().st_size > MOST_BYTES:
            return None
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    whole = found.shape == (N_TEST, 2) and found.dtype == float and bool(np.all(np.isfinite(found)))
    return found if whole else None


def _tested(trained: InverseMap, estimates: Array, look: Look) -> tuple[list[Plot], str, list[list[Cell]]]:
    """Return predicted against true for both parameters, what it shows, and the metrics inside and outside the box."""
    truth, prior = published_test_set().theta, trained.recipe.task.prior
    inside = np.all((truth >= prior.lower) & (truth <= prior.upper), axis=1)
    plots = [
        Plot(
            identity,
            figures.predicted_inside_and_outside(
                prior.names[i], truth[:, i], estimates[:, i], inside, (prior.lower[i], prior.upper[i]), look
            ),
        )
        for i, identity in enumerate(("first", "second"))
    ]
    rows, errors = [], []
    for label, place in ((INSIDE, inside), (OUTSIDE, ~inside)):
        n = int(place.sum())
        if n < FEWEST:
            errors.append(float("nan"))
            continue
        ape = median_ape(truth[place], estimates[place])
        errors.append(float(np.mean(ape)))
        rows.append(_row(f"{label}: {count(n)} test samples", r_squared(truth[place], estimates[place]), ape))
    n_inside = int(inside.sum())
    known = N_TEST if np.isnan(errors[1]) else 0 if np.isnan(errors[0]) else n_inside
    return plots, about_inside_and_outside(known, N_TEST, *errors), rows


def _own_metrics(trained: InverseMap) -> list[list[Cell]]:
    """Return the metrics of the card on noisy traces of the map's own prior, if that is not the published one."""
    metrics = trained.card.get("metrics", {})
    kinds = [("own", "its own test samples"), ("published", "published prior")]
    if trained.recipe.task.prior != published_prior():
        kinds[0] = ("own", "its own prior")
    elif "published" in metrics:
        kinds = kinds[1:]
    rows = []
    for key, label in kinds:
        if key in metrics:
            found = metrics[key]["noisy"]
            r2, ape = ([found[metric][name] for name in trained.parameter_names] for metric in ("r2", "median_ape"))
            rows.append(_row(f"{label}: noisy traces", r2, ape))
    return rows


def _row(label: str, r2: Sequence[float] | Array, ape: Sequence[float] | Array) -> list[Cell]:
    return [label, *(fixed(value, 3) for value in r2), *(percent_to_digits(value) for value in ape)]
