"""Tell from a table's headings, or else from its numbers, which column is the time, which u and which v."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.checks import printable

TIME_UNITS = {  # in ms
    **dict.fromkeys(("ns", "nanosecond", "nanoseconds"), 1e-6),
    **dict.fromkeys(("us", "μs", "usec", "microsecond", "microseconds"), 1e-3),
    **dict.fromkeys(("ms", "msec", "msecs", "millisecond", "milliseconds"), 1.0),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1e3),
    **dict.fromkeys(("min", "minute", "minutes"), 6e4),
}
NO_UNITS = ("1", "-", "–", "none", "dimensionless", "a.u.", "au", "arb. u.")
OTHER_UNITS = {  # of what is no dimensionless potential
    **dict.fromkeys(("mv", "millivolt", "millivolts"), "mV"),
    **dict.fromkeys(("v", "volt", "volts"), "V"),
    **dict.fromkeys(("uv", "μv", "microvolt", "microvolts"), "µV"),
    **dict.fromkeys(("pa", "picoampere", "picoamperes"), "pA"),
    **dict.fromkeys(("na", "nanoampere", "nanoamperes"), "nA"),
}
ROLES = ("time", "u", "v")
_UNIT = re.compile(r"[\[(/]([^\])]*)")
_COUNTERS = (("unnamed",), ("index",))  # pandas' names
_WHAT = {"time": "the time", "u": "the potential u", "v": "the recovery variable v"}
ADD_TIMES = "add a first column time with the times of the samples: the row’s number times the sampling interval."
RESCALE = (
    "The neuron’s u stays within ±3, and its spikes go from about −2 to 2. Subtract an offset and divide by a scale so "
    "that yours do too, as in u = (V + 70 mV) / 30 mV, and call the column u."
)
LONGEST_SEEN, MOST_SEEN = 24, 6  # characters of a name in a sentence, and names
_POTENTIAL = ("potential", "voltage", "vm")


class UnclearError(ValueError):
    """A file that can be read, if it is said how: which column is what, and in which units.

    what: what is unclear, in a sentence; remedy: how to change the file, in another.
    """

    def __init__(self, what: str, remedy: str):
        super().__init__(f"{what} {remedy}")
        self.what = what


@dataclass(frozen=True)
class Columns:
    """Where each role, of time, u and v, stands; names: what its column is called, "" without a heading.

    time_unit: the heading's, "" for none; counter: the first column counts the rows; unused: columns that have no role.
    """

    places: dict[str, int]
    names: dict[str, str]
    time_unit: str = ""
    counter: bool = False
    unused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Heading:
    """What a column is called, the words of its name, and its unit, "" for none."""

    text: str
    words: tuple[str, ...]
    unit: str


def is_unit(cell: str) -> bool:
    """Say whether a cell holds a unit and nothing else, in brackets or not."""
    unit = _plain(cell).strip("[]() ")
    return unit in TIME_UNITS or unit in OTHER_UNITS or unit in NO_UNITS


def counts_rows(values: NDArray[np.float64]) -> bool:
    """Say whether values (n,) are whole numbers that rise by one from row to row."""
    return bool(values[0] == np.round(values[0]) and np.all(np.diff(values) == 1))


def rises_only(values: NDArray[np.float64]) -> bool:
    """Say whether values (n,) rise from each row to the next, as times do and no potential does for long."""
    return bool(np.all(np.diff(values) > 0))


def names_a_time(cells: Sequence[str]) -> bool:
    """Say whether one of the cells above a table is the heading of a time."""
    headings = [heading_of(cell, "") for cell in cells]
    return any(role_of(each, headings) == "time" for each in headings)


def named_columns(names: Sequence[str], units: Sequence[str]) -> Columns:
    """Return the columns by their names, and by the units in a row of their own, "" for none.

    Raises UnclearError with a sentence that says which columns were seen where they do not name a time and a state,
    name one twice, or give a unit that u and v cannot have.
    """
    headings = [heading_of(name, _plain(unit).strip("[]() ")) for name, unit in zip(names, units, strict=True)]
    places: dict[str, int] = {}
    for role in ROLES:
        found = [i for i, each in enumerate(headings) if role_of(each, headings) == role]
        if len(found) > 1:
            raise UnclearError(
                f"{_seen(names)} Both “{_cut(names[found[0]])}” and “{_cut(names[found[1]])}” could be {_WHAT[role]}.",
                f"Leave one, or call it {role}.",
            )
        places |= {role: found[0]} if found else {}
    if "time" not in places:
        raise UnclearError(f"{_seen(names)} None of them is the time.", f"Call it time, or {ADD_TIMES}")
    if "u" not in places:
        hint = "Call the potential u, and the recovery variable v if it was observed."
        if "v" in places:
            hint = "v is the recovery variable here. Call the potential u; for v alone, add an empty column u."
        raise UnclearError(f"{_seen(names)} None of them is the potential u.", hint)
    for role in ("u", "v"):
        unit = OTHER_UNITS.get(headings[places[role]].unit if role in places else "")
        if unit:
            raise UnclearError(
                f"The column “{_cut(names[places[role]])}” is in {unit}. Here {role} has no unit.",
                f"{RESCALE} If its numbers are without a unit already, take {unit} out of the heading.",
            )
    unit = headings[places["time"]].unit
    unit = "" if unit in NO_UNITS else unit
    if unit and unit not in TIME_UNITS:
        raise UnclearError(
            f"The unit “{_cut(unit)}” of the column “{_cut(names[places['time']])}” is not known.",
            "Give the times in s, ms or µs, and say so in the heading, as in time (ms).",
        )
    unused = [
        name for i, name in enumerate(names) if i not in places.values() and headings[i].words[:1] not in _COUNTERS
    ]
    return Columns(places, {role: names[i] for role, i in places.items()}, unit, unused=tuple(filter(None, unused)))


def unnamed_columns(values: NDArray[np.float64]) -> Columns:
    """Return the columns of a table without headings, (n_rows, n_columns): time, u and perhaps v, after a row counter.

    Raises UnclearError with a sentence where it cannot be told.
    """
    width = values.shape[1]
    while width > 2 and np.all(np.isnan(values[:, width - 1])):
        width -= 1
    if width == 1:
        raise UnclearError("The file has one column; it needs two, the time and u.", f"For equal steps {ADD_TIMES}")
    clock = width > 2 and rises_only(values[:, 1])
    counter = clock and counts_rows(values[:, 0])
    if width - counter > 3 or (clock and not counter):
        raise UnclearError(
            f"The file has {width} columns without names, and they are not told apart by their numbers.",
            "Add a first row that calls them time, u and v.",
        )
    places = {role: counter + i for i, role in enumerate(ROLES[: width - counter])}
    return Columns(places, dict.fromkeys(places, ""), counter=counter)


def _plain(text: str) -> str:
    # NFKC takes the micro sign for the Greek letter, and a wide blank for a blank.
    return unicodedata.normalize("NFKC", text).strip().casefold()


def heading_of(text: str, unit: str) -> Heading:
    """Return a column's heading; unit: one that stands apart from it."""
    plain = _plain(text)
    bracket = _UNIT.search(plain)
    name, given = (plain[: bracket.start()], bracket[1].strip()) if bracket else (plain, "")
    words = tuple(re.findall(r"[^\W_]+", name))
    if not given and len(words) > 1:
        # A unit after an underscore or a blank; a V after a blank is the potential's letter.
        last = words[-1]
        if last in TIME_UNITS or (last in OTHER_UNITS and (last != "v" or name.rstrip().endswith("_v"))):
            given, words = last, words[:-1]
    return Heading(text, words, given or unit)


def role_of(heading: Heading, all_of_them: Sequence[Heading]) -> str:
    """Return the role that a heading names, or ""."""
    words = heading.words
    if words[:1] in (("t",), ("time",), ("times",)):
        return "time"
    if "recovery" in heading.text.casefold():
        return "v"
    if words[:1] == ("u",) or any(word in _POTENTIAL for word in words):
        return "u"
    if words[:1] == ("v",):
        # A capital V is what most call the potential; beside a u it is the recovery variable, like a small one.
        beside_u = any(each.words[:1] == ("u",) for each in all_of_them)
        return "u" if heading.text.strip().startswith("V") and not beside_u else "v"
    return ""


def _cut(name: str) -> str:
    return printable(name, LONGEST_SEEN)


def _seen(names: Sequence[str]) -> str:
    called = [f"“{_cut(name)}”" if name else "one without a name" for name in names[:MOST_SEEN]]
    if len(names) > MOST_SEEN:
        called.append(f"{len(names) - MOST_SEEN} more")
    return f"The columns are {', '.join(called[:-1])} and {called[-1]}."
