"""The form of the page Train. What is typed stays as it is, and the hand on the prior writes into it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.learning.training_settings import EPOCHS_RANGE
from core.maps.recipe import SAMPLES_RANGE, Recipe
from core.maps.task import MAX_PARAMETER, MAX_SD, Task
from core.priors import TruncatedGaussian
from core.published import published_noise_prior, published_prior
from core.symbols import symbol_of
from dashboard.scene.changes import typed_number
from dashboard.scene.kinds import Number
from dashboard.scene.training_choices import CHOICES, CLEAN_INPUTS, USUAL, recipe_of, task_of
from dashboard.wording.numbers import compact

PARAMETERS, NOISE = ("theta0", "theta1"), ("rho", "sigma")
_REACH = (-MAX_PARAMETER, MAX_PARAMETER)
COLUMNS = {"mean": _REACH, "sd": (0, MAX_SD), "lower": _REACH, "upper": _REACH}  # of a distribution: what may be typed
# Training samples and epochs; the form begins with the first.
PRESETS = {"usual": (20_000, 12), "quick": (5000, 20), "long": (20_000, 180)}
OWN_PRESET = "own"  # what was typed is of no preset
LONGEST_TEXT = 60  # characters that are kept of what was typed
LEAST_WIDTH = 0.02  # of the box and of the sd, by hand; less can be typed
VIEW = np.array([[-0.6, 1.4], [-0.9, 1.7]])  # of the plane of θ, where the prior fits in it

Array = NDArray[np.float64]


def _numbers() -> dict[str, Number]:
    """Return the row of every number of the form, by field."""
    n, epochs = next(iter(PRESETS.values()))
    rows = [
        Number(name="train_samples", symbol="N", label="training samples", default=n,
               least=SAMPLES_RANGE[0], most=SAMPLES_RANGE[1], whole=True),
        Number(name="train_epochs", symbol="The number of epochs", label="epochs", default=epochs,
               least=EPOCHS_RANGE[0], most=EPOCHS_RANGE[1], whole=True),
    ]  # fmt: skip
    for distribution in (published_prior(), published_noise_prior()):
        for i, name in enumerate(distribution.names):
            for column, (least, most) in COLUMNS.items():
                rows.append(
                    Number(name=f"train_{name}_{column}", symbol=f"{symbol_of(name)} {column}", label=column,
                           default=getattr(distribution, column)[i], least=least, most=most)
                )  # fmt: skip
    return {row.name: row for row in rows}


NUMBERS = _numbers()
# What the hand on the prior reports, beside the bounds: where the middle and the ends of the ellipse are.
CENTRE = ("train_centre_theta0", "train_centre_theta1")
ENDS = ("train_end_theta0", "train_end_theta1")
FIELDS = frozenset((*NUMBERS, *CHOICES, "train_name", "train_preset", *CENTRE, *ENDS))


def _together(name: str, value: str, typed: Mapping[str, str]) -> dict[str, str]:
    """Return what is chosen together with a choice: what a network usually gets and gives.

    Clean traces are not whitened, which would amplify the details that are hardest to learn.
    """
    if name == "train_network":
        return USUAL[value]
    whitened = typed.get("train_inputs", next(iter(CHOICES["train_inputs"])))
    return {"train_inputs": CLEAN_INPUTS[whitened]} if value == "clean" and whitened in CLEAN_INPUTS else {}


@dataclass(frozen=True, eq=False)
class Form:
    """What was typed and chosen, by field; what was not is at its default.

    prior: of θ, the last one that could be read.
    """

    typed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    prior: TruncatedGaussian = field(default_factory=published_prior)

    def text(self, name: str) -> str:
        """Return what stands in a box, or what is chosen."""
        if name in self.typed or name not in NUMBERS:
            return self.typed.get(name, next(iter(CHOICES[name])) if name in CHOICES else "")
        return compact(NUMBERS[name].default)

    @property
    def preset(self) -> str:
        """The preset that N and the number of epochs are those of."""
        typed = self.text("train_samples"), self.text("train_epochs")
        return next((name for name, pair in PRESETS.items() if typed == tuple(map(str, pair))), OWN_PRESET)

    @property
    def chosen(self) -> dict[str, str]:
        """What is chosen, by field."""
        return {name: self.text(name) for name in CHOICES}

    @cached_property
    def problems(self) -> dict[str, str]:
        """What is wrong with a number, in a sentence, by field; what is wrong with a distribution, at its last one."""
        found = {}
        hidden = () if self.text("train_noise") == "own" else NOISE
        for name, row in NUMBERS.items():
            if name.split("_")[1] in hidden:
                continue
            try:
                typed_number(row, self.text(name))
            except ValueError as error:
                found[name] = str(error)
        for name in (*PARAMETERS, *NOISE):
            if name in hidden or any(f"train_{name}_{column}" in found for column in COLUMNS):
                continue
            try:
                self._distribution((name,))
            except ValueError as error:
                found[f"train_{name}_upper"] = str(error)
        return found

    def number(self, name: str) -> float:
        """Return a number; raises ValueError with a sentence where it cannot be what was typed."""
        return typed_number(NUMBERS[name], self.text(name))

    def _distribution(self, names: tuple[str, ...]) -> TruncatedGaussian:
        columns = ([self.number(f"train_{name}_{column}") for name in names] for column in COLUMNS)
        return TruncatedGaussian(names, *(tuple(column) for column in columns))

    def task(self, zeta: float, gamma: float) -> Task:
        """Return the task that a map would be trained for; raises ValueError with a sentence where there is none."""
        chosen = self.text("train_noise")
        noise = None if chosen == "clean" else published_noise_prior()
        if chosen == "own":
            noise = self._distribution(NOISE)
        return task_of(
            self.text("train_estimates"),
            self.text("train_constants"),
            self._distribution(PARAMETERS),
            noise,
            zeta,
            gamma,
        )

    def recipe(self, zeta: float, gamma: float) -> Recipe:
        """Return the recipe; raises ValueError with sentences where something cannot be what was typed or chosen."""
        if self.problems:
            raise ValueError(" ".join(self.problems.values()))
        return recipe_of(
            self.task(zeta, gamma),
            self.text("train_network"),
            self.text("train_inputs"),
            self.text("train_head"),
            int(self.number("train_samples")),
            int(self.number("train_epochs")),
        )

    @property
    def box(self) -> Array:
        """The bounds of the prior, (2, 2)."""
        return self.prior.bounds

    @property
    def view(self) -> Array:
        """The bounds, (2, 2), of the plane on screen: wider by halves where the prior's box does not fit."""
        low, high = VIEW.T
        lower, upper = self.box.T
        return np.column_stack([
            np.where(lower >= low, low, np.floor(2 * lower - 0.2) / 2),
            np.where(upper <= high, high, np.ceil(2 * upper + 0.2) / 2),
        ])  # fmt: skip

    def without_name(self) -> "Form":
        """Return the form with the next free name for its map."""
        return replace(self, typed={name: text for name, text in self.typed.items() if name != "train_name"})

    def taking(self, changes: Mapping[str, Any]) -> tuple["Form", dict[str, Any]]:
        """Return the form with what was typed, chosen or moved by hand, and the changes that are not its own."""
        own = {name: value for name, value in changes.items() if name in FIELDS}
        rest = {name: value for name, value in changes.items() if name not in FIELDS}
        if not own:
            return self, rest
        typed = {**self.typed}
        for name, value in own.items():
            if name == "train_preset" and value in PRESETS:
                typed["train_samples"], typed["train_epochs"] = map(str, PRESETS[value])
            elif name in CHOICES and value in CHOICES[name]:
                typed[name] = str(value)
                typed |= _together(name, str(value), typed)
            elif name == "train_name" or (name in NUMBERS and isinstance(value, str)):
                typed[name] = str(value)[:LONGEST_TEXT]
        moved = {name: float(value) for name, value in own.items() if not isinstance(value, str | bool)}
        for name, value in self._by_hand(moved).items():
            typed[name] = compact(round(value, 3))
        changed = Form(typed, self.prior)
        try:
            return replace(changed, prior=changed._distribution(PARAMETERS)), rest
        except ValueError:
            return changed, rest

    def _by_hand(self, moved: Mapping[str, float]) -> dict[str, float]:
        """Return the numbers that a hand on the prior sets: the middle moves all, a corner the bounds, an end the sd.

        The mean stays in the box, and the box on the plane.
        """
        numbers: dict[str, float] = {}
        for i, name in enumerate(PARAMETERS):
            mean, _, lower, upper = (getattr(self.prior, column)[i] for column in COLUMNS)
            low, high = self.view[i]
            if CENTRE[i] in moved:
                shift = float(np.clip(moved[CENTRE[i]] - mean, min(low - lower, 0), max(high - upper, 0)))
                numbers |= {f"train_{name}_{column}": value + shift
                            for column, value in (("mean", mean), ("lower", lower), ("upper", upper))}  # fmt: skip
            if ENDS[i] in moved:
                numbers[f"train_{name}_sd"] = max(abs(moved[ENDS[i]] - mean), LEAST_WIDTH)
            bounds = f"train_{name}_lower", f"train_{name}_upper"
            if bounds[0] in moved:
                lower = numbers[bounds[0]] = min(moved[bounds[0]], upper - LEAST_WIDTH)
            if bounds[1] in moved:
                upper = numbers[bounds[1]] = max(moved[bounds[1]], lower + LEAST_WIDTH)
            if not lower <= mean <= upper and (bounds[0] in moved or bounds[1] in moved):
                numbers[f"train_{name}_mean"] = min(max(mean, lower), upper)
        return numbers
