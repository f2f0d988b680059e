"""The contenders of the comparison with sbi, and the table of their figures; without sbi, which writes no table."""

from collections.abc import Mapping
from typing import Any

from core.experiments.estimators import MIXTURE
from core.experiments.labels import figure_label, shown, with_spread
from core.experiments.limit import MASSES, PARAMETERS
from core.experiments.posteriors import REGIME
from core.experiments.records import Key, Measurement, Result, find
from core.maps.learned_posterior.frame import DIRECTIONS, RADII

SHIPPED, OURS, DEFAULT, CNN = MIXTURE, "ours-as-many", "npe", "npe-cnn"
CONTENDERS = (OURS, DEFAULT, CNN)  # those that are trained for the comparison
LABELS = {
    SHIPPED: "learned posterior, mixture, as shipped (GPU)",
    OURS: "the same, from as many simulations as NPE",
    DEFAULT: "NPE, default embedding",
    CNN: "NPE, CNNEmbedding",
}
STENCIL = 1 + len(RADII) * DIRECTIONS  # trajectories that ours simulates around an estimate, for each stage
COSTS = {"simulations": "traces simulated", "stencil": "further trajectories", "minutes": "training [min]"}
METRICS = (
    *((code, "", None) for code in ("divergence_median", "divergence_mean", "divergence_90", "best_classifier")),
    *(("coverage", "", mass) for mass in MASSES),
    *(("rank_p", name, None) for name in PARAMETERS),
    ("rmse_over_limit", "mean", None),
)  # metric, parameter, argument


def code_of(key: Key) -> str:
    """Return the code under which a figure of a contender is stored."""
    parts = (key.estimator, key.metric, key.parameter, "" if key.at is None else f"{key.at:g}")
    return "/".join(part for part in parts if part)


def keys_of(name: str) -> list[Key]:
    """Return the keys of a contender's figures, in the order of the columns."""
    return [Key(name, metric, parameter, REGIME, at=at) for metric, parameter, at in METRICS]


def off(key: Key, value: float) -> float:
    """Return how far a figure is from what an exact posterior has, so that less is better."""
    if key.metric == "coverage":
        assert key.at is not None
        return abs(value - key.at)
    return -value if key.metric == "rank_p" else value


def present(result: Mapping[str, Any]) -> list[str]:
    """Return the contenders of a stored result, in the order of the rows."""
    return [name for name in LABELS if name in result["settings"]["trained"]]


def rows(result: Mapping[str, Any], shipped: Result) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return the head and the rows of the table.

    result: of the benchmark, as stored. shipped: of the experiment, which has the figures of the shipped posterior.
    """
    values = {figure["code"]: figure["value"] for figure in result["figures"]}
    head = ("posterior", *COSTS.values(), *(figure_label(key.metric, key.parameter, key.at) for key in keys_of("")))
    found = []
    for name in present(result):
        if name == SHIPPED:
            measured = [find(shipped.measurements, key) for key in keys_of(name)]
        else:
            codes = {key: code_of(key) for key in keys_of(name)}
            measured = [Measurement(key, values[code], values.get(f"{code}/sd")) for key, code in codes.items()]
        costs = (shown(values[f"{name}/{cost}"]) for cost in COSTS)
        found.append((LABELS[name], *costs, *map(with_spread, measured)))
    return head, found


def wins(result: Mapping[str, Any], shipped: Result, ours: str, other: str) -> int:
    """Return on how many of the figures one of ours is closer to the exact posterior than another."""
    values = {figure["code"]: figure["value"] for figure in result["figures"]}

    def figure(key: Key) -> float:
        return off(key, find(shipped.measurements, key).value if key.estimator == SHIPPED else values[code_of(key)])

    return sum(figure(a) < figure(b) for a, b in zip(keys_of(ours), keys_of(other), strict=True))
