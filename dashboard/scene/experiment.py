"""The one experiment that every page shows, what may be typed into it, and its round trip to the address."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import numpy as np
from numpy.typing import NDArray

from core.checks import shown
from core.models.fitzhugh_nagumo.equations import PARAMETER_NAMES
from core.optimisation.methods import METHODS
from core.published import (
    GAMMA,
    GAMMA_RANGE,
    RHO,
    SAMPLING_INTERVAL,
    SIGMA,
    T_END,
    ZETA,
    ZETA_RANGE,
    published_prior,
    time_grid,
)

_PRIOR = published_prior()


@dataclass(frozen=True)
class Quantity:
    """A number of the experiment: how it is called, where its slider runs, and what may be typed."""

    symbol: str
    label: str
    unit: str
    low: float
    high: float
    step: float
    default: float
    least: float
    most: float
    whole: bool = False


QUANTITIES: dict[str, Quantity] = {
    "theta0": Quantity("θ₀", "offset", "", _PRIOR.lower[0], _PRIOR.upper[0], 0.005, 0.4, -100, 100),
    "theta1": Quantity("θ₁", "slope", "", _PRIOR.lower[1], _PRIOR.upper[1], 0.005, 0.4, -100, 100),
    "zeta": Quantity("ζ", "stimulus", "", *ZETA_RANGE, 0.005, ZETA, -10, 10),
    "gamma": Quantity("γ", "damping", "", *GAMMA_RANGE, 0.01, GAMMA, 0.1, 20),
    "sigma": Quantity("σ", "noise", "ms", 0.0, 0.4, 0.001, SIGMA, 0, 100),
    "rho": Quantity("ρ", "correlation", "", 0.0, 0.98, 0.01, RHO, -0.999, 0.999),
    "t_end": Quantity("T", "window", "ms", 20.0, 400.0, 2.0, T_END, 2, 1000),
    "seed": Quantity("seed", "noise draw", "", 0, 2**31 - 1, 1, 7, 0, 2**31 - 1, whole=True),
}
# The candidate starts off the truth, which it would give away.
_CANDIDATE = {"theta0": 0.6, "theta1": 0.4, "zeta": -0.2, "gamma": 3.5}
for _name in PARAMETER_NAMES:
    QUANTITIES[f"candidate_{_name}"] = replace(QUANTITIES[_name], default=_CANDIDATE[_name])

LONGEST_ADDRESS = 8000  # characters; browsers and servers take no longer ones either
LONGEST_NUMBER = 40  # characters; the shortest text that brings a number back has at most 24
LONGEST_NAME = 40  # characters of a map's name
MOST_SENTENCES = 8  # about what is wrong with one link or report

MOST_STARTS = 5
FURTHEST_START = 100

# Each character can be matched in one way alone, so that the time grows with the length of the text, not its square.
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_CHOICES = {
    "misfit": ("ar1", "white"),
    "axis_x": PARAMETER_NAMES,
    "axis_y": PARAMETER_NAMES,
    "grid": ("100", "200"),
    "beside": ("fit", "surface", "race", "basins"),
    "explorer": tuple(METHODS),
    "explored": ("grid-10", "grid-15", "grid-20", "grid-30", "prior-100", "prior-400"),
    "regime": ("noisy-noisy", "clean-noisy", "clean-clean"),
    "test_view": ("scatter", "noise", "samples", "errors"),
    "below": ("prediction", "profiles", "noise", "calibration"),
}


@dataclass(frozen=True)
class Experiment:
    """What is on screen: the truth makes the data, the candidate is moved against them, optimisers race from starts.

    adding: a click on the map adds a start and does not replace the last; beside: what stands beside the map; explorer
    and explored: the method and the starts that basins are explored with; test_view and test_map: the picture of the
    2,000 test samples, and the map whose errors it shows, "" for the best.
    upload names a trace that was uploaded and stands in place of the simulated data; it does not travel in the address.
    """

    theta0: float = 0.4
    theta1: float = 0.4
    zeta: float = ZETA
    gamma: float = GAMMA
    sigma: float = SIGMA
    rho: float = RHO
    t_end: float = T_END
    seed: int = 7
    hidden: bool = False
    candidate_theta0: float = _CANDIDATE["theta0"]
    candidate_theta1: float = _CANDIDATE["theta1"]
    candidate_zeta: float = _CANDIDATE["zeta"]
    candidate_gamma: float = _CANDIDATE["gamma"]
    axis_x: str = "theta0"
    axis_y: str = "theta1"
    misfit: str = "ar1"
    regularised: bool = True
    grid: str = "100"
    methods: tuple[str, ...] = ("Gradient descent", "Adam", "L-BFGS-B", "Levenberg–Marquardt", "Nelder–Mead")
    starts: tuple[tuple[float, float], ...] = ()
    adding: bool = False
    beside: str = "fit"
    explorer: str = "L-BFGS-B"
    explored: str = "grid-15"
    test_view: str = "scatter"
    regime: str = "noisy-noisy"
    test_map: str = ""
    limit: bool = False
    noise_known: bool = True
    whole_prior: bool = False
    below: str = "prediction"
    upload: str = ""
    own_maps: str = ""

    @property
    def parameters(self) -> tuple[float, float, float, float]:
        """The truth, in the order of PARAMETER_NAMES."""
        return self.theta0, self.theta1, self.zeta, self.gamma

    @property
    def axes(self) -> tuple[str, str]:
        """The two parameters of the landscape, which are the unknown ones."""
        return self.axis_x, self.axis_y

    @property
    def candidate(self) -> tuple[float, float]:
        """The candidate's values of the two unknown parameters."""
        return getattr(self, f"candidate_{self.axis_x}"), getattr(self, f"candidate_{self.axis_y}")

    @property
    def marginal_sd(self) -> float:
        """The marginal standard deviation σ/Δt of the noise."""
        return self.sigma / SAMPLING_INTERVAL

    @property
    def n_times(self) -> int:
        """The number of samples in the window."""
        return max(2, round(self.t_end / SAMPLING_INTERVAL))

    @property
    def times(self) -> NDArray[np.float64]:
        """The sample times, (n_times,) in ms."""
        return time_grid(self.n_times * SAMPLING_INTERVAL, self.n_times)


