"""The tables of the learned posterior beside the exact one."""

from core.experiments.estimators import BEST, FLOW, MIXTURE
from core.experiments.limit import MASSES
from core.experiments.records import Result
from core.experiments.tables import Figures, Table, estimators, metrics


def posteriors(result: Result, figures: Figures) -> list[Table]:
    """Return a table of the divergence from the exact posterior, and one of regions, ranks and means."""
    del result
    common = {"regime": "fresh"}
    divergence = metrics(
        *((name, "") for name in ("divergence_median", "divergence_mean", "divergence_90", "best_classifier"))
    )
    rest = metrics(
        *((name, "", mass) for name in ("coverage", "coverage_of_all") for mass in MASSES),
        ("rank_p", "theta0"), ("rank_p", "theta1"),
        ("rmse_over_limit", "mean"),
    )  # fmt: skip
    return [
        figures.table("Beside the exact posterior", "posterior", estimators(MIXTURE, FLOW, BEST), divergence, common),
        figures.table("Regions, ranks and means", "posterior", estimators(MIXTURE), rest, common),
    ]
