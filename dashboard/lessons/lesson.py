"""What a lesson is: steps that open an experiment on a page, say something about it, and ask."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dashboard.lessons.question import Question
from dashboard.scene.observation import Trace


@dataclass(frozen=True)
class Claim:
    """A number in a step's text, as it stands there, and what computes it."""

    text: str
    value: Callable[[], float]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a lesson.

    text: its paragraphs, of one to three sentences.
    page: title of the page that it stands on.
    sets: settings that differ from the defaults when the step is opened.
    trace: makes the recording that stands in place of the simulated data, as an upload does; None for those.
    then: settings that change once one has answered.
    shows: the only plots of the page that stand, the largest first, and parts of the stage; () for all that there are.
    free: fields of the controls that can be moved; all others are locked.
    covers: plots by name, and parts of the stage ("metrics", "said", "table"), that are grey until one has answered.
    question: None where the step only shows.
    claims: the numbers in the text that no setting holds.
    holds: what its sentences say without a number, as conditions.
    """

    title: str
    text: tuple[str, ...]
    page: str
    sets: Mapping[str, Any] = field(default_factory=dict)
    trace: Callable[[], Trace] | None = None
    then: Mapping[str, Any] = field(default_factory=dict)
    shows: tuple[str, ...] = ()
    free: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()
    question: Question | None = None
    claims: tuple[Claim, ...] = ()
    holds: tuple[Callable[[], bool], ...] = ()


@dataclass(frozen=True)
class Lesson:
    """A lesson.

    name: in links. promise: what one can do after it, in one sentence.
    """

    name: str
    title: str
    promise: str
    steps: tuple[Step, ...]
