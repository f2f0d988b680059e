"""How far someone has come in a lesson, as a value and as the text that links and the browser keep."""

from dataclasses import dataclass, replace

from dashboard.lessons.lesson import Lesson, Step
from dashboard.lessons.question import Judged, Outcome
from dashboard.lessons.table import LESSONS
from dashboard.scene.experiment import Experiment

# Of a step, in the text: untouched, missed once, only to be seen and seen, right at the first or second try, missed.
OPEN, TRIED, SHOWN, FIRST, SECOND, MISSED = "-", "t", "+", "1", "2", "0"
ANSWERED = (FIRST, SECOND, MISSED)
UNREADABLE = "This link names no step of a lesson that is here: choose the lesson on the page Lessons."


@dataclass(frozen=True)
class Attendance:
    """Where someone is in a lesson.

    step: the index of the step that is shown.
    marks: a letter for each step, which says how it was answered.
    judgements: what was said of the last answer to each step, None before one and in a new session.
    note: a sentence about an answer that could not be read.
    """

    lesson: Lesson
    step: int
    marks: str
    judgements: tuple[Judged | None, ...]
    note: str = ""

    @property
    def shown(self) -> Step:
        """The step that is shown."""
        return self.lesson.steps[self.step]

    @property
    def judged(self) -> Judged | None:
        """What was said of the last answer to the question on screen."""
        return self.judgements[self.step]

    @property
    def is_tried(self) -> bool:
        """Whether the question on screen was missed once."""
        return self.marks[self.step] == TRIED

    @property
    def is_answered(self) -> bool:
        """Whether nothing more is asked: the question was answered, or there is none."""
        return self.shown.question is None or self.marks[self.step] in ANSWERED

    @property
    def asked(self) -> str:
        """The question on screen, by lesson and number of the step."""
        return f"{self.lesson.name}.{self.step + 1}"

    @property
    def text(self) -> str:
        """The lesson, the step and the marks, as a link has them."""
        return f"{self.lesson.name}.{self.step + 1}.{self.marks}"

    def at(self, step: int) -> "Attendance":
        """Return the same at another step; one that the lesson does not have changes nothing."""
        if not 0 <= step < len(self.lesson.steps):
            return self
        return _seen(replace(self, step=step, note=""))

    def again(self) -> "Attendance":
        """Return the same with the question on screen asked anew."""
        return self._settled(OPEN, None)

    def answered(self, judged: Judged) -> "Attendance":
        """Return the same after an answer: the first right one, or the last try, settles the step."""
        if judged.outcome == Outcome.RIGHT:
            return self._settled(SECOND if self.is_tried else FIRST, judged)
        return self._settled(MISSED if self.is_tried else TRIED, judged)

    def revealed(self, solution: Judged) -> "Attendance":
        """Return the same as after the last try, where the question was not answered before.

        What was said of a first try stays, and its guess with it.
        """
        return self._settled(self.marks[self.step] if self.is_answered else MISSED, self.judged or solution)

    def noted(self, sentence: str) -> "Attendance":
        """Return the same with a sentence about an answer that could not be read."""
        return replace(self, note=sentence)

    def _settled(self, mark: str, judged: Judged | None) -> "Attendance":
        judgements = tuple(judged if i == self.step else each for i, each in enumerate(self.judgements))
        return replace(self, marks=_marked(self.marks, self.step, mark), judgements=judgements, note="")


def _marked(marks: str, step: int, mark: str) -> str:
    return marks[:step] + mark + marks[step + 1 :]


def _seen(now: Attendance) -> Attendance:
    """Mark the step on screen where nothing is asked in it."""
    return now if now.shown.question else replace(now, marks=_marked(now.marks, now.step, SHOWN))


def begun(lesson: Lesson) -> Attendance:
    """Return the attendance of someone who begins a lesson."""
    n = len(lesson.steps)
    return _seen(Attendance(lesson, 0, OPEN * n, (None,) * n))


def attendance_from(text: str) -> Attendance:
    """Return the attendance that a text names: a lesson, the number of a step, and marks.

    Without marks nothing is answered yet; without a number, too, the lesson begins. Raises
    ValueError with a sentence where it names none.
    """
    name, *rest = text.split(".")
    if name not in LESSONS or len(rest) > 2:
        raise ValueError(UNREADABLE)
    lesson = LESSONS[name]
    n = len(lesson.steps)
    number, marks = (*rest, *("1", OPEN * n)[len(rest) :])
    legible = len(marks) == n and all(
        mark in (OPEN, SHOWN) if step.question is None else mark in (OPEN, TRIED, *ANSWERED)
        for step, mark in zip(lesson.steps, marks, strict=True)
    )
    if not (legible and number.isdecimal() and len(number) < 3 and 1 <= int(number) <= n):
        raise ValueError(UNREADABLE)
    return _seen(Attendance(lesson, int(number) - 1, marks, (None,) * n))


def experiment_of(step: Step, now: Experiment, is_answered: bool = False) -> Experiment:
    """Return the experiment that a step opens, or has once it is answered; the maps trained here stay.

    A recording that the step brings is not in it.
    """
    return replace(Experiment(own_maps=now.own_maps), **{**step.sets, **(step.then if is_answered else {})})
