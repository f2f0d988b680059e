"""Read a text file as a table, whatever separates its columns, marks its decimals, ends its lines and encodes it."""

import codecs
import csv
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import mode

import numpy as np
from numpy.typing import NDArray

from dashboard.scene.columns import is_unit
from dashboard.wording.numbers import count

MAX_FILE_BYTES = 5 * 2**20
MAX_ROWS = 100_000  # 2,000 ms at 50 kHz
MAX_COLUMNS, MAX_CELLS = 50, 6 * MAX_ROWS
MAX_LINE_LENGTH = 2_000  # characters
MAX_NUMBER_LENGTH = 40  # characters; a double has at most 24
N_SAMPLE_LINES = 200  # lines from which separator, decimal mark and number of columns are told

DELIMITERS = {"\t": "tabs", ";": "semicolons", ",": "commas", " ": "blanks"}
COMMENT_MARKS = ("#", "%", "//")
GAPS = ("", "-", "–", "?", "nan", "-nan", "na", "n/a", "#n/a", "null", "none")
# Longest first: the mark of UTF-16 begins that of UTF-32.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eEdD][+-]?\d+)?")
_INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}([.,'’ \u00a0\u202f]\d{3})+([.,]\d*)?")
_WORDS_WITH_UNITS = re.compile(r"[^\s\[(]+(?:\s*[\[(][^\])]*[\])])?")  # of a heading between blanks: “time (ms)”

Split = Callable[[str], list[str]]


@dataclass(frozen=True, eq=False)
class Table:
    """A table of text: its rows of numbers, and what stands above them, each line by its number in the file.

    headings: the cells of the lines above that have two or more; comments: of comment lines among them that have as
    many as the table; delimiter: what separates the columns; decimal: the decimal mark.
    """

    headings: Sequence[tuple[int, tuple[str, ...]]]
    comments: Sequence[tuple[int, tuple[str, ...]]]
    rows: Sequence[tuple[int, str]]
    width: int
    decimal: str
    delimiter: str

    def cells(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the number and the cells of each row; raises ValueError with a sentence for a row of another width."""
        split = _splitter(self.delimiter)
        for number, line in self.rows:
            cells = _split(split, number, line)
            if len(cells) < self.width or any(cell.strip() for cell in cells[self.width :]):
                raise ValueError(
                    f"Row {number} has {_columns(len(cells))}, with {DELIMITERS[self.delimiter]} between them; most "
                    f"rows have {self.width}."
                )
            yield number, cells[: self.width]

    def numbers(self, columns: Mapping[str, int]) -> NDArray[np.float64]:
        """Return columns by name, (n_rows, n_columns), NaN for a gap.

        Raises ValueError with a sentence that names the row of what is not a finite number.
        """
        values = np.empty((len(self.rows), len(columns)))
        for i, (number, cells) in enumerate(self.cells()):
            for j, (name, column) in enumerate(columns.items()):
                values[i, j] = _number(cells[column], number, name, self.decimal)
        return values

    def columns(self) -> list[NDArray[np.float64]]:
        """Return all columns, (n_rows,) each, NaN for a gap; NaN throughout where one of the cells is no number."""
        values, wrong = np.full((self.width, len(self.rows)), np.nan), set[int]()
        try:
            for i, (number, cells) in enumerate(self.cells()):
                for j in set(range(self.width)) - wrong:
                    try:
                        values[j, i] = _number(cells[j], number, "", self.decimal)
                    except ValueError:
                        wrong.add(j)
        except ValueError:  # a row of another width
            wrong.update(range(self.width))
        values[list(wrong)] = np.nan
        return list(values)


def read_table(content: bytes) -> Table:
    """Return the table in a text file.

    Comment lines are left out, but for those above the numbers, which may be headings. Raises ValueError with a
    sentence for what is no text, has no table, is larger than 5 MB, or has more than 100,000 rows or 50 columns.
    """
    lines = _lines(_text(content))
    delimiter, lines = _named_delimiter(lines)
    bare = [(number, line) for number, line in lines if not line.lstrip().startswith(COMMENT_MARKS)]
    if not bare:
        raise ValueError("The file is empty: it needs a row for each sample, with the time and u.")
    sample = [line for _, line in bare[:N_SAMPLE_LINES]]
    delimiter = delimiter or max(DELIMITERS, key=lambda each: _score(_splitter(each), sample))
    split = _splitter(delimiter)
    first = next((i for i, (_, line) in enumerate(bare) if not _is_heading(_try(split, line))), len(bare))
    if first == len(bare):
        raise ValueError("The file has no row of numbers: it needs one for each sample, with the time and u.")
    rows = bare[first:]
    in_rows = [_try(split, line) for _, line in rows[:N_SAMPLE_LINES]]
    width = mode(map(len, in_rows))
    cells = [cell.strip() for each in in_rows for cell in each]
    if width > MAX_COLUMNS or width * len(rows) > MAX_CELLS:
        raise ValueError(
            f"The file has {count(width)} columns in {count(len(rows))} rows: leave out the columns that are not the "
            "time, u or v."
        )
    decimal = _decimal_mark(cells)
    if delimiter == "," and width > 2 and not any("." in cell for cell in cells):
        raise ValueError(
            "The file has commas both between the columns and within the numbers: save it with semicolons or tabs "
            "between the columns, or with points in the numbers."
        )
    headings = [(number, _heading_cells(line, delimiter, width)) for number, line in bare[:first]]
    comments = [
        (number, _heading_cells(line.strip().lstrip("#%/"), delimiter, width))
        for number, line in lines
        if line.lstrip().startswith(COMMENT_MARKS) and number < rows[0][0]
    ]
    return Table(
        [each for each in headings if len(each[1]) > 1],
        [each for each in comments if len(each[1]) == width],
        rows,
        width,
        decimal,
        delimiter,
    )


def _text(content: bytes) -> str:
    if len(content) > MAX_FILE_BYTES:
        raise ValueError("The file is larger than 5 MB: a trace of 5,000 rows takes a tenth of one.")
    encodings = [name for mark, name in _BYTE_ORDER_MARKS if content.startswith(mark)][:1] or ["utf-8", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding).rstrip("\x1a")  # DOS ends a file with it
        except UnicodeDecodeError:
            continue
        if not _CONTROL.search(text):
            return text
        break
    raise ValueError("The file is not text: save the trace as CSV, in UTF-8.")


def _lines(text: str) -> list[tuple[int, str]]:
    """Return the lines that are not blank, by their number in the file."""
    if max(text.count("\n"), text.count("\r")) > MAX_ROWS:
        raise ValueError(f"The file has more than {count(MAX_ROWS)} rows: keep every second one, or fewer, or cut it.")
    lines = list(enumerate(re.split(r"\r\n|\r|\n", text), 1))
    for number, line in lines:
        if len(line) > MAX_LINE_LENGTH:
            raise ValueError(f"Row {number} has more than {count(MAX_LINE_LENGTH)} characters: save one sample a row.")
    return [(number, line) for number, line in lines if line.strip(' \t,;"')]


def _named_delimiter(lines: list[tuple[int, str]]) -> tuple[str, list[tuple[int, str]]]:
    """Return the separator that a first line such as sep=; names, or "", and the lines without it."""
    named = re.fullmatch(r'"?sep=(.)"?[\s,;]*', lines[0][1], re.IGNORECASE) if lines else None
    if named and named[1] in DELIMITERS:
        return named[1], lines[1:]
    return "", lines


def _splitter(delimiter: str) -> Split:
    """Return a function from a line to its cells, which raises csv.Error for a quotation mark that is not closed."""

    def split(line: str) -> list[str]:
        line = " ".join(line.split()) if delimiter == " " else line
        if '"' not in line:
            return line.split(delimiter)
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True, strict=True))

    return split


def _split(split: Split, number: int, line: str) -> list[str]:
    try:
        return split(line)
    except csv.Error:
        raise ValueError(f"Row {number} has a quotation mark that does not belong there, or is not closed.") from None


def _try(split: Split, line: str) -> list[str]:
    try:
        return split(line)
    except csv.Error:
        return [line]


def _is_number(cell: str) -> bool:
    return len(cell) <= MAX_NUMBER_LENGTH and bool(_NUMBER.fullmatch(cell.replace("−", "-")))


def _is_gap(cell: str) -> bool:
    return cell.lower() in GAPS


def _counts(cells: Sequence[str]) -> tuple[int, int]:
    """Return how many cells are numbers, and how many are neither that nor gaps."""
    stripped = [cell.strip() for cell in cells]
    numbers = sum(map(_is_number, stripped))
    return numbers, len(stripped) - numbers - sum(map(_is_gap, stripped))


def _score(split: Split, lines: Sequence[str]) -> float:
    """Return by how much numbers outnumber what is none, a line, where a line makes two cells or more."""
    total = 0
    for line in lines:
        cells = _try(split, line)
        numbers, others = _counts(cells)
        total += numbers - others if len(cells) > 1 else 0
    return total / len(lines)


def _is_heading(cells: Sequence[str]) -> bool:
    numbers, others = _counts(cells)
    return others > numbers or (others > 0 and all(is_unit(cell) for cell in cells))


def _without_empty_end(cells: list[str]) -> list[str]:
    while len(cells) > 1 and not cells[-1].strip():
        cells = cells[:-1]
    return cells


def _decimal_mark(cells: Sequence[str]) -> str:
    marks = Counter(mark for cell in cells if _is_number(cell) for mark in ".," if mark in cell)
    return "," if marks[","] > marks["."] else "."


def _heading_cells(line: str, delimiter: str, width: int) -> tuple[str, ...]:
    """Return the cells of a line above the numbers, whose separator may differ from theirs."""
    found: list[list[str]] = []
    for each in (delimiter, *DELIMITERS):
        cells = _WORDS_WITH_UNITS.findall(line) if each == " " else _try(_splitter(each), line)
        found.append([cell.strip() for cell in cells])
        if len(cells) > width:
            found.append(_without_empty_end(found[-1]))
        if len(found[-1]) == width:
            return tuple(found[-1])
    return tuple(found[0])


def _columns(n: int) -> str:
    return f"{n} column{'s' if n != 1 else ''}"


def _number(text: str, row: int, column: str, decimal: str) -> float:
    text = text.strip()
    if decimal == "." and "_" not in text:
        try:
            value = float(text)
        except ValueError:
            pass
        else:
            if math.isfinite(value):
                return value
    if _is_gap(text):
        return math.nan
    if _INFINITE.fullmatch(text):
        raise ValueError(
            f"Row {row} has “{text}” in the column {column}: only finite numbers can be used. "
            "Leave the cell empty where nothing was observed."
        )
    if not _is_number(text) or ("." if decimal == "," else ",") in text:
        hint = ""
        if _THOUSANDS.fullmatch(text):
            hint = " Write numbers without marks between thousands, and with one decimal mark throughout."
        raise ValueError(f"Row {row} has “{text[:20]}” in the column {column}, where a number should be.{hint}")
    value = float(text.replace("−", "-").replace(",", ".").lower().replace("d", "e"))
    if not math.isfinite(value):
        raise ValueError(f"Row {row} has “{text}” in the column {column}: only finite numbers can be used.")
    return value
