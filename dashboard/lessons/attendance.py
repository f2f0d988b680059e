"""How far someone has come in a lesson, as a value and as the text that links and the browser keep."""

from dataclasses import dataclass, replace

from dashboard.lessons.lesson import Lesson, Step
from dashboard.lessons.question import Judged, Outcome
from dashboard.lessons.table import LESSONS
from dashboard.scene.experiment import Experiment

MOST_TRIES = 2
OPEN, SHOWN, FIRST, SECOND, MISSED = "-", "+", "1", "2", "0"  # of a step, in the text: untouched, seen, right at …
UNREADABLE = "This link names no step of a lesson that is here: choose the lesson on the page Lessons."


@dataclass(frozen=True)
class Attendance:
    """Where someone is in a lesson.

    step: the index of the step that is shown.
    marks: a letter for each step, which says how it was answered.
    tries: how often the question on screen was answered.
    judged: what was said of the last answer, None before one.
    note: a sentence about an answer that could not be read.
    """

    lesson: Lesson
    step: int
    marks: str
    tries: int = 0
    judged: Judged | None = None
    note: str = ""

    @property
    def shown(self) -> Step:
        """The step that is shown."""
        return self.lesson.steps[self.step]

    @property
    def is_answered(self) -> bool:
        """Whether nothing more is asked: the question was answered, or there is none."""
        return self.shown.question is None or self.marks[self.step] in (FIRST, SECOND, MISSED)

    @property
    def text(self) -> str:
        """The lesson, the step and the marks, as a link has them."""
        return f"{self.lesson.name}.{self.step + 1}.{self.marks}"

    def at(self, step: int) -> "Attendance":
        """Return the same at another step; one that the lesson does not have changes nothing."""
        if not 0 <= step < len(self.lesson.steps):
            return self
        return _seen(replace(self, step=step, tries=0, judged=None, note=""))

    def again(self) -> "Attendance":
        """Return the same with the question on screen asked anew."""
        return replace(self, marks=_marked(self.marks, self.step, OPEN), tries=0, judged=None, note="")

    def answered(self, judged: Judged) -> "Attendance":
        """Return the same after an answer: the first right one, or the last try, settles the step."""
        tries, marks = self.tries + 1, self.marks
        if judged.outcome == Outcome.RIGHT:
            marks = _marked(marks, self.step, FIRST if tries == 1 else SECOND)
        elif tries == MOST_TRIES:
            marks = _marked(marks, self.step, MISSED)
        return replace(self, tries=tries, marks=marks, judged=judged, note="")

    def noted(self, sentence: str) -> "Attendance":
        """Return the same with a sentence about an answer that could not be read."""
        return replace(self, note=sentence)


def _marked(marks: str, step: int, mark: str) -> str:
    return marks[:step] + mark + marks[step + 1 :]


def _seen(now: Attendance) -> Attendance:
    """Mark the step on screen where nothing is asked in it."""
    return now if now.shown.question else replace(now, marks=_marked(now.marks, now.step, SHOWN))


def begun(lesson: Lesson) -> Attendance:
    """Return the attendance of someone who begins a lesson."""
    return _seen(Attendance(lesson, 0, OPEN * len(lesson.steps)))


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
        mark in (OPEN, SHOWN) if step.question is None else mark in (OPEN, FIRST, SECOND, MISSED)
        for step, mark in zip(lesson.steps, marks, strict=True)
    )
    if not (legible and number.isdecimal() and len(number) < 3 and 1 <= int(number) <= n):
        raise ValueError(UNREADABLE)
    return _seen(Attendance(lesson, int(number) - 1, marks))


def experiment_of(step: Step, now: Experiment) -> Experiment:
    """Return the experiment that a step opens; the maps trained here stay."""
    return replace(Experiment(own_maps=now.own_maps), **step.sets)
