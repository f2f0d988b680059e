"""The tables of the published CNN of clean traces, alone and mended."""

from core.experiments.estimators import CNN, CNN_MENDED
from core.experiments.labels import REGIME_LABELS
from core.experiments.mended import CLEAN_REGIMES, FIGURES
from core.experiments.published_figures import PAPER
from core.experiments.records import Result
from core.experiments.tables import Figures, Line, Table, estimators, metrics


def mended(result: Result, figures: Figures) -> list[Table]:
    """Return for each regime the accuracy by N."""
    rows: list[Line] = [(f"{n:,}", {"n": n}) for n in result.settings["sizes"]]
    columns: list[Line] = [
        (f"{label}: {metric}", {**parts, **of_metric})
        for label, parts in estimators(PAPER, CNN, CNN_MENDED)
        for metric, of_metric in metrics(*FIGURES)
    ]
    return [figures.table(REGIME_LABELS[each], "N", rows, columns, {"regime": each}) for each in CLEAN_REGIMES]
