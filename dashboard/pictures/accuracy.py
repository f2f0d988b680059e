"""What stands below on the Inverse map page: how the maps do on 2,000 test samples, in one of four pictures."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.experiments.compared_maps import REGIMES as COMPARED
from core.experiments.estimators import CHOSEN_SIGMA, CNN, DENSE, EXACT, KNOWN, NOISY_TRACES, OURS
from core.experiments.labels import figure_label
from core.experiments.published_figures import PAPER, PUBLISHED
from core.experiments.records import Key, find, stored
from core.maps.differences_from_training import listed
from core.maps.inverse_map import InverseMap
from core.maps.test_sets import published_test_set
from core.metrics import median_ape, r_squared
from core.models.spikes import regime as regime_of
from core.published import published_prior
from core.symbols import symbol_of
from dashboard.figures import accuracy as figures
from dashboard.figures.inverse_map import predicted_against_true
from dashboard.figures.style import LIMIT, Look
from dashboard.maps import inverse_maps, looks
from dashboard.pictures.controls import controls_at, drop_down
from dashboard.pictures.shown import Cell, Plot, Shown, name_cell
from dashboard.pictures.stored_curves import stored_curve
from dashboard.scene.scene import Scene
from dashboard.scene.settings import CHOICES, SETTINGS, Area
from dashboard.wording import entries
from dashboard.wording.estimates import named
from dashboard.wording.numbers import compact, count, fixed

N_WORST = 10
FIGURES = tuple((metric, parameter) for metric in ("r2", "median_ape") for parameter in ("theta0", "theta1", "mean"))
ERROR = ("median_ape", "mean")

Array = NDArray[np.float64]
Figures = dict[tuple[str, str], float]  # by metric and parameter
Maps = tuple[tuple[str, InverseMap, Look], ...]  # name, map and look


@lru_cache(maxsize=64)
def predictions(inverse_map: InverseMap, noisy: bool) -> Array:
    """Return a map's predictions, (2000, 2), for the clean or the noisy test traces."""
    data = published_test_set()
    return inverse_map.predict(data.noisy if noisy else data.clean).mean


def scaled_errors(estimates: Array, truth: Array) -> Array:
    """Return how far estimates, (n, 2), are from the truth, (n, 2), in standard deviations of the prior."""
    return np.sqrt(np.sum(((estimates - truth) / np.array(published_prior().sd)) ** 2, axis=1))


def worst(errors: Array) -> NDArray[np.int64]:
    """Return the numbers of the samples with the largest errors, the largest first."""
    return np.argsort(-errors, kind="stable")[:N_WORST]


def of_regime(maps: Mapping[str, InverseMap], regime: str) -> dict[str, InverseMap]:
    """Return the maps that were trained on such traces as a regime says."""
    noisy = COMPARED[regime].trained_noisy
    return {name: each for name, each in maps.items() if each.recipe.noisy == noisy}


def limit_of(regime: str) -> Figures | None:
    """Return the metrics of the exact posterior mean on the traces of a regime, or None where they are not known."""
    limit = stored("limit") if COMPARED[regime].tested_noisy else None
    return None if limit is None else {each: limit.value(Key(EXACT, *each, NOISY_TRACES)) for each in FIGURES}


def _metrics(values: Array) -> Figures:
    """Return the metrics of predictions, (2000, 2)."""
    found: Figures = {}
    for name, metric in (("r2", r_squared), ("median_ape", median_ape)):
        first, second = metric(published_test_set().theta, values)
        found |= {(name, "theta0"): first, (name, "theta1"): second, (name, "mean"): (first + second) / 2}
    return found


def _row(head: Cell, metrics: Figures) -> list[Cell]:
    return [head, *(fixed(metrics[each], 4) for each in FIGURES)]


