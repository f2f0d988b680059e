"""How the browser tests attend a lesson by mouse."""

import pytest

from dashboard.lessons.lesson import Lesson, Step
from dashboard.lessons.questions import Choice, Move, Order, Pin, Region, Typed
from dashboard.lessons.table import LESSONS
from dashboard.scene.scene import Scene
from dashboard.wording.numbers import fixed
from tests.browser.lab import Lab


def every_lesson(*short_form: str) -> pytest.MarkDecorator:
    """Run a test with each lesson, those that are named in the short form too."""
    lessons = [
        pytest.param(each, marks=() if name in short_form else pytest.mark.long) for name, each in LESSONS.items()
    ]
    return pytest.mark.parametrize("lesson", lessons, ids=LESSONS)


class Student:
    """Attends a lesson in a tab."""

    def __init__(self, lab: Lab, lesson: Lesson):
        self.lab, self.page, self.lesson = lab, lab.page, lesson

    def stands(self, index: int) -> Step:
        """Wait until a step stands, with its plots, and return it."""
        step = self.lesson.steps[index]
        self.page.get_by_role("region", name="Lesson").get_by_text(f"step {index + 1} of").wait_for()
        self.page.get_by_role("heading", name=step.title, exact=True).wait_for()
        self.lab.stand(step.page)
        return step

    def give(self, step: Step, scene: Scene, answer: str) -> None:
        """Give an answer by mouse, but for numbers; scene: that in which the sliders stand as they should."""
        if isinstance(step.question, Pin | Region):
            self.page.locator(f".lab-plot[data-plot={step.question.plot}]").scroll_into_view_if_needed()
        match step.question:
            case Pin(plot=plot):
                x, y = map(float, answer.split(","))
                self.page.mouse.click(*self.lab.pixel(plot, x, y))
            case Region(plot=plot):
                x, y, a_x, a_y, b = map(float, answer.split(","))
                length = (a_x**2 + a_y**2) ** 0.5
                self.page.mouse.click(*self.lab.pixel(plot, x, y))
                for name, place in (
                    ("first half axis", (x + a_x, y + a_y)),
                    ("second half axis", (x - a_y / length * b, y + a_x / length * b)),
                ):
                    box = self.page.get_by_role("button", name=name).bounding_box()
                    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
                    self.lab.pull(middle, self.lab.pixel(plot, *place))
            case Move(fields=fields):
                for field in fields:
                    self.lab.type(field, fixed(getattr(scene.experiment, field), 3))
            case Typed():
                self.page.get_by_label(step.question.ask).fill(answer)
            case Choice(options=options):
                option = options[int(answer)]
                name = f"{option.alt} {option.label}".strip()  # as it is read aloud
                self.page.get_by_role("radio", name=name, exact=True).check()
            case Order(entries=entries):
                self.sort(entries, [entries[int(each)] for each in answer.split(",")])

    def sort(self, entries: tuple[str, ...], wanted: list[str]) -> None:
        """Move each entry up to its place."""
        row = self.page.locator(".lab-order li > span")
        for place, entry in enumerate(wanted):
            for _ in range(row.all_inner_texts().index(entry) - place):
                self.page.get_by_role("button", name=f"{entry}: up").click()

    def commit(self) -> str:
        """Commit, and return what is said of the answer."""
        with self.lab.painting():
            self.page.get_by_role("button", name="Commit").click()
        self.page.locator(".lab-lesson-verdict p").first.wait_for()
        return self.page.locator(".lab-lesson-verdict").inner_text()

    def answer(self, step: Step, given: tuple) -> str:
        """Give an answer and commit it."""
        self.give(step, *given)
        return self.commit()

    def go_on(self) -> None:
        """Turn to the next step."""
        self.page.get_by_role("button", name="Next (→)").click()
