"""What an experiment hands over: its settings, its tables and its targets, printed and stored as JSON."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.files import read_json

RESULTS = Path(__file__).parent / "results"
EXACT = "exact posterior, noise integrated out"  # the row of the limit in the experiment of this name


@dataclass(frozen=True)
class Table:
    """A table of figures: a row for each subject, the first cell its name; None where there is no figure."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | None, ...], ...]

    def __str__(self) -> str:
        """Return the table as aligned text."""
        cells = [[_text(cell) for cell in row] for row in (self.columns, *self.rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
        return "\n".join([self.title, *lines])


@dataclass(frozen=True)
class Target:
    """A figure that was asked for: at least or at most so much, both in the figure's unit."""

    figure: str
    measured: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def met(self) -> bool:
        """Whether the measured figure lies on the right side of its bounds."""
        low = -float("inf") if self.at_least is None else self.at_least
        high = float("inf") if self.at_most is None else self.at_most
        return low <= self.measured <= high

    def __str__(self) -> str:
        """Return the figure with its target as a line of text."""
        bounds = [f"at least {_text(self.at_least)}"] if self.at_least is not None else []
        bounds += [f"at most {_text(self.at_most)}"] if self.at_most is not None else []
        return f"{self.figure}: {_text(self.measured)} ({' and '.join(bounds)}: {'met' if self.met else 'missed'})"


@dataclass(frozen=True)
class Result:
    """What an experiment found. about: one sentence; settings: sizes, seeds and laws, ready for JSON."""

    about: str
    settings: dict[str, Any]
    tables: tuple[Table, ...]
    targets: tuple[Target, ...] = ()

    def __str__(self) -> str:
        """Return everything as text for a terminal."""
        return "\n\n".join([self.about, *map(str, self.tables), "\n".join(map(str, self.targets))]).rstrip()

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON has it."""
        targets = [{**asdict(target), "met": target.met} for target in self.targets]
        return {
            "about": self.about,
            "settings": self.settings,
            "tables": [asdict(table) for table in self.tables],
            "targets": targets,
        }


def stored(name: str) -> dict[str, Any] | None:
    """Return the stored result of an experiment, or None where it has not been run."""
    path = RESULTS / f"{name}.json"
    return read_json(path) if path.is_file() else None


def limit_row() -> dict[str, Any] | None:
    """Return the stored figures of the `EXACT` posterior mean, by column, or None where `limit` has not run.

    "R²", "Median-APE" and "RMSE" are the means of both parameters.
    """
    result = stored("limit")
    if result is None:
        return None
    table = result["tables"][0]
    row = next(dict(zip(table["columns"], row, strict=True)) for row in table["rows"] if row[0] == EXACT)
    means = {name: (row[f"{name} θ₀"] + row[f"{name} θ₁"]) / 2 for name in ("R²", "Median-APE", "RMSE")}
    return {**row, **means}


def _text(cell: Sequence[Any] | str | float | None) -> str:
    if cell is None:
        return "–"
    return cell if isinstance(cell, str) else f"{cell:.4g}".replace("-", "−")