PRESET_FIELDS = ("theta0", "theta1", "zeta", "gamma", "sigma", "rho", "t_end")
# Each with the sentence that says what it is for.
PRESETS: dict[str, tuple[str, Experiment]] = {
    "Published default": ("The prior’s mean with the published noise.", Experiment()),
    "Silent": (
        "No spikes: θ₀ and θ₁ are not told apart.",
        Experiment(theta0=-0.1, theta1=1.1),
    ),
    "Excited": ("One spike, then the potential stays up.", Experiment(theta0=0.95, theta1=0.9)),
    "Near the bifurcation": (
        "A hair’s breadth more of θ₀ and the spiking stops.",
        Experiment(theta0=0.865, theta1=0.4),
    ),
    "Many minima": (
        "Most descents end in a wrong minimum.",
        Experiment(theta0=0.1, theta1=-0.2),
    ),
    "Drowned in noise": (
        "The noise is as large as the spikes.",
        Experiment(theta0=0.3, theta1=0.3, sigma=0.3),
    ),
}


def typed_number(quantity: Quantity, value: Any) -> float | int:
    """Return the number that is typed for a quantity; raises ValueError with a sentence where it is none it can be."""
    text = str(value).strip()
    given = text[:20]
    if len(text) > LONGEST_NUMBER:
        raise ValueError(
            f"{quantity.symbol} must be a number of at most {LONGEST_NUMBER} characters; “{given}…” is longer."
        )
    text = text.replace("−", "-")
    if re.fullmatch(r"[+-]?[1-9]\d{0,2}(,\d{3})+", text):  # a comma between thousands is not taken for a point
        raise ValueError(
            f"{quantity.symbol} can be read in two ways: write “{given}” with a point, or without marks for thousands."
        )
    text = text.replace(",", ".")
    if not text:
        raise ValueError(f"{quantity.symbol} must be a number; the box is empty.")
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{quantity.symbol} must be a number; “{given}” is none.")
    number = float(text)
    if not quantity.least <= number <= quantity.most:
        reach = f"between {shown(quantity.least)} and {shown(quantity.most)}"
        raise ValueError(f"{quantity.symbol} must lie {reach}; {given} does not.")
    if not quantity.whole:
        return number
    if number != round(number):
        raise ValueError(f"{quantity.symbol} must be a whole number; {given} is none.")
    return int(number)


def _number(field: str, value: Any) -> float | int:
    number = typed_number(QUANTITIES[field], value)
    if field == "t_end":
        return round(round(number / SAMPLING_INTERVAL) * SAMPLING_INTERVAL, 6)
    return number


