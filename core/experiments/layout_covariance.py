"""The tables of mean and covariance: errors in each regime of noise, and how many labels are valid."""

from core.experiments.compared_maps import REGIMES
from core.experiments.covariance import ERRORS
from core.experiments.estimators import (
    BEST,
    CLEAN_TRACES,
    CNN,
    EXACT,
    LABELS,
    LAPLACE,
    NOISY_TRACES,
    OURS,
    OURS_POLISHED,
    POLISHED,
)
from core.experiments.labels import REGIME_LABELS
from core.experiments.published_figures import PAPER
from core.experiments.records import Result
from core.experiments.tables import Figures, Line, Table, estimators, metrics
from core.posterior.local_gaussian import Validity


def covariance(result: Result, figures: Figures) -> list[Table]:
    """Return for each regime of noise the errors of mean and covariance, and the validity of the labels."""
    n, tables = result.settings["n_samples"], []
    columns = metrics(*((error, "") for error in ERRORS))
    for regime, (trained_noisy, tested_noisy) in REGIMES.items():
        rows = estimators(PAPER) + estimators(CNN, OURS, OURS_POLISHED, n=n)
        if tested_noisy:
            without_labels = (BEST, POLISHED) if trained_noisy else ()
            rows += estimators(*without_labels, LAPLACE, EXACT, regime=NOISY_TRACES)
        tables.append(figures.table(REGIME_LABELS[regime], "estimator", rows, columns, {"regime": regime}))
    traces: list[Line] = [(REGIME_LABELS[each], {"regime": each}) for each in (CLEAN_TRACES, NOISY_TRACES)]
    kinds = metrics(*((f"share_{kind.name.lower()}", "") for kind in Validity))
    title = "Share of test traces by the validity of their label; only valid labels are trained on and compared"
    return [*tables, figures.table(title, "traces", traces, kinds, {"estimator": LABELS})]
