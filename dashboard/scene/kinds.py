"""The kinds of settings, and where their controls stand."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any


class Area(Enum):
    """Where the control of a setting stands."""

    SIDEBAR = auto()
    NEURON = auto()  # the row above the pictures of a page, as for the other pages
    LANDSCAPE = auto()
    METHODS = auto()  # the row below that one
    SAMPLERS = auto()  # below them
    RACE = auto()
    BASINS = auto()
    INVERSE_MAP = auto()
    TEST_SAMPLES = auto()
    UNCERTAINTY = auto()
    SUPPORT = auto()  # below the posterior
    TRUST = auto()
    PERTURBATION = auto()  # below it, as are the next two
    TRANSFER = auto()
    DENOISING = auto()
    STEPS = auto()
    PARTICLES = auto()  # at the end of the page Train
    YOUR_DATA = auto()


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A setting that is one text of any content; the classes below are the other kinds.

    name: that of the experiment's field and of the part of the address.
    label: in words, beside the control. help: what it says when it is pointed at.
    shown: where its control stands; nowhere for what has none.
    """

    name: str
    default: Any = ""
    label: str = ""
    help: str = ""
    shown: tuple[Area, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Number(Setting):
    """A number that is typed: from least to most, and whole or not."""

    default: float
    symbol: str
    least: float
    most: float
    whole: bool = False

    @property
    def subject(self) -> str:
        """How a sentence about the number begins: with its symbol, or with an article where that is a word."""
        return f"The {self.symbol}" if re.match("[a-z]{2}", self.symbol) else self.symbol


@dataclass(frozen=True, kw_only=True)
class Slider(Number):
    """A number that a slider moves from low to high; beyond them it can be typed.

    logarithmic: the slider moves the logarithm of the number, and the step is in powers of ten.
    twin: what else the number is, and by what it is multiplied for that.
    """

    unit: str = ""
    twin: tuple[str, float] = ("", 1.0)
    low: float
    high: float
    step: float
    logarithmic: bool = False


@dataclass(frozen=True, kw_only=True)
class Choice(Setting):
    """One of several values; choices: value → label; tabs: each has a button of its own, where others drop down."""

    default: str
    choices: Mapping[str, str]
    tabs: bool = False


@dataclass(frozen=True, kw_only=True)
class Toggle(Setting):
    """Whether something is on; help_at: another help for an area where it does another thing."""

    default: bool
    help_at: Mapping[Area, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Methods(Setting):
    """Some of the optimisers, at least one, in the order of KINDS."""

    default: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Samplers(Setting):
    """Some of the samplers, or none, in the order of SAMPLERS."""

    default: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Compared(Setting):
    """Names of what stands beside the exact posterior, MOST_COMPARED at most; what is not there is not drawn."""

    default: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Starts(Setting):
    """Points (x, y) of the landscape where a race starts, MOST_STARTS at most."""

    default: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, kw_only=True)
class OwnMaps(Setting):
    """Names of maps that were trained here, with commas between them; "" for the newest ones, NONE for none."""


@dataclass(frozen=True, kw_only=True)
class MapName(Setting):
    """The name of an inverse map, LONGEST_NAME characters at most; its control lists the maps that are there."""
