"""Tables of measurements: the rows and columns of each experiment, and their form as text or Markdown."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
from core.experiments.labels import (
    ESTIMATOR_LABELS,
    REGIME_LABELS,
    figure_label,
    key_label,
    shown,
    traces_label,
    with_spread,
)
from core.experiments.least_squares_of_others import FIGURES
from core.experiments.limit import MASSES, PARAMETERS
from core.experiments.published_figures import PAPER, PUBLISHED, PYTORCH, TENSORFLOW
from core.experiments.records import Key, Result, Target, stored
from core.experiments.width import STEP_COLUMNS, TIME_COLUMNS
from core.maps.recipes import REFERENCE_SIZE
from core.metrics import METRICS
from core.symbols import symbol_of

Parts = Mapping[str, Any]  # entries of a `Key`
Line = tuple[str, Parts]  # a row or a column: its label, and the entries that the keys of its figures share


@dataclass(frozen=True)
class Cell:
    """A figure as text; missed: whether it misses a target."""

    text: str
    missed: bool = False


@dataclass(frozen=True)
class Table:
    """A table of text. head: the titles of all columns; rows: each has a label, and a cell for each further column."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]

    def __str__(self) -> str:
        """Return the table aligned for a terminal; an exclamation mark follows a missed target."""
        lines = [
            self.head,
            *((label, *(f"{c.text} !" if c.missed else c.text for c in row)) for label, row in self.rows),
        ]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        aligned = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
        return "\n".join([self.title, *aligned])

    def markdown(self) -> str:
        """Return the table in Markdown, missed targets in bold."""
        rows = [(label, *(f"**{c.text}**" if c.missed else c.text for c in row)) for label, row in self.rows]
        lines = [self.head, ("---",) * len(self.head), *rows]
        return "\n".join([f"{self.title}:", "", *(f"| {' | '.join(line)} |" for line in lines)])


class Figures:
    """The figures for the tables of an experiment: its own, those of the limit, and the published ones."""

    def __init__(self, name: str, result: Result):
        limit = None if name == "limit" else stored("limit")
        known = (*PUBLISHED, *(limit.measurements if limit else ()), *result.measurements)
        self._found = {measurement.key: measurement for measurement in known}
        self._missed = {target.key for target in result.missed}

    def table(
        self, title: str, corner: str, rows: Sequence[Line], columns: Sequence[Line], common: Parts | None = None
    ) -> Table:
        """Return a table. A row without figures is left out; a missing figure is a dash.

        common: entries that the keys of all figures share. Entries of a row replace them, and entries of a column
        replace both.
        """
        laid = []
        for label, row in rows:
            keys = [Key(**{**(common or {}), **row, **column}) for _, column in columns]
            if any(key in self._found for key in keys):
                laid.append((label, tuple(self._cell(key) for key in keys)))
        return Table(title, (corner, *(label for label, _ in columns)), tuple(laid))

    def _cell(self, key: Key) -> Cell:
        measurement = self._found.get(key)
        return Cell("–") if measurement is None else Cell(with_spread(measurement), key in self._missed)


def estimators(*codes: str, **common: Any) -> list[Line]:
    """Return a row or a column for each estimator; common: further entries that their keys share."""
    return [(ESTIMATOR_LABELS.get(code, code), {"estimator": code, **common}) for code in codes]


def metrics(*columns: tuple[str, str] | tuple[str, str, float]) -> list[Line]:
    """Return a column for each metric and parameter, with the metric's argument if it has one."""
    return [
        (figure_label(*column), dict(zip(("metric", "parameter", "at"), column, strict=False))) for column in columns
    ]


def _compared(n: int, regime: str) -> list[Line]:
    """Return rows for the maps at training size n, and for the limit where the test traces have noise."""
    rows = estimators(PAPER, CNN, DENSE, OURS, n=n) + estimators(BEST)
    return rows + (estimators(EXACT, regime=NOISY_TRACES) if REGIMES[regime].tested_noisy else [])


def _accuracy(result: Result, figures: Figures) -> list[Table]:
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


def _regimes(result: Result, figures: Figures) -> list[Table]:
    columns = metrics(*((metric, each) for metric in ("r2", "median_ape") for each in ("theta0", "theta1", "mean")))
    return _by_regime(result, figures, columns)


