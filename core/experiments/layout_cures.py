"""The tables of cures: errors and worst cases by cure, how nonlinear they are, and alarms by cure and size."""

from core.experiments.estimators import BEST, BEST_MENDED, CURES, DENSE_MAP, KNOWN, MAP
from core.experiments.records import Result
from core.experiments.tables import Figures, Line, Table, estimators, metrics

CURED = (DENSE_MAP, *CURES, BEST, BEST_MENDED, MAP, KNOWN)


def cures(result: Result, figures: Figures) -> list[Table]:
    """Return a table of errors, one of movements over what is linear, and one of alarms."""
    sizes = result.settings["sizes"]
    errors: list[Line] = [
        ("RMSE, clean", {"metric": "rmse", "parameter": "mean", "regime": "fresh-clean"}),
        ("RMSE, noisy", {"metric": "rmse", "parameter": "mean"}),
        ("amplification, median", {"metric": "amplification_exact"}),
        ("amplification, 90 % quantile", {"metric": "amplification_exact_90"}),
        *metrics(*(("worst_rmse", "mean", size) for size in sizes)),
        *metrics(*((name, "", size) for size in sizes for name in ("worst_movement", "worst_movement_90"))),
    ]
    beyond = metrics(*((name, "", size) for size in sizes for name in ("beyond_linear", "beyond_linear_90")))
    alarms = metrics(
        *((name, "", size) for name in ("score_alarms", "predictive_alarms") for size in (0.0, *sizes)),
    )
    rows, common = estimators(*CURED), {"regime": "fresh"}
    return [
        figures.table("Errors and worst cases", "estimator", rows, errors, common),
        figures.table("Worst movement over that of the linearised estimator", "estimator", rows, beyond, common),
        figures.table("Share of worst cases with an alarm", "perturbed for", rows, alarms, common),
    ]
