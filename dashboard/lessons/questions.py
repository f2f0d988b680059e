"""The kinds of questions: a pin, a region, a slider, an order, a choice, a number."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from core.posterior.exact import Posterior
from core.symbols import symbol_of
from dashboard.lessons.question import Judged, Mark, Outcome, Place, Question, graded, indices_in, numbers_in, shown
from dashboard.scene.changes import typed_number
from dashboard.scene.kinds import Number
from dashboard.scene.scene import Scene
from dashboard.wording.numbers import compact, fixed, percent, significant, times

AROUND = np.linspace(0, 2 * np.pi, 120)
CIRCLE = np.column_stack([np.cos(AROUND), np.sin(AROUND)])  # the corners of an outline of radius 1
HELD = 0.9  # asked of a region
THINNEST = 1e-6  # half axis of an ellipse


@dataclass(frozen=True, kw_only=True)
class Pin(Question):
    """A place in a plot is asked for.

    plot: its name. pinned: what stands there, with which a sentence can begin.
    truth: computes the right place.
    close, rough: distances from it that are right and near, in the units of the axes.
    """

    kind: ClassVar[str] = "pin"
    plot: str
    pinned: str
    truth: Callable[[Scene], Place]
    close: float
    rough: float

    def judge(self, scene: Scene, answer: str) -> Judged:
        """Compare the pin with the right place."""
        x, y = numbers_in(answer, 2)
        true = self.truth(scene)
        miss = float(np.hypot(x - true[0], y - true[1]))
        outcome = graded(miss, self.close, self.rough)
        there = self._solution(true)
        marks = (Mark(self.plot, "guess", "your pin", ((x, y),)), *there.marks)
        away = f"Your pin is {fixed(miss, 2)} away."
        said = f"{away} {there.solution}" if outcome == Outcome.RIGHT else away
        return Judged(outcome, said, self.said(outcome), there.solution, marks)

    def solution(self, scene: Scene) -> Judged:
        """Return the right place."""
        return self._solution(self.truth(scene))

    def _solution(self, true: Place) -> Judged:
        there = f"({fixed(true[0], 2)}, {fixed(true[1], 2)})"
        return shown(f"{self.pinned} lies at {there}.", Mark(self.plot, "truth", self.pinned, (true,)))

    def as_json(self) -> dict[str, Any]:
        """Return what the browser needs to take a pin."""
        return {**super().as_json(), "plot": self.plot}


@dataclass(frozen=True, kw_only=True)
class Region(Question):
    """A region is to be drawn that holds the truth nine times in ten: an ellipse.

    posterior: computes that of the data on screen.
    """

    kind: ClassVar[str] = "region"
    plot: str
    posterior: Callable[[Scene], Posterior]

    def judge(self, scene: Scene, answer: str) -> Judged:
        """Compare the probability in the ellipse, and its area, with those of the smallest region of 90 %.

        The answer: the middle, one half axis as a vector, the length of the other.
        """
        x, y, a_x, a_y, b = numbers_in(answer, 5)
        guess, a = outline_of(x, y, a_x, a_y, b), np.hypot(a_x, a_y)
        found = self.posterior(scene)
        along = np.array([a_x, a_y]) / a
        across = np.array([-along[1], along[0]])
        points, masses = found.points(3)
        inside = ((points - (x, y)) @ along / a) ** 2 + ((points - (x, y)) @ across / b) ** 2 <= 1
        held = float(np.sum(masses[inside]))
        covariance = found.covariance
        # The Gaussian region of 90 %, whose area is that of the smallest region for a posterior that is near Gaussian.
        least = np.pi * -2 * np.log(1 - HELD) * np.sqrt(np.linalg.det(covariance))
        larger = float(np.pi * a * b / least)
        outcome = Outcome.FAR
        if held >= 0.8 and larger <= 2.5:
            outcome = Outcome.RIGHT
        elif held >= 0.5 and larger <= 8:
            outcome = Outcome.NEAR
        best = self._solution(found)
        marks = (Mark(self.plot, "guess", "your region", guess), *best.marks)
        miss = (
            f"It holds the truth with probability {percent(held)}. "
            f"Its area is {times(larger)} times that of the smallest region of {percent(HELD)}."
        )
        return Judged(outcome, miss, self.said(outcome), best.solution, marks)

    def solution(self, scene: Scene) -> Judged:
        """Return the smallest region."""
        return self._solution(self.posterior(scene))

    def _solution(self, found: Posterior) -> Judged:
        radius = np.sqrt(-2 * np.log(1 - HELD))
        best = found.mean + radius * CIRCLE @ np.linalg.cholesky(found.covariance).T
        return shown(
            "The green outline is very nearly the smallest such region.",
            Mark(self.plot, "limit", "90 % region", _places(best)),
        )

    def as_json(self) -> dict[str, Any]:
        """Return what the browser needs to take an ellipse."""
        return {**super().as_json(), "plot": self.plot}


def outline_of(x: float, y: float, a_x: float, a_y: float, b: float) -> tuple[Place, ...]:
    """Return the corners of an ellipse around (x, y), with one half axis as a vector and the length of the other.

    Raises ValueError with a sentence where it has no area.
    """
    a = np.hypot(a_x, a_y)
    if not min(a, b) >= THINNEST:
        raise ValueError("The ellipse is too thin: pull its handles apart.")
    along = np.array([a_x, a_y]) / a
    across = np.array([-along[1], along[0]])
    return _places((x, y) + CIRCLE[:, :1] * a * along + CIRCLE[:, 1:] * b * across)


def _places(corners: NDArray[np.float64]) -> tuple[Place, ...]:
    return tuple((float(x), float(y)) for x, y in corners)


@dataclass(frozen=True, kw_only=True)
class Move(Question):
    """Sliders are to be moved to values, which the picture shows when they are met.

    fields: of the sliders. truth: computes their values. close, rough: as of a pin, for each of them.
    """

    kind: ClassVar[str] = "move"
    fields: tuple[str, ...]
    truth: Callable[[Scene], tuple[float, ...]]
    close: float
    rough: float

    def judge(self, scene: Scene, answer: str) -> Judged:
        """Compare where the sliders stand with the values."""
        values = [float(getattr(scene.experiment, field)) for field in self.fields]
        symbols, true = self._symbols, self.truth(scene)
        misses = [abs(value - right) for value, right in zip(values, true, strict=True)]
        outcome = graded(max(misses), self.close, self.rough)
        off = ", ".join(f"{symbol} is off by {fixed(miss, 3)}" for symbol, miss in zip(symbols, misses, strict=True))
        right = self._solution(true)
        way = ", ".join(
            f"{symbol} is too {'large' if value > target else 'small'}"
            for symbol, value, target, miss in zip(symbols, values, true, misses, strict=True)
            if miss > self.close
        )
        miss_said = right.solution if outcome == Outcome.RIGHT else f"{off}."
        return Judged(outcome, miss_said, self.said(outcome), right.solution, way=f"{way}." if way else "")

    @property
    def _symbols(self) -> list[str]:
        return [symbol_of(field.removeprefix("candidate_")) for field in self.fields]

    def solution(self, scene: Scene) -> Judged:
        """Return where the sliders should stand."""
        return self._solution(self.truth(scene))

    def _solution(self, true: tuple[float, ...]) -> Judged:
        values = (f"{symbol} = {fixed(value, 3)}" for symbol, value in zip(self._symbols, true, strict=True))
        return shown(f"{', '.join(values)}.")

    def as_json(self) -> dict[str, Any]:
        """Return what the browser needs to point at the sliders."""
        return {**super().as_json(), "fields": list(self.fields)}


@dataclass(frozen=True, kw_only=True)
class Order(Question):
    """Entries are to be put in order. truth: computes the right order, as indices."""

    kind: ClassVar[str] = "order"
    entries: tuple[str, ...]
    truth: Callable[[Scene], tuple[int, ...]]

    def judge(self, scene: Scene, answer: str) -> Judged:
        """Count the pairs that stand the wrong way round."""
        given = indices_in(answer, len(self.entries))
        if len(given) != len(self.entries):
            raise ValueError("Put all entries in order.")
        rank = {entry: place for place, entry in enumerate(self.truth(scene))}
        wrong = sum(rank[one] > rank[other] for one, other in combinations(given, 2))
        outcome = graded(wrong, 0, 1)
        right, pairs = self.solution(scene).solution, "pair stands" if wrong == 1 else "pairs stand"
        miss = f"{wrong} {pairs} the wrong way round." if wrong else right
        return Judged(outcome, miss, self.said(outcome), right)

    def solution(self, scene: Scene) -> Judged:
        """Return the right order."""
        return shown(f"The order: {', '.join(self.entries[each] for each in self.truth(scene))}.")

    def as_json(self) -> dict[str, Any]:
        """Return what the browser needs to show the entries."""
        return {**super().as_json(), "entries": list(self.entries)}


@dataclass(frozen=True)
class Option:
    """One of several answers.

    said: of it.
    picture: computes a small curve, (n,), to choose by; None for words alone.
    alt: what that curve shows, for those who do not see it.
    """

    label: str
    said: str
    picture: Callable[[], NDArray[np.float64]] | None = None
    alt: str = ""


@dataclass(frozen=True, kw_only=True)
class Choice(Question):
    """One of several answers is right. truth: computes its index."""

    kind: ClassVar[str] = "choice"
    options: tuple[Option, ...]
    truth: Callable[[Scene], int]
    right: str = ""
    near: str = ""
    far: str = ""

    def judge(self, scene: Scene, answer: str) -> Judged:
        """Compare the choice with the right one."""
        (given,) = indices_in(answer, len(self.options), most=1)
        outcome = Outcome.RIGHT if given == self.truth(scene) else Outcome.FAR
        return Judged(outcome, "", self.options[given].said, self.solution(scene).solution)

    def solution(self, scene: Scene) -> Judged:
        """Return the right option and what is said of it."""
        right = self.options[self.truth(scene)]
        return shown(f"Right is: {right.label}. {right.said}")

    def as_json(self) -> dict[str, Any]:
        """Return what the browser needs to show the options, with their curves scaled into a unit square."""
        options = [{"label": each.label, "curve": _curve(each), "alt": each.alt} for each in self.options]
        return {**super().as_json(), "options": options}


def _curve(option: Option) -> list[list[float]]:
    """Return the corners of an option's small curve in a unit square; none where it has no picture."""
    if option.picture is None:
        return []
    y = option.picture()
    return [[round(i / (y.size - 1), 4), round(float(each), 4)] for i, each in enumerate((2.5 - y) / 5)]


