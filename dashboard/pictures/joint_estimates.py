"""Joint estimates of θ₀, θ₁, σ and ρ by what a network sees: the paper's table beside the experiment joint."""

from collections.abc import Mapping

import numpy as np

from core.experiments.estimators import CNN, EXACT, JOINT_MAP, JOINT_TRACES, OURS, TIME_AND_SPECTRUM, TIME_SERIES
from core.experiments.joint import CLEAR_DIFFERENCE, GAIN, INPUTS
from core.experiments.labels import REGIME_LABELS, figure_label
from core.experiments.published_figures import JOINT_PARAMETERS, PAPER, PUBLISHED
from core.experiments.records import Key, Result, stored
from core.maps.differences_from_training import listed
from core.symbols import symbol_of
from dashboard.pictures.shown import Cell, Shown, name_cell
from dashboard.pictures.stored_curves import NAMES, look_of
from dashboard.pictures.test_set import not_run
from dashboard.wording.entries import EXACT_MEAN
from dashboard.wording.numbers import compact, count, fixed

ABOUT = (
    "Each cell: R², and the published one in brackets. At 0 a network is as good as the mean of the prior, below 0 "
    "worse. A row with an N is the mean over {trainings} trainings; the paper does not say over how many."
)

Row = tuple[str, str, int | None]  # estimator, what it sees, and N


def picture() -> Shown:
    """Return R² of the four parameters by estimator, input and N, and what it says."""
    found = stored("joint")
    if found is None:
        return not_run("joint", "how well θ₀, θ₁, σ and ρ are estimated together")
    about = ABOUT.format(trainings=len(found.settings["seeds"]))
    measured = {each.key: each.value for each in (*PUBLISHED, *found.measurements)}
    heads = [figure_label("r2", parameter) for parameter in JOINT_PARAMETERS]
    rows: list[list[Cell]] = [["estimator", "N", "sees", *heads]]
    for estimator, inputs, n in _rows(found):
        cells = [_cell(measured, Key(estimator, "r2", parameter, inputs, n)) for parameter in JOINT_PARAMETERS]
        name = EXACT_MEAN if estimator == EXACT else NAMES.get(estimator, estimator)
        sees = REGIME_LABELS[inputs] if inputs in INPUTS else ""
        rows.append([name_cell(name, look_of(estimator)), "" if n is None else count(n), sees, *cells])
    return Shown("accuracy-joint", table=rows, said=[_answer(found), f"{about} {_order(found)}"])


def _rows(found: Result) -> list[Row]:
    """Return the rows of the table: the CNN by N and input, then our network, the shipped map and the limit."""
    sizes = found.settings["sizes"]
    rows: list[Row] = [(CNN, inputs, n) for n in sizes for inputs in INPUTS]
    rows.append((OURS, TIME_AND_SPECTRUM, sizes[-1]))
    if found.settings["map"] is not None:
        rows.append((JOINT_MAP, TIME_AND_SPECTRUM, None))
    return [*rows, (EXACT, JOINT_TRACES, None)]


def _cell(measured: Mapping[Key, float], key: Key) -> str:
    published = measured.get(Key(PAPER, key.metric, key.parameter, key.regime, key.n)) if key.estimator == CNN else None
    return fixed(measured[key], 3) + ("" if published is None else f" ({fixed(published, 3)})")


def _answer(found: Result) -> str:
    """Say what the spectrum adds to a few time series, and how near to the limit our maps come."""
    noise, (few, *_, many) = JOINT_PARAMETERS[2:], found.settings["sizes"]

    def values(estimator: str, inputs: str, n: int | None) -> list[float]:
        return [found.value(Key(estimator, "r2", parameter, inputs, n)) for parameter in noise]

    def text(of: list[float]) -> str:
        return listed([fixed(value, 3) for value in of])

    series, both = (values(CNN, inputs, few) for inputs in (TIME_SERIES, TIME_AND_SPECTRUM))
    shows = "The spectrum shows the noise: with" if min(np.subtract(both, series)) > 0 else "With"
    ours = [f"{text(values(OURS, TIME_AND_SPECTRUM, many))} for our network with N = {count(many)}"]
    if found.settings["map"] is not None:
        of_map = text(values(JOINT_MAP, TIME_AND_SPECTRUM, None))
        ours.append(f"{of_map} for ‘{JOINT_MAP}’, trained on ever new simulations and noise")
    return (
        f"{shows} N = {count(few)} the CNN’s R² of {listed([symbol_of(parameter) for parameter in noise])} is "
        f"{text(series)} from the time series, and {text(both)} with its spectrum beside it. It is {listed(ours)}; the "
        f"limit is {text(values(EXACT, JOINT_TRACES, None))}."
    )


def _order(found: Result) -> str:
    """Say how many pairs of inputs have the published order."""
    gains = [each.value for each in found.measurements if each.key.metric.startswith(GAIN)]
    kept = sum(gain >= 0 for gain in gains)
    return (
        f"Where two published R² of one parameter differ by more than {compact(CLEAR_DIFFERENCE)}, the better input is "
        f"the better one here too in {kept} of {len(gains)} pairs."
    )
