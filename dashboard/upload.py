"""Read an uploaded trace: a CSV with the columns time [ms] and u. What is wrong with a file is said in a sentence."""

import csv
import io
import math

import numpy as np

from dashboard.observation import Trace

LARGEST_FILE = 5 * 2**20  # bytes
ROWS_RANGE = (20, 5000)


def _cell(text: str, row: int, column: str) -> float:
    text = text.strip()
    if not text:
        raise ValueError(f"Row {row} has a gap in the column {column}: fill it or cut the trace there.")
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"Row {row} has “{text[:20]}” in the column {column}, where a number should be.") from None
    if not math.isfinite(value):
        raise ValueError(f"Row {row} has {text[:20]} in the column {column}: only finite numbers can be used.")
    return value


def _rows(content: bytes) -> list[list[str]]:
    if len(content) > LARGEST_FILE:
        raise ValueError("The file is larger than 5 MB: a trace of 5,000 rows takes a tenth of one.")
    try:
        text = content.decode("utf-8-sig")
        rows = [row for row in csv.reader(io.StringIO(text), strict=True) if any(cell.strip() for cell in row)]
    except (UnicodeDecodeError, csv.Error):
        raise ValueError(
            "The file is not a CSV in UTF-8: save the trace as text with commas between the columns."
        ) from None
    if not rows:
        raise ValueError("The file is empty: it needs a row for each sample, with time in ms and u.")
    for number, row in enumerate(rows, 1):
        if len(row) != 2:
            raise ValueError(
                f"Row {number} has {len(row)} column{'s' if len(row) != 1 else ''}; each needs two, time in ms and u, "
                "with a comma between them and a point in the numbers."
            )
    return rows


def _is_header(row: list[str]) -> bool:
    try:
        [float(cell) for cell in row if cell.strip()]
    except ValueError:
        return True
    return False


def read_trace(name: str, content: bytes) -> Trace:
    """Return the trace in a CSV; its times are counted from its first sample.

    Raises ValueError with a sentence for text, gaps, numbers that are not finite, columns other than (time, u), fewer
    than 20 or more than 5,000 rows, times that do not increase or lie unequally far apart, and files above 5 MB.
    """
    rows = _rows(content)
    first = 1
    if _is_header(rows[0]):
        head = [cell.strip().lower() for cell in rows[0]]
        if head[0].split(" ")[0].split("[")[0] not in ("time", "t") or head[1].split(" ")[0] != "u":
            raise ValueError(
                f"The columns are called {', '.join(rows[0])[:60]}; they should be time and u, in this order."
            )
        rows, first = rows[1:], 2
    low, high = ROWS_RANGE
    if not low <= len(rows) <= high:
        raise ValueError(f"The trace has {len(rows):,} rows; it needs {low} to {high:,}.")
    values = np.array([[_cell(row[0], i, "time"), _cell(row[1], i, "u")] for i, row in enumerate(rows, first)])
    times, u = values.T
    steps = np.diff(times)
    if np.any(steps <= 0):
        row = int(np.argmax(steps <= 0)) + first + 1
        raise ValueError(f"Time does not increase at row {row}: sort the rows by time and drop doubles.")
    if np.ptp(steps) > 1e-3 * steps.mean():
        row = int(np.argmax(np.abs(steps - np.median(steps)))) + first + 1
        raise ValueError(
            f"The samples are not equally far apart: the step before row {row} differs from the others. "
            "Resample the trace to equal steps."
        )
    return Trace(name, times - times[0], u)
