"""Predicted against true parameters on the test samples: the maps side by side, and the three regimes of noise."""

from collections.abc import Mapping

from core.experiments.compared_maps import REGIMES
from core.experiments.published_figures import PAPER, PUBLISHED
from core.experiments.records import Key, find
from core.maps.differences_from_training import quoted
from core.maps.inverse_map import InverseMap
from core.maps.test_sets import published_test_set
from core.published import published_prior
from core.symbols import symbol_of
from dashboard.figures.style import LIMIT, SHIPPED_MAPS, TRUTH, Look
from dashboard.figures.test_samples import predicted_against_true
from dashboard.pictures.shown import Cell, Plot, Shown, name_cell
from dashboard.pictures.test_set import (
    ERROR,
    Figures,
    Maps,
    head,
    metrics,
    predictions,
    row,
)
from dashboard.scene.settings import CHOICES
from dashboard.shared_results import shared
from dashboard.wording import entries
from dashboard.wording.numbers import count, fixed, percent_to_digits

# The published networks first, side by side as the paper has them.
ORDER = ("dense-noisy", "dense-clean", "cnn-noisy", "cnn-clean", "best")
AS_GOOD = 1.1  # times the median error of the exact posterior mean
ROWS = ("first", "second")  # a plot of each parameter
N_PUBLISHED = 8000


def side_by_side(maps: Mapping[str, InverseMap], looks: Mapping[str, Look], own: str) -> Maps:
    """Return the maps that stand side by side: the shipped ones, and one that was trained here.

    own: the name of that one; where there is none of this name, the newest.
    """
    shipped = [name for name in ORDER if name in maps]
    others = [name for name in maps if name not in SHIPPED_MAPS]
    shown = shipped + ([own] if own in others else others[-1:])
    return tuple((name, maps[name], looks[name]) for name in shown)


def _plots(number: int, look: Look, inverse_map: InverseMap, tested_noisy: bool, title: str) -> list[Plot]:
    """Return the plot of each parameter, which stand above each other in the column of this number."""
    truth, values = published_test_set().theta, predictions(inverse_map, tested_noisy)
    found, plots = metrics(values), []
    for i, (place, parameter) in enumerate(zip(ROWS, published_prior().names, strict=True)):
        text = f"{title}: R² {fixed(found['r2', parameter], 3)}"
        figure = predicted_against_true(parameter, truth[:, i], values[:, i], look, text)
        plots.append(Plot(f"{place}-{number}", figure))
    return plots


@shared(megabytes=16)
def scatter(chosen: Maps, regime: str, limit: tuple[tuple[tuple[str, str], float], ...]) -> Shown:
    """Return predicted against true, a column for each map, and a table of their metrics.

    limit: the metrics of the exact posterior mean, empty where they are not known.
    """
    noisy = REGIMES[regime].tested_noisy
    plots = [
        plot for number, (name, each, look) in enumerate(chosen, 1) for plot in _plots(number, look, each, noisy, name)
    ]
    found = {name: metrics(predictions(each, noisy)) for name, each, _ in chosen}
    rows = [head(), *(row(name_cell(name, look), found[name]) for name, _, look in chosen)]
    if limit:
        rows.append(row({"text": entries.EXACT_MEAN, "colour": LIMIT}, dict(limit)))
    said = [_most_accurate(found, dict(limit)), "Each dot is a test sample: on the diagonal its estimate is right."]
    return Shown(f"accuracy-scatter-{len(chosen)}", plots, table=rows, said=said)


def _most_accurate(found: Mapping[str, Figures], limit: Figures) -> str:
    """Say which map has the least median error, how large it is, and what the exact answer reaches."""
    best = min(found, key=lambda name: found[name][ERROR])
    errors = {name: found[best]["median_ape", name] for name in published_prior().names}
    misses = [f"{percent_to_digits(error)} in {symbol_of(name)}" for name, error in errors.items()]
    text = f"Most accurate: {quoted([best])}. Half of its estimates miss by less than {misses[0]} and {misses[1]}"
    if not limit:
        return f"{text}."
    if found[best][ERROR] < AS_GOOD * limit[ERROR]:
        return f"{text}, as little as the exact answer does."
    least = " and ".join(percent_to_digits(limit["median_ape", name]) for name in published_prior().names)
    return f"{text}; half of the exact answers by less than {least}."


def published_maps(maps: Mapping[str, InverseMap], looks: Mapping[str, Look], network: str) -> Maps:
    """Return the shipped map of a published network for each regime: one that was trained on noise, or not."""
    kind = network.removeprefix("published-")
    names = [f"{kind}-{'noisy' if noisy else 'clean'}" for noisy, _ in REGIMES.values()]
    return tuple((name, maps[name], looks[name]) for name in names)


def regimes(maps: Mapping[str, InverseMap], looks: Mapping[str, Look], network: str) -> Shown:
    """Return predicted against true of a published network in the three regimes, a column for each."""
    return _regimes(published_maps(maps, looks, network), network)


@shared(megabytes=8)
def _regimes(chosen: Maps, network: str) -> Shown:
    """Return the columns of the regimes; chosen: the map of each."""
    plots, scores = [], {}
    rows: list[list[Cell]] = [head()]
    label = CHOICES["network"][network]
    for number, (regime, (_, each, look)) in enumerate(zip(REGIMES, chosen, strict=True), 1):
        noisy, traces = REGIMES[regime].tested_noisy, CHOICES["regime"][regime]
        plots += _plots(number, look, each, noisy, traces)
        found = metrics(predictions(each, noisy))
        scores[regime] = found["r2", "mean"]
        rows.append(row({"text": f"{label}, {traces}", "colour": look.colour, "hollow": look.hollow}, found))
        if network == "published-cnn":
            published = {
                (metric, "mean"): find(PUBLISHED, Key(PAPER, metric, "mean", regime, N_PUBLISHED)).value
                for metric in ("r2", "median_ape")
            }
            rows.append(row({"text": f"{entries.STORED[PAPER]}, {traces}", "colour": TRUTH}, published))
    clean, spoiled, cured = (fixed(scores[regime], 3) for regime in REGIMES)
    said = [
        f"Trained without noise, the {label} reaches R² {clean} on clean traces and {spoiled} on noisy ones: it takes "
        f"the noise for the neuron’s doing. Trained with noise, it reaches {cured}.",
        f"All were trained on N = {count(N_PUBLISHED)} samples. Each dot is a test sample.",
    ]
    return Shown("accuracy-regimes", plots, table=rows, said=said)
