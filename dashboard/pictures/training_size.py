"""The error against the number N of training samples: the curves of one regime, and the paper's table with ours."""

from collections.abc import Mapping, Sequence

import numpy as np

from core.experiments.compared_maps import REGIMES
from core.experiments.estimators import CNN, DENSE, KNOWN, OURS
from core.experiments.published_figures import PAPER, PUBLISHED
from core.experiments.records import Key, stored
from core.maps.differences_from_training import listed
from dashboard.figures import accuracy as figures
from dashboard.pictures.shown import Cell, Plot, Shown, name_cell
from dashboard.pictures.stored_curves import stored_curve
from dashboard.pictures.test_set import ERROR, limit_of, not_run
from dashboard.scene.settings import CHOICES
from dashboard.wording.estimates import named
from dashboard.wording.numbers import count, fixed, percent, percent_to_digits

COMPARED = (PAPER, CNN, DENSE, OURS)
MEANS = (ERROR, ("r2", "mean"))
ABOUT = (
    "Each cell: Median-APE, and R² in brackets, each the mean of both parameters and of three trainings; the paper "
    "does not say over how many."
)


def picture(regime: str) -> Shown:
    """Return the error against the number of training samples for a regime, and the table of all regimes."""
    found = stored("training-size")
    if found is None:
        return not_run("training-size", "how the error falls with the number of training samples")
    sizes = found.settings["sizes"]
    counts = np.array(sizes, dtype=float)
    measured = {each.key: each.value for each in (*PUBLISHED, *found.measurements)}
    curves = []
    for estimator in COMPARED:
        values = [measured.get(Key(estimator, *ERROR, regime, n), np.nan) for n in sizes]
        curves.append(stored_curve(estimator, np.array(values), {}))
    limit = limit_of(regime)
    floor = None if limit is None else stored_curve(KNOWN, np.array([limit[ERROR]]), {})
    figure = figures.against_samples(counts, curves, floor, f"Error against N, {CHOICES['regime'][regime]}")
    last = {each.name: float(each.values[-1]) for each in curves if np.isfinite(each.values[-1])}
    said = f"With N = {count(counts[-1])} the error is "
    said += listed([f"{percent_to_digits(error)} for {named(name)}" for name, error in last.items()])
    if limit is not None:
        said += f"; for the exact posterior mean it is {percent_to_digits(limit[ERROR])}"
    return Shown(
        "accuracy-samples",
        [Plot("against-samples", figure)],
        table=_table(measured, sizes),
        said=[f"{said}.", f"{ABOUT} {_spoiled(measured, sizes)}".rstrip()],
    )


def _spoiled(measured: Mapping[Key, float], sizes: Sequence[int]) -> str:
    """Say which networks get worse on noisy traces with more samples that have no noise, or return ""."""
    ends = {each: [measured.get(Key(each, *ERROR, "clean-noisy", n), np.nan) for n in (sizes[0], sizes[-1])]
            for each in COMPARED}  # fmt: skip
    worse = [named(stored_curve(each, np.empty(0), {}).name) for each, (few, many) in ends.items() if many > few]
    if not worse:
        return ""
    return (
        f"Trained without noise, {listed(worse)} {'is' if len(worse) == 1 else 'are'} worse on noisy traces with "
        f"{count(sizes[-1])} samples than with {count(sizes[0])}."
    )


def _table(measured: Mapping[Key, float], sizes: Sequence[int]) -> list[list[Cell]]:
    """Return Median-APE and R² for each regime and N, the published figures first; measured: figures by key."""
    head = [name_cell(curve.name, curve.look) for curve in (stored_curve(each, np.empty(0), {}) for each in COMPARED)]
    rows: list[list[Cell]] = [["trained / tested", "N", *head]]
    for regime in REGIMES:
        for n in sizes:
            cells = [tuple(measured.get(Key(each, *mean, regime, n)) for mean in MEANS) for each in COMPARED]
            rows.append([regime.replace("-", " / "), count(n), *map(_cell, cells)])
    return rows


def _cell(values: tuple[float | None, ...]) -> str:
    error, r2 = values
    return "–" if error is None or r2 is None else f"{percent(error, 1)} ({fixed(r2, 3)})"