@lru_cache(maxsize=8)
def _scatter(chosen: Maps, regime: str, limit: tuple[tuple[tuple[str, str], float], ...]) -> Shown:
    """Return predicted against true for both parameters, and the metrics of each map.

    limit: the metrics of the exact posterior mean, empty where they are not known.
    """
    noisy, truth = COMPARED[regime].tested_noisy, published_test_set().theta
    found = {name: (look, predictions(each, noisy)) for name, each, look in chosen}
    plots = []
    for column, identity in enumerate(("first", "second")):
        parameter = published_prior().names[column]
        values = {name: (look, each[:, column]) for name, (look, each) in found.items()}
        title = f"Predicted against true {symbol_of(parameter)}, {CHOICES['regime'][regime]}"
        plots.append(Plot(identity, predicted_against_true(parameter, truth[:, column], values, title)))
    metrics = {name: _metrics(each) for name, (_, each) in found.items()}
    rows: list[list[Cell]] = [["", *(figure_label(*each) for each in FIGURES)]]
    rows += [_row(name_cell(name, look), metrics[name]) for name, (look, _) in found.items()]
    said = "Each dot is a test sample: on the diagonal its estimate is right."
    if limit:
        rows.append(_row({"text": entries.EXACT_MEAN, "colour": LIMIT}, dict(limit)))
    name = min(metrics, key=lambda name: metrics[name][ERROR])
    said += f" The nearest is {name}, which misses by {_per_cent(metrics[name][ERROR])} in the median"
    said += f"; the exact posterior mean misses by {_per_cent(dict(limit)[ERROR])}." if limit else "."
    return Shown("accuracy-scatter", plots, table=rows, said=[said])


def _per_cent(share: float) -> str:
    return f"{compact(100 * share, 2)} %"


def _not_run(name: str, what: str) -> Shown:
    return Shown("accuracy-none", said=[f"Run “python -m core.experiments {name}” to see {what}."])


def _noise(maps: Mapping[str, Look], sigma: float) -> Shown:
    """Return the error of each map and of the exact posterior mean against the noise level; maps: looks by name."""
    found = stored("noise")
    if found is None:
        return _not_run("noise", "how the error of each map grows with the noise")
    levels = np.array(found.settings["sigmas"])
    curves = []
    for estimator in (*found.settings["maps"], KNOWN):
        keys = [Key(estimator, *ERROR, CHOSEN_SIGMA, at=level) for level in found.settings["sigmas"]]
        curves.append(stored_curve(estimator, np.array(found.curve(keys)), maps))
    at = int(np.abs(levels - sigma).argmin())
    errors = {each.name: float(each.values[at]) for each in curves if np.isfinite(each.values[at])}
    said = f"At σ = {compact(levels[at])} ms, the level nearest to that of the sidebar (upright line), the error is "
    said += listed([f"{_per_cent(errors[name])} for {named(name)}" for name in sorted(errors, key=errors.__getitem__)])
    said += ". Dashed and hollow: maps that were trained without noise."
    plot = Plot("against-noise", figures.against_noise(levels, curves, sigma))
    return Shown("accuracy-noise", [plot], said=[said, found.about])


def _samples(regime: str) -> Shown:
    """Return the error against the number of training samples, for one regime."""
    found = stored("training-size")
    if found is None:
        return _not_run("training-size", "how the error falls with the number of training samples")
    sizes = found.settings["sizes"]
    counts = np.array(sizes, dtype=float)
    published = [find(PUBLISHED, Key(PAPER, *ERROR, regime, n)).value for n in sizes]
    curves = [stored_curve(PAPER, np.array(published), {})]
    for estimator in (CNN, DENSE, OURS):
        values = found.curve(Key(estimator, *ERROR, regime, n) for n in sizes)
        curves.append(stored_curve(estimator, np.array(values), {}))
    limit = limit_of(regime)
    floor = None if limit is None else stored_curve(KNOWN, np.array([limit[ERROR]]), {})
    figure = figures.against_samples(counts, curves, floor, f"Error against N, {CHOICES['regime'][regime]}")
    last = {each.name: float(each.values[-1]) for each in curves if np.isfinite(each.values[-1])}
    said = f"With N = {count(counts[-1])} the error is "
    said += listed([f"{_per_cent(error)} for {named(name)}" for name, error in last.items()])
    if limit is not None:
        said += f"; for the exact posterior mean it is {_per_cent(limit[ERROR])}"
    return Shown("accuracy-samples", [Plot("against-samples", figure)], said=[f"{said}.", found.about])