def _methods(text: str) -> tuple[str, ...]:
    """Return the methods named in text, with commas between them, in the order of METHODS."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in METHODS:
            raise ValueError(f"“{name[:20]}” is not a method; those are {', '.join(METHODS)}.")
    if not names:
        raise ValueError("A race needs at least one method.")
    return tuple(name for name in METHODS if name in names)


def _start(text: str) -> tuple[float, float]:
    """Return the point that text names: two numbers with a comma between them."""
    numbers = [number.strip() for number in text.split(",")] if len(text) <= 2 * LONGEST_NUMBER + 1 else []
    if len(numbers) != 2 or not all(map(_NUMBER.fullmatch, numbers)):
        raise ValueError(f"A start is two numbers with a comma between them; “{text[:20]}” is none.")
    x, y = map(float, numbers)
    if max(abs(x), abs(y)) > FURTHEST_START:
        raise ValueError(f"A start must lie between −{FURTHEST_START} and {FURTHEST_START} on both axes.")
    return x, y


def _starts(text: str) -> tuple[tuple[float, float], ...]:
    """Return the points that text names, with semicolons between them."""
    starts = tuple(_start(point) for point in text.split(";")) if text else ()
    if len(starts) > MOST_STARTS:
        raise ValueError(f"At most {MOST_STARTS} starts race at once: clear them, or let a click replace the start.")
    return starts


def _starts_text(starts: tuple[tuple[float, float], ...]) -> str:
    return ";".join(f"{x!r},{y!r}" for x, y in starts)


def change(experiment: Experiment, changes: Mapping[str, Any]) -> tuple[Experiment, tuple[str, ...]]:
    """Return the experiment with the changes that are valid, and a sentence for each that is not.

    Values may be numbers or typed text; an unknown field or a value out of range leaves what was there. An upload and
    the names of own maps cannot be changed. The field start is a click on the map: a point that replaces the starts, or
    is added to them. The first one turns from the fit to the race. After eight sentences one counts the rest.
    """
    valid: dict[str, Any] = {}
    sentences = []
    kinds = {field.name: field.type for field in fields(Experiment)}
    for field, value in changes.items():
        try:
            if field in QUANTITIES:
                valid[field] = _number(field, value)
            elif field in _CHOICES:
                if value not in _CHOICES[field]:
                    raise ValueError(f"“{str(value)[:20]}” is not a choice for {field.replace('_', ' ')}.")
                valid[field] = value
            elif kinds.get(field) is bool:
                if str(value).lower() not in ("0", "1", "true", "false"):
                    raise ValueError(f"{field.capitalize()} must be 0 or 1; “{str(value)[:20]}” is neither.")
                valid[field] = str(value).lower() in ("1", "true")
            elif field == "methods":
                valid[field] = _methods(str(value))
            elif field == "starts":
                valid[field] = _starts(str(value))
            elif field == "start":
                kept = experiment.starts if experiment.adding else ()
                valid["starts"] = _starts(";".join(filter(None, (_starts_text(kept), str(value)))))
            elif field == "test_map":
                if len(str(value)) > LONGEST_NAME:
                    raise ValueError(f"“{str(value)[:20]}…” is too long for the name of a map.")
                valid[field] = str(value)
            else:
                raise ValueError(f"“{field[:20]}” is no part of an experiment.")
        except ValueError as error:
            sentences.append(f"{error} What was there stays.")
    if len(sentences) > MOST_SENTENCES:
        sentences[MOST_SENTENCES:] = [f"Parts that are not valid either: {len(sentences) - MOST_SENTENCES}."]
    changed = replace(experiment, **valid)
    if changed.axis_x == changed.axis_y:
        # The axis that was not touched makes room.
        other = next(name for name in PARAMETER_NAMES if name != changed.axis_x)
        changed = replace(changed, axis_y=other) if "axis_x" in valid else replace(changed, axis_x=other)
    if changed.axes != experiment.axes and "starts" not in valid:
        changed = replace(changed, starts=())
    if changed.starts and not experiment.starts and changed.beside == "fit" and "beside" not in valid:
        changed = replace(changed, beside="race")
    return changed, tuple(sentences)


def to_address(experiment: Experiment) -> str:
    """Return the query string that holds the experiment: every number to its last digit."""
    values = {}
    for name, value in asdict(experiment).items():
        if name == "methods":
            values[name] = ",".join(value)
        elif name == "starts":
            values[name] = _starts_text(value)
        else:
            values[name] = str(int(value)) if isinstance(value, bool) else str(value)
        if not values[name]:
            del values[name]
    return urlencode(values)


def from_address(query: str) -> tuple[Experiment, tuple[str, ...]]:
    """Return the experiment of a query string, and a sentence for each part that is not valid or did not travel."""
    given = dict(parse_qsl(query[:LONGEST_ADDRESS], keep_blank_values=True))
    upload, own_maps = given.pop("upload", ""), given.pop("own_maps", "")
    experiment, sentences = change(replace(Experiment(), own_maps=own_maps), given)
    if upload:
        sentences += (
            f"The uploaded trace “{upload[:60]}” is not here: it does not travel in a link, and is kept for some hours "
            "for the browser that sent it. Simulated data stand in its place: upload the file on the page Your data.",
        )
    return experiment, sentences
