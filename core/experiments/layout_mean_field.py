"""The tables of particles: how often they succeed, against how many there are and how fast their places move."""

from core.experiments.estimators import SPIKES, TWO_LAYER, ratio_regime
from core.experiments.labels import REGIME_LABELS
from core.experiments.records import Result
from core.experiments.tables import Figures, Line, Table

TITLES = {
    SPIKES: "Spikes on the circle: share of successes with m particles",
    TWO_LAYER: "Two-layer network: share of successes with m neurons",
}


def mean_field(result: Result, figures: Figures) -> list[Table]:
    """Return a table for each problem, with a row for each ratio of the steps and a column for each m."""
    tables = []
    for problem, title in TITLES.items():
        regimes = [ratio_regime(ratio) for ratio in result.settings["ratios"][problem]]
        rows: list[Line] = [(REGIME_LABELS[regime], {"regime": regime}) for regime in regimes]
        columns: list[Line] = [(f"m = {m}", {"at": m}) for m in result.settings["widths"][problem]]
        tables.append(figures.table(title, "steps", rows, columns, {"estimator": problem, "metric": "success"}))
    return tables
