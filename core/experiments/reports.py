"""The result of an experiment as text for a terminal, or in Markdown: its tables and its targets."""

from collections.abc import Iterable

from core.experiments.catalogue import EXPERIMENTS
from core.experiments.labels import key_label, shown
from core.experiments.records import Result, Target
from core.experiments.tables import Figures, Table


def tables(name: str, result: Result) -> list[Table]:
    """Return the tables of an experiment."""
    return EXPERIMENTS[name].tables(result, Figures(name, result))


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
        parts.append(f"Targets met: {len(result.targets) - len(result.missed)} of {len(result.targets)}.")
    return "\n\n".join([*parts, *(f"* {line}" for line in target_lines(result, result.missed))])
