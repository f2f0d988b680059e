"""How a file is read where it does not say so itself: which column is what, its units, and whose convention it has."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from dashboard.scene.columns import (
    OTHER_UNITS,
    TIME_UNITS,
    Columns,
    counts_rows,
    heading_of,
    rises_only,
    role_of,
)
from dashboard.scene.headings import shown_names
from dashboard.scene.text_table import Table
from dashboard.wording.numbers import compact, rounded

TEXTBOOK_TAU = 12.5
TEXTBOOK = {"u": "v", "v": "w"}  # what the textbook calls the states
N_ROWS_SHOWN = 4
LONGEST_IN_SECONDS = 2.0  # times without a unit that span less are taken for seconds
HALF_SPAN = 2.0  # the neuron's spikes go from about −2 to 2
LARGEST_WITHOUT_UNIT = 11.0  # a potential beyond it is in mV

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Choice:
    """Which column, from 0, is what; None where no column is.

    time: the times, in time_unit; without it the samples lie interval apart, in the same unit.
    offset, scale: V₀ and g of u = (V − V₀) / g.
    tau: that of the textbook's convention, v' = v − v³/3 − w + I and w' = (v + a − b w) / τ; None for the laboratory's.
    Raises ValueError with a sentence for what cannot be meant.
    """

    time: int | None
    u: int | None
    v: int | None = None
    time_unit: str = "ms"
    interval: float = 0.2
    offset: float = 0.0
    scale: float = 1.0
    tau: float | None = None

    def __post_init__(self) -> None:
        chosen = [place for place in (self.time, self.u, self.v) if place is not None]
        if len(set(chosen)) < len(chosen):
            raise ValueError("One column is chosen twice: time, u and v each need their own.")
        if self.u is None and self.v is None:
            raise ValueError("Choose the column of u, or of v, or both.")
        for symbol, value in (("The interval", self.interval), ("g", self.scale), ("τ", self.tau)):
            if value is not None and not 0 < value < math.inf:
                raise ValueError(f"{symbol} must be above zero; {compact(value)} is not.")

    @property
    def time_factor(self) -> float:
        """What one unit of the file's time is in ms; the textbook's time has no unit."""
        return TIME_UNITS[self.time_unit] if self.tau is None else 1 / math.sqrt(self.tau)

    @property
    def is_affine(self) -> bool:
        """Whether the potential is shifted or scaled."""
        return (self.offset, self.scale) != (0.0, 1.0)

    def columns(self, names: tuple[str, ...]) -> Columns:
        """Return the columns by role; names: what the file calls them, "" for those without a name."""
        roles = {"time": self.time, "u": self.u, "v": self.v}
        places = {role: place for role, place in roles.items() if place is not None}
        called = {role: names[place] for role, place in places.items()}
        return Columns(places, called, self.time_unit if self.tau is None else "")

    def values(self, table: Table) -> dict[str, Array]:
        """Return time, in the file's unit, and the states as this laboratory has them, (n_rows,) each."""
        places = self.columns(("",) * table.width).places
        read = table.numbers(places)
        values = {role: read[:, i] for i, role in enumerate(places)}
        values.setdefault("time", np.arange(len(table.rows), dtype=np.float64) * self.interval)
        values.setdefault("u", np.full(len(table.rows), np.nan))
        values["u"] = (values["u"] - self.offset) / self.scale * (1 if self.tau is None else -1)
        return values

    @property
    def sentence(self) -> str:
        """What was computed from the file's numbers, or ""."""
        said = []
        potential = "u" if self.tau is None else TEXTBOOK["u"]
        if self.is_affine:
            sign = "−" if self.offset >= 0 else "+"
            said.append(f"{potential} = (V {sign} {compact(abs(self.offset))}) / {compact(self.scale)}.")
        if self.time is None:
            said.append(
                f"The samples lie {compact(self.interval)} {self.time_unit if self.tau is None else ''}".rstrip()
            )
            said[-1] += " apart."
        if self.tau is not None:
            said.append(
                f"From the textbook’s convention with τ = {compact(self.tau)}: t [ms] = t / √τ, u = −v, and v is w."
            )
        return " ".join(said)


@dataclass(frozen=True)
class Preview:
    """The first rows of a table as they stand in the file, and the names of its columns, "" for those without one."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def preview(table: Table) -> Preview:
    """Return the first rows; raises ValueError with a sentence where one of them has another width."""
    rows = tuple(tuple(cell.strip() for cell in cells) for _, cells in islice(table.cells(), N_ROWS_SHOWN))
    return Preview(shown_names(table)[0], rows)


def proposal(table: Table) -> Choice:
    """Return how a file is read most probably, to begin a choice with."""
    names, units = shown_names(table)
    headings = [heading_of(name, unit) for name, unit in zip(names, units, strict=True)]
    values = table.columns()
    roles = [role_of(each, headings) for each in headings]
    by_name = {role: roles.index(role) for role in ("time", "u", "v") if role in roles}
    time = by_name.get("time")
    if time is None:
        rising = [i for i, each in enumerate(values) if rises_only(each)]
        counter = len(rising) > 1 and counts_rows(values[rising[0]])
        time = rising[counter] if rising else None
    words = [each.words[0] if each.words else "" for each in headings]
    is_textbook = "w" in words and ("v" in words or "u" in by_name)
    v: int | None
    if is_textbook:
        u, v = by_name.get("u", words.index("v") if "v" in words else 0), words.index("w")
    else:
        rest = [i for i in range(table.width) if i != time and not (i < (time or 0) and counts_rows(values[i]))]
        u = by_name.get("u", next((i for i in rest if i != by_name.get("v")), by_name.get("v", 0)))
        v = by_name.get("v", next((i for i in rest if i > u), None) if not any(roles) else None)
    # A single column, or one whose heading names two things, is the potential.
    time, v = None if time in (u, v) else time, None if v == u else v
    unit = "" if time is None else headings[time].unit
    if unit not in TIME_UNITS:
        unit = "s" if time is not None and np.ptp(values[time]) <= LONGEST_IN_SECONDS else "ms"
    offset, scale = _affine(values[u], headings[u].unit)
    return Choice(time, u, v, unit, offset=offset, scale=scale, tau=TEXTBOOK_TAU if is_textbook else None)


def _affine(potential: Array, unit: str) -> tuple[float, float]:
    """Return V₀ and g, to two digits, that put the span of a potential with a unit between −2 and 2."""
    seen = potential[~np.isnan(potential)]
    if seen.size == 0 or (unit not in OTHER_UNITS and np.mean(np.abs(seen) > LARGEST_WITHOUT_UNIT) < 0.1):
        return 0.0, 1.0
    low, high = np.quantile(seen, [0.02, 0.98])
    scale = rounded(float(high - low) / (2 * HALF_SPAN), 2)
    return (rounded(float(low + high) / 2, 2), scale) if scale > 0 else (0.0, 1.0)


def in_textbook_symbols(values: Mapping[str, float]) -> dict[str, float]:
    """Return a, b, I, τ, and the start v₀ and w₀, of those of θ₀, θ₁, ζ, γ, u₀ and v₀ that are given by name."""
    symbols = {"theta0": "a", "theta1": "b", "zeta": "I", "gamma": "τ", "u0": "v₀", "v0": "w₀"}
    changes = {"zeta": lambda x: -x, "u0": lambda x: -x, "gamma": lambda x: x * x}
    return {symbols[name]: changes.get(name, float)(value) for name, value in values.items()}
