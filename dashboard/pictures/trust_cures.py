"""The part of the page Trust about cures: what protects a map, at what price, and does an alarm notice?"""

from collections.abc import Callable
from dataclasses import replace
from math import isnan

from core.experiments.estimators import BEST, BEST_MENDED, CURES, DENSE_MAP, KNOWN, MAP
from core.experiments.labels import ESTIMATOR_LABELS
from core.experiments.records import Key, Result, stored
from dashboard.figures import cures as figures
from dashboard.figures.style import OWN_MAPS, SHIPPED_MAPS
from dashboard.pictures.perturbed import CLASSICAL
from dashboard.pictures.shown import Cell, Plot, Shown, name_cell
from dashboard.scene.scene import Scene
from dashboard.wording import cures as wording
from dashboard.wording import entries
from dashboard.wording.numbers import compact, significant

EVERY = (DENSE_MAP, *CURES, BEST, BEST_MENDED, MAP, KNOWN)
LOOKS = {
    DENSE_MAP: SHIPPED_MAPS[DENSE_MAP],
    **dict(zip(CURES, OWN_MAPS, strict=False)),
    BEST: SHIPPED_MAPS[BEST],
    BEST_MENDED: replace(SHIPPED_MAPS[BEST], hollow=True, dash="dash"),
    MAP: CLASSICAL[entries.MAP],
    KNOWN: CLASSICAL[entries.EXACT_MEAN],
}
NAMES = {MAP: entries.MAP, KNOWN: entries.EXACT_MEAN}
QUOTED = 1  # of the sizes, in the answer
MISSING = "–"
ALARMS = ("score_alarms", "predictive_alarms")


def cures(_: Scene) -> Shown:
    """Return errors, worst cases and alarms by cure, as measured."""
    found = stored("cures")
    if found is None:
        return Shown("trust-none", question=wording.QUESTION, answer=wording.RUN)
    sizes = found.settings["sizes"]
    size = sizes[QUOTED]
    moved = {code: [_of(found, code, "worst_movement", at=each) for each in sizes] for code in EVERY}
    scored, rejected = (
        {code: [_of(found, code, metric, at=each) for each in sizes] for code in EVERY if code != BEST_MENDED}
        for metric in ALARMS
    )
    rows = {code: wording.Row(_name(code), _of(found, code, "rmse", "mean"), moved[code][QUOTED]) for code in EVERY}
    strongest = min(CURES, key=lambda code: rows[code].moved)
    false = max(_of(found, DENSE_MAP, metric, at=0.0) for metric in ALARMS)
    first, last = found.settings["numbers"]
    return Shown(
        "trust-cures",
        [
            Plot("worst", figures.worst(sizes, _curves(moved))),
            Plot("alarms", figures.alarms(sizes, _curves(scored), _curves(rejected))),
        ],
        wording.QUESTION,
        wording.answer(size, rows[DENSE_MAP], rows[strongest], rows[BEST_MENDED], rows[KNOWN]),
        why=[wording.HOW_TO_READ, wording.ALARMS, found.about],
        table=_table(found, sizes),
        said=[
            wording.noticed(size, scored[DENSE_MAP][QUOTED], rejected[DENSE_MAP][QUOTED], false, last - first + 1),
            wording.CLASSICAL,
        ],
    )


def _of(
    found: Result, code: str, metric: str, parameter: str = "", regime: str = "fresh", at: float | None = None
) -> float:
    """Return a figure; NaN where there is none, as of the amplification of what is mended."""
    return found.curve([Key(code, metric, parameter, regime, at=at)])[0]


def _name(code: str) -> str:
    return NAMES.get(code, ESTIMATOR_LABELS.get(code, code))


def _curves(values: dict[str, list[float]]) -> dict[str, figures.Curve]:
    return {_name(code): (LOOKS[code], each) for code, each in values.items()}


def _table(found: Result, sizes: list[float]) -> list[list[Cell]]:
    """Return a row for each estimator: errors, amplification, worst cases and alarms."""
    at, with_none = _joined(sizes, compact), _joined([0.0, *sizes], compact)
    table: list[list[Cell]] = [
        [
            "", "RMSE, clean", "RMSE, noisy", "amplification (90 %)", f"moved at {at} [sd]",
            f"score above 1 at {with_none} [%]", f"check rejects at {with_none} [%]",
        ]
    ]  # fmt: skip
    for code in EVERY:
        errors = [_of(found, code, "rmse", "mean", regime) for regime in ("fresh-clean", "fresh")]
        median, most = (_of(found, code, f"amplification_exact{part}") for part in ("", "_90"))
        moved = [_of(found, code, "worst_movement", at=size) for size in sizes]
        alarms = [[100 * _of(found, code, metric, at=size) for size in (0.0, *sizes)] for metric in ALARMS]
        table.append(
            [
                name_cell(_name(code), LOOKS[code]),
                *(significant(error, 2) for error in errors),
                MISSING if isnan(median) else f"{significant(median, 2)} ({significant(most, 2)})",
                _joined(moved, lambda value: significant(value, 2)),
                *(_joined(shares, lambda value: compact(value, 3)) for shares in alarms),
            ]
        )
    return table


def _joined(values: list[float], text: Callable[[float], str]) -> str:
    """Return figures beside each other; what is not known at all is a dash."""
    return MISSING if all(map(isnan, values)) else " / ".join(map(text, values))
