"""The time of a training against the width of a dense network: published, and measured by the experiment width."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.experiments import estimators as codes
from core.experiments.published_figures import PUBLISHED
from core.experiments.records import Key, Result, stored
from core.maps.differences_from_training import listed
from dashboard.figures.accuracy import Curve
from dashboard.figures.style import BEST, MUTED, TRUTH, Look
from dashboard.figures.training_time import against_width
from dashboard.pictures.shown import Cell, Plot, Shown, name_cell
from dashboard.pictures.test_set import not_run
from dashboard.wording.entries import TIMES
from dashboard.wording.numbers import count, significant

COLOURS = {
    codes.PUBLISHED_CPU: TRUTH,
    codes.CEREBRAS: TRUTH,
    codes.PLAIN_LOOP: MUTED,
    codes.GPU_AUTOMATIC: MUTED,
    codes.FUSED_STEP: BEST,
    codes.GPU_BY_HAND: BEST,
}
ON_GPU = (codes.GPU_AUTOMATIC, codes.GPU_BY_HAND)
HOW_TO_READ = (
    "Solid lines: CPUs. Dashed: a GPU. Dotted: a Cerebras CS-2. Hollow marks: mixed precision, which the CS-2 had at "
    "width 2,048 too."
)
NOT_PUBLISHED = "The batch size of the published trainings is not known."


def picture() -> Shown:
    """Return the time of a training against the width, and a table of the times."""
    found = stored("width")
    if found is None:
        return not_run("width", "how the time of a training grows with the width of the network")
    widths = found.settings["widths"]
    curves = _curves(found)
    rows: list[list[Cell]] = [
        ["time of a training [s]", *(f"width {count(width)}" for width in widths)],
        ["number of weights", *(count(n) for n in found.settings["n_weights"])],
    ]
    for each in curves:
        cells = [significant(value, 3) if np.isfinite(value) else "–" for value in each.values]
        rows.append([name_cell(each.name, each.look), *cells])
    return Shown(
        "accuracy-width",
        [Plot("against-width", against_width(np.array(widths, dtype=float), curves))],
        table=rows,
        said=[
            *_answers(found, {each.name: each.values for each in curves}),
            HOW_TO_READ,
            f"{found.about} {NOT_PUBLISHED}",
        ],
    )


def _curves(found: Result) -> list[Curve]:
    """Return a curve for each kind of training that was timed at some width."""
    measured = {each.key: each.value for each in (*PUBLISHED, *found.measurements)}
    curves = []
    for (estimator, metric, precision), name in TIMES.items():
        keys = [Key(estimator, metric, "", precision, at=width) for width in found.settings["widths"]]
        values = np.array([measured.get(key, np.nan) for key in keys])
        if np.isfinite(values).any():
            look = Look(COLOURS[estimator], hollow=precision == codes.MIXED_PRECISION, dash=_dash(estimator, metric))
            curves.append(Curve(name, look, values))
    return curves


def _dash(estimator: str, metric: str) -> str:
    if estimator == codes.CEREBRAS:
        return "dot" if metric == "total_seconds" else "dashdot"
    return "dash" if estimator in ON_GPU else "solid"


def _answers(found: Result, times: Mapping[str, NDArray[np.float64]]) -> list[str]:
    """Say how fast our trainings are beside others on a CPU and on a GPU, as far as they were timed; times: by name."""
    widths, answers = found.settings["widths"], []
    keys = [Key(codes.FUSED_STEP, "speed_up", "", codes.SINGLE_PRECISION, at=width) for width in widths]
    factors = np.array(found.curve(keys))
    if np.isfinite(factors).all():
        answers.append(
            f"On one thread of a CPU our loop is {_list(factors)} times as fast as a plain PyTorch loop at widths "
            f"{listed([count(width) for width in widths])}."
        )
    single, mixed = (
        times.get(TIMES[codes.GPU_BY_HAND, "training_seconds", precision], np.full(len(widths), np.nan))
        for precision in (codes.SINGLE_PRECISION, codes.MIXED_PRECISION)
    )
    shortest = np.fmin(single, mixed)
    if np.isfinite(shortest).all():
        total, alone = (
            times[TIMES[codes.CEREBRAS, metric, codes.PUBLISHED_PRECISION]]
            for metric in ("total_seconds", "training_seconds")
        )
        gpu = found.settings["machines"]["cuda"]["name"]
        answers.append(
            f"On a GPU ({gpu}) our training takes {_list(shortest)} s. The CS-2 trained for {_list(alone)} s, and took "
            f"{_list(total)} s in all."
        )
    return answers


def _list(values: NDArray[np.float64]) -> str:
    return listed([significant(value, 2 if value < 100 else 3) for value in values])
