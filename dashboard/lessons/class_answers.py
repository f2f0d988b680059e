"""What is shown of the answers of a class to a question: dots over the plot, and how many gave which answer."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from dashboard.lessons.question import Mark, Question, indices_in, numbers_in
from dashboard.lessons.questions import Choice, Move, Order, Pin, Region, Typed, outline_of
from dashboard.scene.changes import typed_number
from dashboard.scene.scene import Scene
from dashboard.wording.numbers import compact

T = TypeVar("T")


@dataclass(frozen=True)
class OfClass:
    """The answers of a class to a question.

    n: how many there are.
    counts: each different answer as a text, and how many gave it; none for what is drawn.
    marks: what is drawn over the plots.
    """

    n: int
    counts: tuple[tuple[str, int], ...] = ()
    marks: tuple[Mark, ...] = ()


def given(question: Question, scene: Scene, answer: str) -> str:
    """Return an answer as it is kept: of sliders, where they stand."""
    if isinstance(question, Move):
        return ",".join(str(getattr(scene.experiment, field)) for field in question.fields)
    return answer


def of_class(question: Question, answers: Sequence[str]) -> OfClass:
    """Return what is shown of the answers of a class; one that cannot be read is left out."""
    match question:
        case Pin():
            places = _read(lambda answer: numbers_in(answer, 2), answers)
            marks = [Mark(question.plot, "class", "", ((x, y),)) for x, y in places]
        case Region():
            outlines = _read(lambda answer: outline_of(*numbers_in(answer, 5)), answers)
            marks = [Mark(question.plot, "class", "", outline) for outline in outlines]
        case _:
            texts = _read(lambda answer: _as_text(question, answer), answers)
            return OfClass(len(texts), tuple(Counter(texts).most_common()))
    return OfClass(len(marks), marks=tuple(marks))


def _as_text(question: Question, answer: str) -> str:
    match question:
        case Choice(options=options):
            (chosen,) = indices_in(answer, len(options), most=1)
            return options[chosen].label
        case Order(entries=entries):
            return ", ".join(entries[each] for each in indices_in(answer, len(entries)))
        case Move(fields=fields):
            return ", ".join(compact(value, 3) for value in numbers_in(answer, len(fields)))
        case Typed(number=number, unit=unit):
            return f"{compact(typed_number(number, answer), 3)} {unit}".strip()
    raise TypeError(f"Nothing is said of how answers to a {type(question).__name__} are counted.")


def _read(read: Callable[[str], T], answers: Sequence[str]) -> list[T]:
    found = []
    for answer in answers:
        with suppress(ValueError):
            found.append(read(answer))
    return found
