"""Read an uploaded recording: a CSV of time [ms], u and perhaps v. What is wrong with a file is said in a sentence."""

import csv
import io
import math
import re

import numpy as np

from dashboard.observation import Trace

LARGEST_FILE = 5 * 2**20  # bytes
ROWS_RANGE = (20, 5000)
LONGEST = 2000.0  # ms; the time to fit a trace grows with its length
LARGEST = 1000.0  # |u| and |v|
COLUMNS = ("time", "u", "v")


def _cell(text: str, row: int, column: str) -> float:
    text = text.strip()
    if not text:
        if column != "time":
            return math.nan
        raise ValueError(f"Row {row} has a gap in the column time: only u and v may have gaps.")
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"Row {row} has “{text[:20]}” in the column {column}, where a number should be.") from None
    if not math.isfinite(value):
        raise ValueError(
            f"Row {row} has {text[:20]} in the column {column}: only finite numbers can be used. "
            "Leave the cell empty where nothing was observed."
        )
    return value


def _rows(content: bytes) -> dict[int, list[str]]:
    """Return the cells of each row that is not blank by its number in the file."""
    if len(content) > LARGEST_FILE:
        raise ValueError("The file is larger than 5 MB: a trace of 5,000 rows takes a tenth of one.")
    try:
        reader = csv.reader(io.StringIO(content.decode("utf-8-sig")), strict=True)
        rows = {}
        for row in reader:
            if any(cell.strip() for cell in row):
                rows[reader.line_num] = row
    except (UnicodeDecodeError, csv.Error):
        raise ValueError(
            "The file is not a CSV in UTF-8: save the trace as text with commas between the columns."
        ) from None
    if not rows:
        raise ValueError("The file is empty: it needs a row for each sample, with time in ms and u.")
    width = len(next(iter(rows.values())))
    for number, row in rows.items():
        if len(row) != width or width not in (2, 3) or any(";" in cell for cell in row):
            raise ValueError(
                f"Row {number} has {len(row)} column{'s' if len(row) != 1 else ''}; each needs two, time in ms and u, "
                "or each three, with v, a comma between them and a point in the numbers."
            )
    return rows


def _is_header(row: list[str]) -> bool:
    try:
        [float(cell) for cell in row if cell.strip()]
    except ValueError:
        return True
    return False


def read_trace(name: str, content: bytes) -> Trace:
    """Return the recording in a CSV; its times are counted from its first sample, and an empty cell is NaN.

    Raises ValueError with a sentence for text, gaps in the times, numbers that are not finite, columns other than
    (time, u) and (time, u, v), nothing observed, fewer than 20 or more than 5,000 rows, times that do not increase or
    span more than 2,000 ms, |u| or |v| above 1,000, and files above 5 MB.
    """
    rows = _rows(content)
    head = next(iter(rows))
    if _is_header(rows[head]):
        names = [re.split(r"[ \[(]", cell.strip().lower())[0] for cell in rows[head]]
        if names[0] not in ("time", "t") or names[1:] != list(COLUMNS[1 : len(names)]):
            raise ValueError(
                f"The columns are called {', '.join(rows[head])[:60]}; they should be time and u, in this order, and "
                "v after them if it was observed."
            )
        del rows[head]
    low, high = ROWS_RANGE
    if not low <= len(rows) <= high:
        raise ValueError(f"The trace has {len(rows):,} rows; it needs {low} to {high:,}.")
    numbers = list(rows)
    cells = [list(map(_cell, row, [i] * len(row), COLUMNS)) for i, row in rows.items()]
    times, *states = np.array(cells).T
    if np.any(times[1:] <= times[:-1]):
        row = numbers[int(np.argmax(times[1:] <= times[:-1])) + 1]
        raise ValueError(f"Time does not increase at row {row}: sort the rows by time and drop doubles.")
    if not times[-1] / 2 - times[0] / 2 <= LONGEST / 2:
        raise ValueError(f"The trace lasts longer than {LONGEST:,.0f} ms, the most that is fitted: cut it.")
    if np.all(np.isnan(states)):
        raise ValueError("Nothing was observed: the columns beside the time are empty.")
    for column, values in zip(COLUMNS[1:], states, strict=False):
        beyond = np.abs(values) > LARGEST
        if np.any(beyond):
            row = numbers[int(np.argmax(beyond))]
            raise ValueError(
                f"Row {row} has {column} beyond ±{LARGEST:,.0f}; the neuron’s {column} stays within ±3. Check its unit."
            )
    u, v = states[0], states[1] if len(states) > 1 else None
    return Trace(name, times - times[0], u, None if v is None or np.all(np.isnan(v)) else v)
