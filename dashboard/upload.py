"""Read an uploaded trace: a CSV with the columns time [ms] and u. What is wrong with a file is said in a sentence."""

import csv
import io
import math
import re

import numpy as np

from dashboard.observation import Trace

LARGEST_FILE = 5 * 2**20  # bytes
ROWS_RANGE = (20, 5000)
LONGEST = 2000.0  # ms; the time to fit a trace grows with its length
LARGEST_U = 1000.0


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
    for number, row in rows.items():
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
    than 20 or more than 5,000 rows, times that do not increase, lie unequally far apart or span more than 2,000 ms, |u|
    above 1,000, and files above 5 MB.
    """
    rows = _rows(content)
    head = next(iter(rows))
    if _is_header(rows[head]):
        names = [re.split(r"[ \[(]", cell.strip().lower())[0] for cell in rows[head]]
        if names[0] not in ("time", "t") or names[1] != "u":
            raise ValueError(
                f"The columns are called {', '.join(rows[head])[:60]}; they should be time and u, in this order."
            )
        del rows[head]
    low, high = ROWS_RANGE
    if not low <= len(rows) <= high:
        raise ValueError(f"The trace has {len(rows):,} rows; it needs {low} to {high:,}.")
    numbers = list(rows)
    times, u = np.array([[_cell(row[0], i, "time"), _cell(row[1], i, "u")] for i, row in rows.items()]).T
    if np.any(times[1:] <= times[:-1]):
        row = numbers[int(np.argmax(times[1:] <= times[:-1])) + 1]
        raise ValueError(f"Time does not increase at row {row}: sort the rows by time and drop doubles.")
    if not times[-1] / 2 - times[0] / 2 <= LONGEST / 2:
        raise ValueError(f"The trace lasts longer than {LONGEST:,.0f} ms, the most that is fitted: cut it.")
    if np.max(np.abs(u)) > LARGEST_U:
        row = numbers[int(np.argmax(np.abs(u)))]
        raise ValueError(
            f"u at row {row} lies beyond ±{LARGEST_U:,.0f}; the neuron’s u stays within ±3. Check its unit."
        )
    steps = np.diff(times)
    if np.ptp(steps) > 1e-3 * steps.mean():
        row = numbers[int(np.argmax(np.abs(steps - np.median(steps)))) + 1]
        raise ValueError(
            f"The samples are not equally far apart: the step before row {row} differs from the others. "
            "Resample the trace to equal steps."
        )
    return Trace(name, times - times[0], u)
