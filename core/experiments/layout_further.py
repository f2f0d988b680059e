"""The tables of the shipped maps for further tasks: with known ζ and γ, on windows, and with four unknowns."""

from core.experiments.estimators import (
    CNN_MAP,
    CONDITIONAL_MAP,
    EXACT,
    FOUR_MAP,
    PUBLISHED_CONSTANTS,
    SAMPLED,
    WINDOW_MAP,
)
from core.experiments.labels import ESTIMATOR_LABELS, REGIME_LABELS, figure_label
from core.experiments.limit import MASSES, PARAMETERS
from core.experiments.limit_conditional import ERRORS, REGIME, REGIONS, regime_of
from core.experiments.limit_four import REGIME as FOUR_REGIME
from core.experiments.limit_windows import regime_of as window_of
from core.experiments.over_limit import METRICS_OVER_LIMIT
from core.experiments.records import Result
from core.experiments.tables import Figures, Line, Table, estimators, metrics
from core.metrics import METRICS
from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO

_OVER_LIMIT = tuple((f"{metric}_over_limit", "mean") for metric in METRICS_OVER_LIMIT)
_COVERAGE = tuple(("coverage", "", mass) for mass in MASSES)
_ACCURACY = tuple((metric, parameter) for metric in METRICS for parameter in (*PARAMETERS, "mean"))


def conditional(result: Result, figures: Figures) -> list[Table]:
    """Return the accuracy over all ζ and γ and at the published ones, and errors and coverage in each region."""
    del result
    rows, columns = estimators(CONDITIONAL_MAP, CNN_MAP, EXACT), metrics(*_ACCURACY, *_OVER_LIMIT)
    accuracy = [
        figures.table(f"Accuracy, {REGIME_LABELS[regime]}", "estimator", rows, columns, {"regime": regime})
        for regime in (REGIME, PUBLISHED_CONSTANTS)
    ]
    errors = [
        (f"{label}: {metric}", {**parts, **of_metric})
        for label, parts in rows
        for metric, of_metric in metrics(*((code, "mean") for code in ERRORS))
    ]
    errors += [(label, {"estimator": CONDITIONAL_MAP, **parts}) for label, parts in metrics(*_COVERAGE)]
    regions: list[Line] = [(REGIME_LABELS[each], {"regime": each}) for each in map(regime_of, REGIONS)]
    return [*accuracy, figures.table("Parts of the ranges of ζ and γ", "part", regions, errors)]


def window(result: Result, figures: Figures) -> list[Table]:
    """Return the accuracy of the map and of the limit for each number of samples, and the map's coverage."""
    rows: list[Line] = [(f"{n_times:,}", {"regime": window_of(n_times)}) for n_times in result.settings["windows"]]
    columns = {WINDOW_MAP: metrics(*_ACCURACY, *_OVER_LIMIT, *_COVERAGE), EXACT: metrics(*_ACCURACY)}
    return [
        figures.table(ESTIMATOR_LABELS.get(estimator, estimator), "samples", rows, each, {"estimator": estimator})
        for estimator, each in columns.items()
    ]


def four(result: Result, figures: Figures) -> list[Table]:
    """Return the accuracy for each parameter, what can be identified of it, and the coverage."""
    del result
    names = FITZHUGH_NAGUMO.parameter_names
    common = {"regime": FOUR_REGIME}
    tables = [
        figures.table(
            figure_label(metric), "estimator", estimators(FOUR_MAP, SAMPLED),
            metrics(*((metric, each) for each in (*names, "mean"))), common,
        )
        for metric in METRICS
    ]  # fmt: skip
    identified = metrics(*(("sd_over_prior", name) for name in names), ("fewest_effective", ""))
    rows = estimators(SAMPLED)
    tables.append(figures.table("What the data identify", "estimator", rows, identified, common))
    over_limit = ((f"{metric}_over_limit", name) for metric in METRICS_OVER_LIMIT for name in names)
    columns = metrics(*over_limit, *_COVERAGE)
    return [*tables, figures.table("The map", "estimator", estimators(FOUR_MAP), columns, common)]
