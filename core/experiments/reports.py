"""The result of an experiment as text for a terminal, or in Markdown: its tables and its targets."""

from collections.abc import Callable, Iterable

from core.experiments.labels import key_label, shown
from core.experiments.layout_covariance import covariance
from core.experiments.layout_fresh import fresh
from core.experiments.layout_further import conditional, four, window
from core.experiments.layout_joint import joint
from core.experiments.layout_mended import mended
from core.experiments.layouts import (
    accuracy,
    calibration,
    limit,
    magi,
    noise,
    optimisers,
    regimes,
    time_series,
    training_size,
    width,
)
from core.experiments.records import Result, Target
from core.experiments.tables import Figures, Table

LAYOUTS: dict[str, Callable[[Result, Figures], list[Table]]] = {
    "limit": limit,
    "training-size": training_size,
    "accuracy": accuracy,
    "regimes": regimes,
    "time-series": time_series,
    "calibration": calibration,
    "noise": noise,
    "optimisers": optimisers,
    "magi": magi,
    "width": width,
    "joint": joint,
    "covariance": covariance,
    "fresh": fresh,
    "mended": mended,
    "conditional": conditional,
    "window": window,
    "four": four,
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