@dataclass(frozen=True, kw_only=True)
class Typed(Question):
    """A number is to be typed. number: its name, bounds and unit; truth, close, rough: as of a slider."""

    kind: ClassVar[str] = "typed"
    number: Number
    unit: str = ""
    truth: Callable[[Scene], float]
    close: float
    rough: float

    def judge(self, scene: Scene, answer: str) -> Judged:
        """Compare the number with the right one."""
        value, true = typed_number(self.number, answer), self.truth(scene)
        miss = abs(value - true)
        outcome = graded(miss, self.close, self.rough)
        unit = "percentage points" if self.unit == "%" else self.unit
        said = f"Off by {significant(miss, 2)} {unit}".rstrip() + "." if miss else ""
        solution = self._solution(true).solution
        if outcome == Outcome.RIGHT:
            return Judged(outcome, solution, self.said(outcome), solution)
        way = "Too large." if value > true else "Too small."
        return Judged(outcome, said, self.said(outcome), solution, way=way)

    def solution(self, scene: Scene) -> Judged:
        """Return the right number."""
        return self._solution(self.truth(scene))

    def _solution(self, true: float) -> Judged:
        return shown(f"It is {compact(true, 3)}{f' {self.unit}' if self.unit else ''}.")

    def as_json(self) -> dict[str, Any]:
        """Return what the browser needs to take a number."""
        return {**super().as_json(), "symbol": self.number.symbol, "unit": self.unit}
