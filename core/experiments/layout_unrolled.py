"""The tables of the learned optimiser: its own from anywhere, and that from the best map's estimate."""

from core.experiments.estimators import GAUSS_NEWTON, QUASI_NEWTON, REWEIGHTED, STEPS
from core.experiments.fresh import REGIME
from core.experiments.records import Result
from core.experiments.steps_anywhere import METHODS, SPENT
from core.experiments.tables import Figures, Table, estimators, metrics
from core.learned_optimiser.kind import LEARNED


def unrolled(result: Result, figures: Figures) -> list[Table]:
    """Return the shares that reach the global minimum, and the errors after steps from the best map's estimate."""
    common, methods = {"regime": REGIME}, estimators(LEARNED, *METHODS)
    cost = metrics(("reached", "", result.settings["reached"]), ("median_evaluations", ""), ("mean_evaluations", ""))
    over = metrics(("reached_over_newton", ""), ("evaluations_over_newton", ""))
    by = [(f"{spent}", {"metric": "reached_by", "at": float(spent)}) for spent in SPENT]
    keys = [each.key for each in result.measurements if each.key.metric == "rmse_over_limit"]
    rows = [
        (f"{label}, {key.at:,.0f} simulations", {**row, "at": key.at})
        for label, row in estimators(STEPS, GAUSS_NEWTON, QUASI_NEWTON, REWEIGHTED)
        for key in keys
        if key.estimator == row["estimator"]
    ]
    errors = metrics(("rmse_over_limit", "mean"), ("median_ape_over_limit", "mean"))
    return [
        figures.table("From one draw of the prior", "method", methods, cost, common),
        figures.table("Share within 0.5 of the global minimum, by evaluations", "method", methods, by, common),
        figures.table("The learned optimiser beside Newton", "method", estimators(LEARNED), over, common),
        figures.table("From the best map’s estimate", "estimator", rows, errors, common),
    ]
