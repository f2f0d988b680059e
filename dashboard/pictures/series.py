"""Trajectories simulated from the estimates of a published network: the test sample with the median error."""

from collections.abc import Mapping

import numpy as np

from core.experiments.compared_maps import REGIMES
from core.experiments.estimators import BEST, CNN, DENSE, EXACT, NOISY_TRACES, OURS
from core.experiments.published_figures import PAPER, PUBLISHED
from core.experiments.records import Key, Result, stored
from core.maps.inverse_map import InverseMap
from core.maps.test_sets import published_test_set
from core.metrics import squared_bias_and_centred_mse
from core.models.fitzhugh_nagumo.simulate import simulate_potential
from core.published import time_grid, with_constants
from dashboard.figures.style import Look
from dashboard.figures.test_samples import trajectory
from dashboard.pictures.predicted import published_maps
from dashboard.pictures.shown import Cell, Plot, Shown, name_cell
from dashboard.pictures.stored_curves import NAMES, look_of
from dashboard.pictures.test_set import Maps, not_run, predictions
from dashboard.scene.settings import CHOICES
from dashboard.shared_results import shared
from dashboard.wording.numbers import compact, power

METRICS = ("squared_bias_clean", "centred_mse_clean")
LARGEST_N = 8000
ABOUT = (
    "Bias² is the square of the mean over time of û − u, C-MSE the rest of the mean square, against u without noise. "
    "The table has medians over the 45th to the 55th percentile of the error, for N = 8,000 and the mean of three "
    "trainings. The paper gives one trace, and does not say whether its u has noise, which alone adds 0.12."
)


def median_sample(inverse_map: InverseMap, tested_noisy: bool) -> tuple[int, float, float]:
    """Return the number of the test sample with the median error, its squared bias and its centred error.

    The error is the mean square over time of the simulated minus the true potential, without noise.
    """
    estimates = predictions(inverse_map, tested_noisy)
    simulated = simulate_potential(with_constants(estimates), time_grid())
    bias, centred = squared_bias_and_centred_mse(published_test_set().clean, simulated)
    number = int(np.argsort(bias + centred)[len(bias) // 2])
    return number, float(bias[number]), float(centred[number])


def picture(maps: Mapping[str, InverseMap], looks: Mapping[str, Look], network: str) -> Shown:
    """Return the median trajectory of a published network in each regime, and the table of squared bias and C-MSE."""
    found = stored("time-series")
    if found is None:
        return not_run("time-series", "how far trajectories are off that are simulated from estimates")
    plots, said = _drawn(published_maps(maps, looks, network), network)
    return Shown("accuracy-series", plots, table=table(found), said=[said, ABOUT])


@shared(megabytes=4)
def _drawn(chosen: Maps, network: str) -> tuple[list[Plot], str]:
    """Return a plot for each regime, and what they show; chosen: the map of each regime."""
    data, times, plots, errors = published_test_set(), time_grid(), [], []
    for place, (regime, (name, each, look)) in enumerate(zip(REGIMES, chosen, strict=True), 1):
        noisy = REGIMES[regime].tested_noisy
        number, bias, centred = median_sample(each, noisy)
        simulated = simulate_potential(with_constants(predictions(each, noisy)[[number]]), times)[0]
        seen = (data.noisy if noisy else data.clean)[number].astype(float)
        title = f"{CHOICES['regime'][regime]}: bias² {power(bias)}, C-MSE {power(centred)}"
        figure = trajectory(
            times, seen, data.clean[number].astype(float), simulated, look, f"from the estimate of {name}", title
        )
        plots.append(Plot(f"series-{place}", figure))
        errors.append(bias + centred)
    label = CHOICES["network"][network]
    clean, spoiled, cured = (compact(error, 2) for error in errors)
    said = (
        f"The test sample at the median of the error, for the {label}: u simulated from the estimate misses the truth "
        f"by a mean square of {clean} where nothing is noisy, {spoiled} where it meets noise for the first time, and "
        f"{cured} where it was trained on noise. A spike that comes late costs most."
    )
    return plots, said


def table(found: Result) -> list[list[Cell]]:
    """Return squared bias and centred error against the trajectory without noise, the published ones first."""
    measured = {each.key: each.value for each in (*PUBLISHED, *found.measurements)}
    head = [f"{what}, {regime.replace('-', ' / ')}" for regime in REGIMES for what in ("bias²", "C-MSE")]
    rows: list[list[Cell]] = [["trained / tested", *head]]
    for estimator in (PAPER, CNN, DENSE, OURS, BEST, EXACT):
        cells = []
        for regime in REGIMES:
            # The exact posterior has no training: on noisy traces it is what it is.
            where = NOISY_TRACES if estimator == EXACT and regime == "noisy-noisy" else regime
            n = None if estimator in (BEST, EXACT) else LARGEST_N
            values = [measured.get(Key(estimator, metric, "", where, n)) for metric in METRICS]
            cells += ["–" if value is None else power(value) for value in values]
        rows.append([name_cell(NAMES.get(estimator, estimator), look_of(estimator)), *cells])
    return rows
