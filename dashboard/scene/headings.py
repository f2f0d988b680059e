"""What stands above a table of numbers: the names of its columns and their units."""

import numpy as np

from dashboard.scene.columns import UnclearError, counts_rows, is_unit, names_a_time
from dashboard.scene.text_table import Table

Names = tuple[int, tuple[str, ...]]  # the number of the row, and its cells


def headings_of(table: Table) -> tuple[Names | None, tuple[str, ...]]:
    """Return the row that names the columns, None without one, and their units, "" for none.

    Raises ValueError with a sentence for a row of names that is none.
    """
    headings = list(table.headings)
    if not any(names_a_time(cells) for _, cells in headings):
        named = [i for i, (_, cells) in enumerate(table.comments) if names_a_time(cells)]
        headings = [*table.comments[named[-1] :], *headings] if named else headings
    units: tuple[str, ...] = ("",) * table.width
    if headings and all(map(is_unit, headings[-1][1])) and len(headings[-1][1]) == table.width:
        units = headings.pop()[1]
    if not headings:
        return None, units
    number, names = headings[-1]
    if not names_a_time(names) and any(names_a_time(cells) for _, cells in headings):
        raise ValueError(f"Row {number} has “{names[0][:20]}” in the column time, where a number should be.")
    return headings[-1], units


def names_for_all(names: Names, table: Table) -> tuple[str, ...]:
    """Return a name for each column where one has none: R leaves out that of its row counter, others an empty last.

    Raises UnclearError with a sentence where there are too few or too many.
    """
    number, cells = names
    if len(cells) == table.width - 1:
        if counts_rows(table.numbers({"row": 0})[:, 0]):
            return ("", *cells)
        if np.all(np.isnan(table.numbers({"last": len(cells)}))):
            return (*cells, "")
    if len(cells) != table.width:
        raise UnclearError(
            f"Row {number} has {len(cells)} names of columns; the rows below have {table.width} columns.",
            "Give each column one name.",
        )
    return cells


def shown_names(table: Table) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return names and units of the columns as far as they are known, "" for each that is not."""
    nothing = ("",) * table.width
    try:
        names, units = headings_of(table)
        return (nothing if names is None else names_for_all(names, table)), units
    except ValueError:
        return nothing, nothing
