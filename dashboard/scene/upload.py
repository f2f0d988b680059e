"""Read an uploaded recording: a text file with times, u and perhaps v. What is wrong is said in a sentence."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.checks import printable
from core.problem.observation import equally_spaced
from dashboard.scene.choice import TEXTBOOK, Choice
from dashboard.scene.columns import (
    ADD_TIMES,
    LONGEST_SEEN,
    RESCALE,
    ROLES,
    TIME_UNITS,
    Columns,
    UnclearError,
    counts_rows,
    named_columns,
    rises_only,
    unnamed_columns,
)
from dashboard.scene.headings import headings_of, names_for_all, shown_names
from dashboard.scene.observation import Trace
from dashboard.scene.text_table import Table, read_table
from dashboard.scene.thinning import thinned
from dashboard.wording.numbers import compact, count, grouped

MIN_ROWS = 20
LONGEST = 2000.0  # ms; the time to fit a trace grows with its length
SHORTEST_WITHOUT_UNIT = 2.0  # LONGEST in seconds: shorter times are in seconds, unless the heading says ms
SHORTEST_PLAUSIBLE = 10.0  # ms, about the time between two spikes of the fastest neuron
# The neuron's |u| and |v| stay below 3; the sidebar's largest noise has an sd of 2, the published of 0.5.
LARGEST_STATE = 3.0
MAX_STATE_WITHOUT_WARNING = LARGEST_STATE + 4 * 0.5
MAX_STATE = LARGEST_STATE + 4 * 2.0
MAX_VOLTS = 0.2  # a real neuron's potential stays within ±0.2 V
LONGEST_SHOWN = 40  # characters of a column's name, where it is said how the file was read
SCALED = 0.1  # of the samples: where more are beyond MAX_STATE, u has another unit
SORTABLE = 0.1  # of the steps: times of which more fall are no times in disorder

Array = NDArray[np.float64]


@np.errstate(over="ignore", invalid="ignore")  # numbers beyond all bounds end in sentences
def read_trace(name: str, content: bytes, choice: Choice | None = None) -> Trace:
    """Return the recording in a text file; its times are in ms from its first sample, and an empty cell is NaN.

    choice: how it is read; None to tell from its headings and numbers.
    More than 5,000 rows are thinned. The trace says what was read, and warns of what looks wrong. Raises UnclearError,
    a ValueError, with a sentence for what a choice can mend: columns that are not told apart (see `named_columns`,
    `unnamed_columns`), u and v that cannot be the neuron's, and a unit that is missing where it matters. Raises
    ValueError with a sentence for what it cannot: what is no table of numbers (see `read_table`), gaps in the times,
    times that do not increase or span more than 2,000 ms, fewer than 20 rows, and nothing observed.
    """
    table = read_table(content)
    if len(table.rows) < MIN_ROWS:
        raise ValueError(f"The trace has {count(len(table.rows))} rows; it needs at least {MIN_ROWS}.")
    if choice is None:
        columns, values = _columns_of(table)
        factor = TIME_UNITS[columns.time_unit or "ms"]
    else:
        columns, values = _chosen(table, choice)
        factor = choice.time_factor
    numbers = [number for number, _ in table.rows]
    times = values["time"]
    _check_times(times, numbers, columns)
    times = (times - times[0]) * factor
    if not np.all(np.diff(times) > 0):
        raise ValueError("The times are too close together to be told apart: give them in a smaller unit, from 0 on.")
    _check_length(times, columns, is_chosen=choice is not None)
    states = {role: each for role, each in values.items() if role != "time" and not np.all(np.isnan(each))}
    if not states:
        raise ValueError("Nothing was observed: the columns beside the time are empty.")
    _check_states(states, numbers, columns)
    kept, thinning = thinned({**values, "time": times})
    return Trace(
        name,
        kept["time"],
        kept["u"],
        kept["v"] if "v" in states else None,
        _reading(columns, times, states, choice, thinning),
        _warnings(times, states, choice is None and not (columns.names["time"] or columns.counter)),
        _doubt(columns),
        choice.tau if choice else None,
    )


def _columns_of(table: Table) -> tuple[Columns, dict[str, Array]]:
    """Return which column is which, and the values of each role, (n_rows,)."""
    names, units = headings_of(table)
    if names is None:
        return _unnamed(table)
    columns = named_columns(names_for_all(names, table), units)
    values = table.numbers(columns.places)
    return columns, {role: values[:, i] for i, role in enumerate(columns.places)}


def _chosen(table: Table, choice: Choice) -> tuple[Columns, dict[str, Array]]:
    furthest = 1 + max(place for place in (choice.time, choice.u, choice.v) if place is not None)
    if furthest > table.width:
        raise ValueError(f"There is no column {furthest} in the file, which has {table.width}: choose another one.")
    return choice.columns(shown_names(table)[0]), choice.values(table)


def _unnamed(table: Table) -> tuple[Columns, dict[str, Array]]:
    called = [*ROLES, *map(str, range(4, table.width + 1))][: table.width]
    if counts_rows(table.numbers({"time": 0})[:, 0]):
        called = [str(i) for i in range(1, table.width + 1)]
    values = table.numbers({name: i for i, name in enumerate(called)})
    columns = unnamed_columns(values)
    return columns, {role: values[:, i] for role, i in columns.places.items()}


def _check_times(times: Array, numbers: list[int], columns: Columns) -> None:
    """Raise ValueError for times, in their own unit, that are missing or do not increase."""
    if np.any(np.isnan(times)):
        row = numbers[int(np.argmax(np.isnan(times)))]
        raise ValueError(f"Row {row} has a gap in the column time: only u and v may have gaps.")
    with np.errstate(over="ignore"):
        steps = np.diff(times)
    if np.all(steps > 0):
        return
    after = int(np.argmax(steps <= 0)) + 1
    falls = np.mean(steps < 0)
    if falls == 1:
        raise ValueError("Time runs backwards: sort the rows by time.")
    if falls > SORTABLE:
        column = (
            f"column “{printable(columns.names['time'], LONGEST_SEEN)}”" if columns.names["time"] else "first column"
        )
        raise UnclearError(
            f"The {column} should be the time and does not look like one: it falls at "
            f"{count(int(np.sum(steps < 0)))} of {count(steps.size)} steps.",
            f"If the file has no times, {ADD_TIMES}",
        )
    if steps[after - 1] == 0:
        raise ValueError(
            f"Rows {numbers[after - 1]} and {numbers[after]} have the same time: leave one of them out, or save the "
            "times with more digits."
        )
    if times[after] <= times[0] + np.median(steps):
        raise ValueError(
            f"Time starts again at row {numbers[after]}: the file seems to hold several recordings. Upload one of them."
        )
    raise ValueError(f"Time does not increase at row {numbers[after]}: sort the rows by time.")


def _check_length(times: Array, columns: Columns, is_chosen: bool) -> None:
    """Raise ValueError for times, in ms from 0, that are too long, or too short to be in ms."""
    end = times[-1]
    if not end <= LONGEST:
        hint = "" if columns.time_unit else " If the times are in µs, say so in the heading: time (µs)."
        raise ValueError(f"The trace lasts longer than {count(LONGEST)} ms, the most that is fitted: cut it.{hint}")
    if end <= SHORTEST_WITHOUT_UNIT and not columns.time_unit and not is_chosen:
        raise UnclearError(
            f"The times span only {compact(end, 4)}, and no heading gives their unit. In ms that is too short for a "
            f"single spike, in seconds it is {grouped(1000 * end, 4)} ms.",
            "Add the unit to the heading, as in time (s) or time (ms).",
        )


def _check_states(states: Mapping[str, Array], numbers: list[int], columns: Columns) -> None:
    """Raise ValueError for u and v that cannot be the neuron's."""
    for role, values in states.items():
        beyond = np.abs(values) > MAX_STATE
        if np.any(beyond):
            what = f"Row {numbers[int(np.argmax(beyond))]} has {role} beyond ±{count(MAX_STATE)}, as if it were in mV."
            remedy = f"Here {role} has no unit. {RESCALE}"
            raise UnclearError(what, remedy) if np.mean(beyond) > SCALED else ValueError(f"{what} {remedy}")
    if "u" in states and not np.any(np.isnan(states["u"])) and _is_clock(states["u"]):
        raise UnclearError(
            f"The column {printable(columns.names['u'], LONGEST_SEEN) or 'after the time'} rises by the same step in "
            "every row, as times do and no potential does.",
            "Add a first row that calls the columns time, u and v.",
        )


