"""The tables of the experiments on two parameters, and of the times of trainings: their rows and columns."""

from collections.abc import Sequence

from core.experiments.best_map import OUT_OF_DISTRIBUTION
from core.experiments.compared_maps import REGIMES
from core.experiments.estimators import (
    BEST,
    CHOSEN_SIGMA,
    CNN,
    DENSE,
    EXACT,
    FROM_TRUTH,
    JOINT,
    KNOWN,
    LAPLACE,
    LEAST_SQUARES,
    MAP,
    NOISY_REGIME,
    NOISY_TRACES,
    OURS,
    POLISHED,
    REWEIGHTED,
    WHITE,
)
from core.experiments.labels import ESTIMATOR_LABELS, REGIME_LABELS, figure_label, key_label, traces_label
from core.experiments.least_squares_of_others import FIGURES
from core.experiments.limit import MASSES, PARAMETERS
from core.experiments.published_figures import PAPER, PYTORCH, TENSORFLOW
from core.experiments.records import Result
from core.experiments.tables import Figures, Line, Table, estimators, metrics
from core.experiments.width import STEP_COLUMNS, TIME_COLUMNS
from core.maps.recipes import REFERENCE_SIZE
from core.metrics import METRICS
from core.symbols import symbol_of


def _compared(n: int, regime: str) -> list[Line]:
    """Return rows for the maps at training size n, and for the limit where the test traces have noise."""
    rows = estimators(PAPER, CNN, DENSE, OURS, n=n) + estimators(BEST)
    return rows + (estimators(EXACT, regime=NOISY_TRACES) if REGIMES[regime].tested_noisy else [])


def accuracy(result: Result, figures: Figures) -> list[Table]:
    """Return the accuracy of the reference runs, of all kinds of maps, and of the limit."""
    n = result.settings["n_samples"]
    reference = estimators(TENSORFLOW, PYTORCH, CNN, n=REFERENCE_SIZE)
    rows = [*reference, *_compared(n, "noisy-noisy")]
    labelled = [(f"{label}, N = {row['n']:,}" if row.get("n") else label, row) for label, row in rows]
    columns = metrics(
        ("r2", "theta0"), ("r2", "theta1"), ("r2", "mean"), ("median_ape", "mean"), ("rmse", "theta0"),
        ("rmse", "theta1"),
    )  # fmt: skip
    title = "Accuracy of dense and convolutional networks"
    return [figures.table(title, "estimator", labelled, columns, {"regime": "noisy-noisy"})]


def regimes(result: Result, figures: Figures) -> list[Table]:
    """Return for each regime of noise the accuracy of all kinds of maps at the largest N."""
    columns = metrics(*((metric, each) for metric in ("r2", "median_ape") for each in ("theta0", "theta1", "mean")))
    return _by_regime(result, figures, columns)


def _by_regime(result: Result, figures: Figures, columns: Sequence[Line]) -> list[Table]:
    n = result.settings["n_samples"]
    return [
        figures.table(REGIME_LABELS[regime], "estimator", _compared(n, regime), columns, {"regime": regime})
        for regime in REGIMES
    ]


def training_size(result: Result, figures: Figures) -> list[Table]:
    """Return for each regime of noise the accuracy against N."""
    tables = []
    rows: list[Line] = [(f"{n:,}", {"n": n}) for n in result.settings["sizes"]]
    for regime in REGIMES:
        compared = estimators(PAPER, CNN, DENSE, OURS)
        if REGIMES[regime].tested_noisy:
            compared += estimators(EXACT, regime=NOISY_TRACES, n=None)
        columns: list[Line] = [
            (f"{label}: {metric}", {**parts, **of_metric})
            for label, parts in compared
            for metric, of_metric in metrics(("median_ape", "mean"), ("r2", "mean"))
        ]
        tables.append(figures.table(REGIME_LABELS[regime], "N", rows, columns, {"regime": regime}))
    return tables


def time_series(result: Result, figures: Figures) -> list[Table]:
    """Return for each regime of noise the errors of trajectories from the estimates."""
    columns = metrics(*((f"{part}_{reference}", "") for reference in ("clean", "noisy") for part in
                        ("squared_bias", "centred_mse")))  # fmt: skip
    return _by_regime(result, figures, columns)