@lru_cache(maxsize=8)
def _errors(name: str, inverse_map: InverseMap, regime: str) -> Shown:
    """Return the errors of a map over the plane of θ, and its worst cases."""
    noisy, data = COMPARED[regime].tested_noisy, published_test_set()
    estimates = predictions(inverse_map, noisy)
    errors = scaled_errors(estimates, data.theta)
    prior = published_prior()
    names = (prior.names[0], prior.names[1])
    figure = figures.errors(
        names,
        data.theta,
        errors,
        np.column_stack([prior.lower, prior.upper]),
        f"Error of {name} over ({symbol_of(names[0])}, {symbol_of(names[1])}), tested {'noisy' if noisy else 'clean'}",
    )
    rows: list[list[Cell]] = [["true θ₀, θ₁", "estimate", "error [prior sd]", ""]]
    silent = 0
    for number in worst(errors):
        rho, sigma = data.noise_parameters[number]
        truth, estimate = (
            ", ".join(fixed(value, 3) for value in pair) for pair in (data.theta[number], estimates[number])
        )
        button = {
            "text": "open",
            "change": {"sample": int(number)},
            "help": f"Make it the truth of the page Neuron, with σ = {fixed(sigma, 3)} ms and ρ = {fixed(rho, 2)}.",
        }
        rows.append([truth, estimate, fixed(errors[number], 2), button])
        silent += regime_of(data.clean[number].astype(float)) == "silent"
    median, ninth = np.quantile(errors, [0.5, 0.9])
    typical, one_in_ten = compact(median, 2), compact(ninth, 2)
    said = [
        f"The error is √(Σ ((estimate − truth) / sd of the prior)²): {typical} in the median, above {one_in_ten} for "
        f"one sample in ten, {compact(errors.max(), 2)} at worst. Silent neurons among the {N_WORST} worst: {silent}.",
        "A click on a point, or “open”, makes θ₀, θ₁, σ and ρ of that sample the truth of the page Neuron; its noise "
        "is drawn anew.",
    ]
    return Shown("accuracy-errors", [Plot("errors", figure, pick="sample")], table=rows, said=said)


def picture(scene: Scene) -> Shown:
    """Return the picture that is chosen; while a control is dragged its plots stay, but for the mark of the noise."""
    experiment = scene.experiment
    view, regime = experiment.test_view, experiment.regime
    maps, _ = inverse_maps()
    drawn, chosen = looks(maps), of_regime(maps, regime)
    tested = experiment.test_map if experiment.test_map in chosen else next(iter(chosen), "")
    tools = controls_at(Area.TEST_SAMPLES, experiment, without=("regime",) if view == "noise" else ())
    if view == "errors":
        tools.append(drop_down("test_map", SETTINGS["test_map"].label, tested, {name: name for name in chosen}))
    if view == "noise":
        shown = _noise(drawn, experiment.sigma)
    elif view == "samples":
        shown = _samples(regime)
    elif not chosen:
        shown = Shown("accuracy-none", said=["No map was trained on such traces."])
    elif view == "errors":
        shown = _errors(tested, chosen[tested], regime)
    else:
        limit = limit_of(regime) or {}
        shown = _scatter(
            tuple((name, each, drawn[name]) for name, each in chosen.items()), regime, tuple(limit.items())
        )
    return replace(shown.as_it_is() if scene.dragging and view != "noise" else shown, tools=tools)


def under_the_hand(scene: Scene) -> Shown | None:
    """Return the picture if it follows a dragged control: that of the noise does."""
    return picture(scene) if scene.experiment.test_view == "noise" else None
