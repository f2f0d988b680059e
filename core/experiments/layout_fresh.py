"""The tables of the best map on fresh traces."""

from core.experiments.estimators import BEST, EXACT
from core.experiments.fresh import CLEAN, REGIME
from core.experiments.limit import MASSES
from core.experiments.records import Result
from core.experiments.tables import Figures, Table, estimators, metrics

PARAMETERS = ("theta0", "theta1")


def fresh(result: Result, figures: Figures) -> list[Table]:
    """Return accuracy and regions beside the limit, and the accuracy on clean traces."""
    del result
    noisy = metrics(
        *((metric, each) for metric in ("r2", "rmse", "median_ape") for each in (*PARAMETERS, "mean")),
        *((f"{metric}_over_limit", "mean") for metric in ("rmse", "median_ape")),
        *(("coverage", "", mass) for mass in MASSES),
    )
    clean = metrics(*(("r2", each) for each in PARAMETERS))
    return [
        figures.table("Noisy traces", "estimator", estimators(BEST, EXACT), noisy, {"regime": REGIME}),
        figures.table("Clean traces", "estimator", estimators(BEST), clean, {"regime": CLEAN}),
    ]