def _is_clock(values: Array) -> bool:
    return rises_only(values) and equally_spaced(values)


def _warnings(times: Array, states: Mapping[str, Array], is_guessed: bool) -> tuple[str, ...]:
    """Return a sentence for each thing that looks wrong and can still be right.

    is_guessed: it was not said which column is the time.
    """
    warnings = []
    if times[-1] < SHORTEST_PLAUSIBLE:
        warnings.append(
            f"It lasts {grouped(times[-1], 5)} ms only, less than from one spike of the neuron to the next: check the "
            "unit of its times."
        )
    if is_guessed and counts_rows(times):
        warnings.append(
            "Its first column may count the rows: it was taken for times 1 ms apart. If it does count them, "
            "multiply it by the sampling interval in ms."
        )
    for role, values in states.items():
        largest = np.nanmax(np.abs(values))
        if largest > MAX_STATE_WITHOUT_WARNING:
            warnings.append(
                f"Its {role} reaches {grouped(values[np.nanargmax(np.abs(values))], 5)}, where the neuron’s stays "
                f"within ±{count(LARGEST_STATE)}: the noise is large, or {role} has another scale."
            )
    if "u" in states and np.nanmax(np.abs(states["u"])) < MAX_VOLTS:
        warnings.append(
            f"Its u stays within ±{MAX_VOLTS}, where the neuron’s spikes go from about −2 to 2: it may be in volts, "
            "and u has no unit here."
        )
    return tuple(warnings)


