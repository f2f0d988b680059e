"""The tables of joint estimates: accuracy by N and inputs, and the order of the inputs."""

from itertools import permutations

from core.experiments.estimators import CNN, EXACT, JOINT_MAP, JOINT_TRACES, OURS, TIME_AND_SPECTRUM
from core.experiments.joint import CLEAR_DIFFERENCE, GAIN, INPUTS
from core.experiments.labels import REGIME_LABELS
from core.experiments.published_figures import JOINT_PARAMETERS, PAPER
from core.experiments.records import Result
from core.experiments.tables import Figures, Line, Table, estimators
from core.symbols import symbol_of

TITLES = {"r2": "R²", "median_ape": "Median-APE", "rmse": "RMSE, that of σ in ms"}


def joint(result: Result, figures: Figures) -> list[Table]:
    """Return for each metric the accuracy by N and inputs, and the differences between the inputs."""
    sizes = result.settings["sizes"]
    rows: list[Line] = [
        (f"{label}, {REGIME_LABELS[inputs]}, N = {n:,}", {**parts, "regime": inputs, "n": n})
        for n in sizes
        for inputs in INPUTS
        for label, parts in estimators(PAPER, CNN, OURS)
    ]
    rows += estimators(JOINT_MAP, regime=TIME_AND_SPECTRUM) + estimators(EXACT, regime=JOINT_TRACES)
    parameters: list[Line] = [(symbol_of(each), {"parameter": each}) for each in JOINT_PARAMETERS]
    tables = [figures.table(title, "estimator", rows, parameters, {"metric": code}) for code, title in TITLES.items()]
    orders: list[Line] = [
        (
            f"{REGIME_LABELS[better]} above {REGIME_LABELS[worse]}, N = {n:,}",
            {"metric": f"{GAIN}{worse}", "regime": better, "n": n},
        )
        for n in sizes
        for better, worse in permutations(INPUTS, 2)
    ]
    title = f"Differences in R² between the inputs of the CNN, where the published ones are above {CLEAR_DIFFERENCE:g}"
    return [*tables, figures.table(title, "inputs", orders, parameters, {"estimator": CNN})]
