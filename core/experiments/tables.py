"""Tables of measurements: rows and columns that share parts of keys, and their form as text or Markdown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.experiments.labels import ESTIMATOR_LABELS, figure_label, with_spread
from core.experiments.published_figures import PUBLISHED
from core.experiments.records import Key, Result, stored

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