def _doubt(columns: Columns) -> str:
    """Say why it must be asked whether the columns were told apart rightly, or return ""."""
    if not columns.counter:
        return ""
    which = [f"column {place + 1} is taken for {role}" for role, place in columns.places.items()]
    return (
        f"The file has no names of columns. Column 1 counts the rows, so that {', '.join(which[:-1])} and {which[-1]}: "
        "is that right?"
    )


def _reading(columns: Columns, times: Array, states: Mapping[str, Array], choice: Choice | None, thinning: str) -> str:
    """Say how the file was read, in a few sentences; times: in ms from 0."""
    parts = []
    textbook = choice is not None and choice.tau is not None
    for role, place in columns.places.items():
        name, called = columns.names[role], TEXTBOOK.get(role, role) if textbook else role
        parts.append(f"{called} is “{printable(name, LONGEST_SHOWN)}”" if name else f"{called} is column {place + 1}")
        if role == "time" and not textbook:
            parts[0] += f", in {columns.time_unit}" if columns.time_unit else ", taken to be in ms"
    said = f"{'; '.join(parts)}."
    said = said[0].upper() + said[1:]
    if columns.unused:
        said += f" Not used: {', '.join(printable(name, LONGEST_SHOWN) for name in columns.unused[:5])}."
    rows = [f"{count(times.size)} rows", f"0 to {grouped(times[-1], 5)} ms"]
    rows += [f"{role} has {_gaps(states[role])}" for role in states if np.any(np.isnan(states[role]))]
    return " ".join(filter(None, (said, choice.sentence if choice else "", f"{'; '.join(rows)}.", thinning)))


def _gaps(values: Array) -> str:
    n = int(np.count_nonzero(np.isnan(values)))
    return f"{count(n)} gap{'s' if n != 1 else ''}"