def limit(result: Result, figures: Figures) -> list[Table]:
    """Return the accuracy of the estimators without training, the coverage of their regions, and the calibration."""
    del result
    rows, common = estimators(KNOWN, EXACT, WHITE), {"regime": NOISY_TRACES}
    every = rows + estimators(MAP, LAPLACE, JOINT)
    accuracy = metrics(*((metric, each) for metric in METRICS for each in (*PARAMETERS, "mean")))
    coverage = metrics(*(("coverage", "", mass) for mass in MASSES), ("covered_share", ""))
    ranks = metrics(*(("rank_p", parameter) for parameter in PARAMETERS), ("unresolved", ""))
    return [
        figures.table("Accuracy", "estimator", every, accuracy, common),
        figures.table("How often regions hold the truth", "estimator", every, coverage, common),
        figures.table("Calibration of the exact posterior", "estimator", rows, ranks, common),
    ]


def calibration(result: Result, figures: Figures) -> list[Table]:
    """Return the figures of the best map beside the limit's, and how often it flags traces."""
    del result
    rows = estimators(BEST, POLISHED, REWEIGHTED)
    rows += estimators(EXACT, regime=NOISY_TRACES)
    columns = metrics(
        ("r2", "theta0"), ("r2", "theta1"), ("rmse", "mean"), ("median_ape", "mean"), ("rmse_over_limit", "mean"),
        ("median_ape_over_limit", "mean"), *(("coverage", "", mass) for mass in MASSES),
    )  # fmt: skip
    traces: list[Line] = [("as in the training", {"regime": NOISY_REGIME})]
    traces += [(traces_label(change), {"regime": name}) for name, change in OUT_OF_DISTRIBUTION.items()]
    flagged = [(label, {"estimator": BEST, **parts}) for label, parts in metrics(("flagged", ""))]
    return [
        figures.table("The best map against the limit", "estimator", rows, columns, {"regime": NOISY_REGIME}),
        figures.table("Out-of-distribution scores of the best map", "traces", traces, flagged),
    ]


def noise(result: Result, figures: Figures) -> list[Table]:
    """Return the error of each map against the noise σ."""
    rows: list[Line] = [(f"{sigma:g}", {"at": sigma}) for sigma in result.settings["sigmas"]]
    columns = estimators(*result.settings["maps"], KNOWN)
    common = {"metric": "median_ape", "parameter": "mean", "regime": CHOSEN_SIGMA}
    return [figures.table("Median-APE", "σ [ms]", rows, columns, common)]


def optimisers(result: Result, figures: Figures) -> list[Table]:
    """Return how often each method reaches the lowest loss, and its evaluations."""
    rows = [
        (f"{ESTIMATOR_LABELS.get(method, method)} ({kind})", {"estimator": method})
        for method, kind in result.settings["methods"].items()
    ]
    reached = (("reached", "", result.settings[name]) for name in ("near", "reached"))
    columns = metrics(*reached, ("median_evaluations", ""))
    title = "Share of draws of the prior from which a method comes so near to the lowest loss"
    return [figures.table(title, "method", rows, columns, {"regime": NOISY_TRACES})]


def magi(result: Result, figures: Figures) -> list[Table]:
    """Return for each set-up the errors of the fits, and how the fits ended."""
    tables, ends = [], metrics(*((end, "") for end in ("missed", "doubted", "median_seconds", "longest_seconds")))
    columns: list[Line] = [
        (
            "RMSE from the truth" if estimator == FROM_TRUTH else figure_label(metric, at=at),
            {"estimator": estimator, "metric": metric, "at": at},
        )
        for estimator, metric, at in FIGURES
    ]
    for set_up in result.settings["set-ups"]:
        rows: list[Line] = [(symbol_of(parameter), {"parameter": parameter}) for parameter in set_up["unknown"]]
        tables.append(figures.table(set_up["title"], "unknown", rows, columns, {"regime": set_up["name"]}))
    set_ups: list[Line] = [(each["title"], {"regime": each["name"]}) for each in result.settings["set-ups"]]
    title = f"How {result.settings['data sets']} fits of each set-up ended"
    return [*tables, figures.table(title, "set-up", set_ups, ends, {"estimator": LEAST_SQUARES})]


def width(result: Result, figures: Figures) -> list[Table]:
    """Return the times of all trainings against the width, and how many steps were measured."""
    sizes = zip(result.settings["widths"], result.settings["n_weights"], strict=True)
    rows: list[Line] = [(f"{width:,} ({n:,})", {"at": width}) for width, n in sizes]
    times, steps = ([(key_label(key), key.as_json()) for key in keys] for keys in (TIME_COLUMNS, STEP_COLUMNS))
    corner = "width (weights)"
    return [
        figures.table("Seconds for all steps", corner, rows, times),
        figures.table("Steps that were measured", corner, rows, steps),
    ]
