"""What a question is, and what is said of an answer."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar

from dashboard.scene.scene import Scene

Place = tuple[float, float]


class Outcome(Enum):
    """How good an answer is. Each value is its word before the sentence."""

    RIGHT = "Right"
    NEAR = "Near"
    FAR = "Not yet"
    SHOWN = "Here is how it is"


@dataclass(frozen=True)
class Mark:
    """A place or a closed outline over a plot. role: "guess", one of a "class", or what is right: "truth", "limit"."""

    plot: str
    role: str
    label: str
    places: tuple[Place, ...]


@dataclass(frozen=True)
class Judged:
    """What is said of an answer.

    outcome: how good it is.
    miss: how far it is off, as a sentence in the unit that matters; of a right one, what is right.
    way: which way it is off, said in place of the miss while there is a further try; "" for a miss that tells no way.
    said: one sentence that depends on the answer.
    solution: the right answer, in sentences, which is kept back until the last try.
    marks: what is drawn over the plots, that of the right answer as long kept back.
    """

    outcome: Outcome
    miss: str
    said: str
    solution: str
    marks: tuple[Mark, ...] = ()
    way: str = ""


@dataclass(frozen=True, kw_only=True)
class Question(ABC):
    """A question about the picture on screen. Each kind of it is answered in another way.

    ask: the question itself.
    hint: said after a first answer that is not right.
    right, near, far: what is said of an answer as good as that.
    """

    kind: ClassVar[str]
    ask: str
    hint: str
    right: str
    near: str
    far: str

    @abstractmethod
    def judge(self, scene: Scene, answer: str) -> Judged:
        """Say how good an answer is; raises ValueError with a sentence where it cannot be read."""

    @abstractmethod
    def solution(self, scene: Scene) -> Judged:
        """Return the right answer and its marks, without a guess."""

    def as_json(self) -> dict[str, Any]:
        """Return what the browser needs to take an answer."""
        return {"kind": self.kind, "ask": self.ask}

    def said(self, outcome: Outcome) -> str:
        """Return the sentence for an answer as good as that."""
        return {Outcome.RIGHT: self.right, Outcome.NEAR: self.near, Outcome.FAR: self.far}[outcome]


def shown(solution: str, *marks: Mark) -> Judged:
    """Return a right answer that nobody gave."""
    return Judged(Outcome.SHOWN, "", "", solution, marks)


def graded(miss: float, close: float, rough: float) -> Outcome:
    """Return how good an answer is that misses by so much: right up to close, near up to rough."""
    return Outcome.RIGHT if miss <= close else Outcome.NEAR if miss <= rough else Outcome.FAR


def numbers_in(answer: str, n: int) -> tuple[float, ...]:
    """Return the n numbers of an answer, with commas between them; raises ValueError where they are not there."""
    try:
        found = tuple(float(part) for part in answer.split(","))
    except ValueError:
        found = ()
    if len(found) != n or not all(abs(each) < 1e6 for each in found):
        raise ValueError("This answer could not be read: give it once more.")
    return found


def indices_in(answer: str, n: int, most: int | None = None) -> tuple[int, ...]:
    """Return the different indices below n of an answer, so many at most; raises ValueError where they are not there.

    most: None for n.
    """
    parts = answer.split(",")
    found = [int(part) for part in parts if part.isdecimal() and len(part) < 4 and int(part) < n]
    if len(found) != len(parts) or len(set(found)) != len(found) or len(found) > (most or n):
        raise ValueError("This answer could not be read: give it once more.")
    return tuple(found)