def _by_regime(result: Result, figures: Figures, columns: Sequence[Line]) -> list[Table]:
    n = result.settings["n_samples"]
    return [
        figures.table(REGIME_LABELS[regime], "estimator", _compared(n, regime), columns, {"regime": regime})
        for regime in REGIMES
    ]


def _training_size(result: Result, figures: Figures) -> list[Table]:
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


def _time_series(result: Result, figures: Figures) -> list[Table]:
    columns = metrics(*((f"{part}_{reference}", "") for reference in ("clean", "noisy") for part in
                        ("squared_bias", "centred_mse")))  # fmt: skip
    return _by_regime(result, figures, columns)


def _limit(result: Result, figures: Figures) -> list[Table]:
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


def _calibration(result: Result, figures: Figures) -> list[Table]:
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


def _noise(result: Result, figures: Figures) -> list[Table]:
    rows: list[Line] = [(f"{sigma:g}", {"at": sigma}) for sigma in result.settings["sigmas"]]
    columns = estimators(*result.settings["maps"], KNOWN)
    common = {"metric": "median_ape", "parameter": "mean", "regime": CHOSEN_SIGMA}
    return [figures.table("Median-APE", "σ [ms]", rows, columns, common)]


def _optimisers(result: Result, figures: Figures) -> list[Table]:
    rows = [
        (f"{ESTIMATOR_LABELS.get(method, method)} ({kind})", {"estimator": method})
        for method, kind in result.settings["methods"].items()
    ]
    reached = (("reached", "", result.settings[name]) for name in ("near", "reached"))
    columns = metrics(*reached, ("median_evaluations", ""))
    title = "Share of draws of the prior from which a method comes so near to the lowest loss"
    return [figures.table(title, "method", rows, columns, {"regime": NOISY_TRACES})]


def _magi(result: Result, figures: Figures) -> list[Table]:
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


def _width(result: Result, figures: Figures) -> list[Table]:
    sizes = zip(result.settings["widths"], result.settings["n_weights"], strict=True)
    rows: list[Line] = [(f"{width:,} ({n:,})", {"at": width}) for width, n in sizes]
    times, steps = ([(key_label(key), key.as_json()) for key in keys] for keys in (TIME_COLUMNS, STEP_COLUMNS))
    corner = "width (weights)"
    return [
        figures.table("Seconds for all steps", corner, rows, times),
        figures.table("Steps that were measured", corner, rows, steps),
    ]


LAYOUTS: dict[str, Callable[[Result, Figures], list[Table]]] = {
    "limit": _limit,
    "training-size": _training_size,
    "accuracy": _accuracy,
    "regimes": _regimes,
    "time-series": _time_series,
    "calibration": _calibration,
    "noise": _noise,
    "optimisers": _optimisers,
    "magi": _magi,
    "width": _width,
}


def tables(name: str, result: Result) -> list[Table]:
    """Return the tables of an experiment; its curves of coverage are shown only on the page Uncertainty."""
    return LAYOUTS[name](result, Figures(name, result))


def target_lines(result: Result, targets: Iterable[Target]) -> list[str]:
    """Return a line for each target: the figure's name, its value, the bounds, and whether they are met."""
    lines = []
    for target in targets:
        value = result.value(target.key)
        bounds = [f"at least {shown(target.at_least)}"] if target.at_least is not None else []
        bounds += [f"at most {shown(target.at_most)}"] if target.at_most is not None else []
        verdict = "met" if target.met(value) else "missed"
        lines.append(f"{key_label(target.key)}: {shown(value)} ({' and '.join(bounds)}: {verdict})")
    return lines


def text(name: str, result: Result) -> str:
    """Return an experiment's result for a terminal."""
    return "\n\n".join(
        [result.about, *map(str, tables(name, result)), "\n".join(target_lines(result, result.targets))]
    ).rstrip()


def markdown(name: str, result: Result) -> str:
    """Return an experiment's result in Markdown, with the number of targets met and a list of those missed."""
    parts = [f"`python -m core.experiments {name}`. {result.about}"]
    parts += [table.markdown() for table in tables(name, result)]
    if result.targets:
        parts.append(f"Of {len(result.targets)} targets {len(result.targets) - len(result.missed)} are met.")
    return "\n\n".join([*parts, *(f"* {line}" for line in target_lines(result, result.missed))])
