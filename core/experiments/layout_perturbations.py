"""The tables of perturbations: amplifications, universal perturbations by estimator, and by method."""

from core.experiments.estimators import (
    ASCENT,
    FIRST_LAYER,
    KNOWN,
    LAST_LAYER,
    LINEARISED,
    MAP,
    PERTURBED_MAPS,
    RANDOM_CHANGE,
    SHIFT,
    STACKED,
    made_for,
)
from core.experiments.labels import ESTIMATOR_LABELS, REGIME_LABELS, figure_label
from core.experiments.records import Result
from core.experiments.tables import Figures, Line, Table, estimators, metrics

_AMPLIFICATION = (
    "amplification", "amplification_90", "amplification_random", "amplification_exact", "amplification_exact_90",
    "amplification_truth", "amplification_truth_90",
)  # fmt: skip
_ATTACKED = (*PERTURBED_MAPS, MAP, KNOWN)


def perturbations(result: Result, figures: Figures) -> list[Table]:
    """Return the amplifications, growth and movement by estimator attacked and made for, and methods by map."""
    size = f"size {result.settings['size']:g}"
    rows = estimators(LINEARISED, MAP, KNOWN, *PERTURBED_MAPS)
    columns = metrics(*((name, "") for name in _AMPLIFICATION))
    tables = [figures.table("Amplification", "estimator", rows, columns, {"regime": "fresh"})]
    made: list[Line] = [(ESTIMATOR_LABELS.get(code, code), {"regime": made_for(code)}) for code in _ATTACKED]
    made += [(REGIME_LABELS[code], {"regime": code}) for code in (RANDOM_CHANGE, SHIFT)]
    for metric, title in (("growth", "Growth of the RMSE"), ("movement", "Median movement in sds")):
        title = f"{title} on other traces under universal perturbations of {size}, by estimator attacked"
        tables.append(figures.table(title, "made for", made, estimators(*_ATTACKED), {"metric": metric}))
    methods: list[Line] = [
        (f"{REGIME_LABELS[code]}: {figure_label(metric)}", {"regime": code, "metric": metric})
        for code in (RANDOM_CHANGE, STACKED, ASCENT, FIRST_LAYER, LAST_LAYER)
        for metric in ("growth", "movement", *(("size",) if code in (FIRST_LAYER, LAST_LAYER) else ()))
    ]
    return [
        *tables,
        figures.table("Universal perturbations on their own map", "map", estimators(*PERTURBED_MAPS), methods),
    ]
