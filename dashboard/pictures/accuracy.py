"""What stands below on the Inverse map page: the maps in detail, in one of several pictures."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from core.experiments.compared_maps import REGIMES
from core.experiments.estimators import CHOSEN_SIGMA, KNOWN
from core.experiments.records import Key, stored
from core.maps.differences_from_training import listed
from core.maps.inverse_map import InverseMap
from core.maps.test_sets import published_test_set
from core.models.spikes import regime as regime_of
from core.published import published_prior, time_grid
from core.symbols import symbol_of
from dashboard.figures import accuracy as figures
from dashboard.figures.style import SHIPPED_MAPS, Look
from dashboard.maps import inverse_maps, looks
from dashboard.pictures import (
    examination,
    joint_estimates,
    network,
    predicted,
    search,
    series,
    training_samples,
    training_size,
    training_time,
)
from dashboard.pictures.controls import Control, control, drop_down
from dashboard.pictures.shown import Cell, Plot, Shown
from dashboard.pictures.stored_curves import stored_curve
from dashboard.pictures.test_set import (
    ERROR,
    limit_of,
    not_run,
    of_regime,
    predictions,
    scaled_errors,
    worst,
)
from dashboard.scene.experiment import Experiment
from dashboard.scene.scene import Scene
from dashboard.scene.settings import SETTINGS
from dashboard.shared_results import shared
from dashboard.wording.estimates import named
from dashboard.wording.maps import about_worst
from dashboard.wording.numbers import compact, fixed, percent_to_digits


def _noise(maps: Mapping[str, Look], sigma: float) -> Shown:
    """Return the error of each map and of the exact posterior mean against the noise level; maps: looks by name."""
    found = stored("noise")
    if found is None:
        return not_run("noise", "how the error of each map grows with the noise")
    levels = np.array(found.settings["sigmas"])
    curves = []
    for estimator in (*found.settings["maps"], KNOWN):
        keys = [Key(estimator, *ERROR, CHOSEN_SIGMA, at=level) for level in found.settings["sigmas"]]
        curves.append(stored_curve(estimator, np.array(found.curve(keys)), maps))
    at = int(np.abs(levels - sigma).argmin())
    errors = {each.name: float(each.values[at]) for each in curves if np.isfinite(each.values[at])}
    said = f"At σ = {compact(levels[at])} ms, the level nearest to that of the sidebar (upright line), the error is "
    ranked = sorted(errors, key=errors.__getitem__)
    said += listed([f"{percent_to_digits(errors[name])} for {named(name)}" for name in ranked])
    said += ". Dashed and hollow: maps that were trained without noise."
    plot = Plot("against-noise", figures.against_noise(levels, curves, sigma))
    return Shown("accuracy-noise", [plot], said=[said, found.about])


@shared(megabytes=8)
def _errors(name: str, inverse_map: InverseMap, regime: str) -> Shown:
    """Return the errors of a map over the plane of θ, and its worst cases."""
    noisy, data = REGIMES[regime].tested_noisy, published_test_set()
    estimates = predictions(inverse_map, noisy)
    errors = scaled_errors(estimates, data.theta)
    prior = published_prior()
    names = (prior.names[0], prior.names[1])
    figure = figures.errors(
        names,
        data.theta,
        errors,
        prior.bounds,
        f"Error of {name} over ({symbol_of(names[0])}, {symbol_of(names[1])}), tested {'noisy' if noisy else 'clean'}",
    )
    rows: list[list[Cell]] = [["true θ₀, θ₁", "estimate", "error [prior sd]", ""]]
    regimes = []
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
        regimes.append(regime_of(data.clean[number].astype(float)))
    median, ninth = np.quantile(errors, [0.5, 0.9])
    typical, one_in_ten = compact(median, 2), compact(ninth, 2)
    said = [
        f"{about_worst(regimes)} In the median ‘{name}’ misses by {typical} sd of the prior, one time in ten by more "
        f"than {one_in_ten}, at worst by {compact(errors.max(), 2)}.",
        "A click on a point, or “open”, makes θ₀, θ₁, σ and ρ of that sample the truth of the page Neuron; its noise "
        "is drawn anew. The error is √(Σ ((estimate − truth) / sd of the prior)²).",
    ]
    return Shown("accuracy-errors", [Plot("errors", figure, pick="sample")], table=rows, said=said)


def picture(scene: Scene) -> Shown:
    """Return the picture that is chosen; while a control is dragged its plots stay, but for the mark of the noise."""
    experiment = scene.experiment
    tools = [control("test_view", experiment)]
    if experiment.test_view == "noise":
        return replace(_noise(looks(inverse_maps(experiment.own_maps)[0]), experiment.sigma), tools=tools)
    shown = examination.picture(scene) if experiment.test_view == "examination" else _still(experiment)
    shown = replace(shown, tools=[*tools, *shown.tools])
    return shown.as_it_is() if scene.dragging else shown


def _still(experiment: Experiment) -> Shown:
    """Return a picture that no slider moves, with the controls of its own."""
    view = experiment.test_view
    maps = {name: each for name, each in inverse_maps(experiment.own_maps)[0].items() if each.takes(time_grid())}
    drawn = looks(maps)
    if view == "network":
        return network.picture(tuple((name, maps[name], drawn[name]) for name in network.DRAWN if name in maps))
    if view == "training":
        return training_samples.picture()
    if view == "search":
        return search.picture()
    if view == "joint":
        return joint_estimates.picture()
    if view == "width":
        return training_time.picture()
    if view == "regimes":
        shown = predicted.regimes(maps, drawn, experiment.network)
        return replace(shown, tools=[control("network", experiment)])
    if view == "series":
        return replace(series.picture(maps, drawn, experiment.network), tools=[control("network", experiment)])
    regime, tools = experiment.regime, [control("regime", experiment)]
    chosen = of_regime(maps, regime)
    if view == "samples":
        shown = training_size.picture(regime)
    elif not chosen:
        shown = Shown("accuracy-none", said=["No map was trained on such traces."])
    elif view == "errors":
        tested = experiment.test_map if experiment.test_map in chosen else next(iter(chosen))
        tools.append(_map_chooser(tested, chosen))
        shown = _errors(tested, chosen[tested], regime)
    else:
        columns = predicted.side_by_side(chosen, drawn, experiment.test_map)
        own = [name for name in chosen if name not in SHIPPED_MAPS]
        if len(own) > 1:
            tools.append(_map_chooser(columns[-1][0], own))
        shown = predicted.scatter(columns, regime, tuple((limit_of(regime) or {}).items()))
    return replace(shown, tools=tools)


def _map_chooser(chosen: str, names: Iterable[str]) -> Control:
    return drop_down("test_map", SETTINGS["test_map"].label, chosen, {name: name for name in names})


def under_the_hand(scene: Scene) -> Shown | None:
    """Return the picture if it follows a dragged control: that of the noise does."""
    return picture(scene) if scene.experiment.test_view == "noise" else None
