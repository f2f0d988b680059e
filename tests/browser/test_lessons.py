"""Every lesson from its first step to its last: by mouse, and one question of each kind by keyboard alone."""

import pytest

from dashboard.lessons.lesson import Lesson, Step
from dashboard.lessons.questions import Choice, Move, Order, Pin, Region, Typed
from dashboard.lessons.table import LESSONS
from dashboard.scene.scene import Scene
from dashboard.wording.numbers import fixed
from tests.browser.axe import violations
from tests.browser.lab import Lab
from tests.dashboard.lessons.answers import right, wrong

pytestmark = pytest.mark.browser


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
            case Choice():
                self.page.get_by_role("radio", name=step.question.options[int(answer)].label, exact=True).check()
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


def covered(lab: Lab, step: Step) -> list[bool]:
    """Say of each plot that a step covers whether nothing of it is seen."""
    plots = [cover for cover in step.covers if cover in lab.shown()]
    return [
        not lab.evaluate(
            "(id) => plot(id).querySelector('.main-svg').checkVisibility({ visibilityProperty: true })", plot
        )
        for plot in plots
    ]


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)
def test_a_lesson_is_gone_through_by_mouse(lab, lesson):
    lab.page.goto(f"{lab.url}/lessons")
    lab.page.get_by_role("button", name=lesson.title).click()
    student = Student(lab, lesson)
    asked = 0
    for i in range(len(lesson.steps)):
        step = student.stands(i)
        if step.question is not None:
            asked += 1
            assert all(covered(lab, step))
            first = student.answer(step, wrong(step)[-1])
            assert "Right." not in first
            assert step.question.hint in first
            second = student.answer(step, right(step))
            assert second.startswith("Right."), (step.title, second)
            assert not any(covered(lab, step))
        if i + 1 < len(lesson.steps):
            student.go_on()
    assert f"{asked} of {asked} questions answered right." in lab.page.locator(".lab-lesson").inner_text()


def test_one_leaves_a_lesson_and_comes_back_to_the_step(lab):
    lesson = LESSONS["valleys"]
    student = Student(lab, lesson)
    lab.page.goto(f"{lab.url}/lessons?lesson=valleys.2.1-----")
    student.stands(1)
    assert lab.page.locator(".lab-slider:visible").count() == 0
    for scheme in ("dark", "light"):
        lab.page.emulate_media(color_scheme=scheme)
        assert violations(lab) == []
    lab.until("location.search.includes('lesson=valleys.2.1-----')")
    lab.go("Neuron")
    lab.page.get_by_role("button", name="Back to the step, on Landscape").click()
    student.stands(1)
    lab.page.reload()
    student.stands(1)
    lab.page.get_by_role("button", name="Leave the lesson").click()
    lab.page.locator(".lab-lesson").wait_for(state="detached")
    lab.page.locator("[data-field=theta0] input[type=range]").wait_for()
    lab.until("!location.search.includes('lesson=')")
    lab.go("Lessons")
    card = lab.page.get_by_role("button", name=lesson.title)
    assert "1 of 6 steps done" in card.inner_text()
    card.click()
    student.stands(1)


def test_a_link_to_no_lesson_ends_in_a_sentence(lab):
    lab.open("Neuron", "lesson=none.1.-")
    lab.page.get_by_text("This link names no step of a lesson that is here").wait_for()
    assert lab.page.locator(".lab-lesson").count() == 0


def by_keyboard(lab: Lab, key: str, times: int) -> None:
    for _ in range(times):
        lab.page.keyboard.press(key)


def test_a_lesson_is_gone_through_by_keyboard_alone(lab):
    """Lesson "valleys", which asks for a slider, a choice, a number and a pin."""
    lesson = LESSONS["valleys"]
    lab.page.goto(f"{lab.url}/lessons?lesson=valleys")
    student, keys = Student(lab, lesson), lab.page.keyboard
    for i in range(len(lesson.steps)):
        step = student.stands(i)
        if step.question is None:
            break
        _, answer = right(step)
        match step.question:
            case Move(fields=[field]):
                lab.text_box(field).focus()
                keys.press("Control+a")
                keys.type(answer if answer != "moved" else "0.4")
                with lab.painting():
                    keys.press("Enter")
            case Choice():
                lab.page.locator(".lab-options-of input").first.focus()
                by_keyboard(lab, "ArrowDown", int(answer))
                keys.press("Space")
            case Typed():
                lab.page.locator(".lab-typed input").focus()
                keys.type(answer)
            case Pin(plot=plot):
                lab.page.locator(f".lab-plot[data-plot={plot}] .lab-crosshair").focus()
                x, y = map(float, answer.split(","))
                for axis, wanted, forth, back in (("xaxis", x, "Right", "Left"), ("yaxis", y, "Up", "Down")):
                    low, high = lab.range(plot, axis)
                    begin = lab.drawing(plot)["shapes"][-1]["xanchor" if axis == "xaxis" else "yanchor"]
                    by_keyboard(
                        lab,
                        f"Arrow{forth if wanted > begin else back}",
                        round(abs(wanted - begin) / (high - low) * 100),
                    )
                keys.press("Enter")
        lab.page.get_by_role("button", name="Commit").focus()
        with lab.painting():
            keys.press("Enter")
        lab.page.locator(".lab-outcome-right").wait_for()
        with lab.painting():
            keys.press("PageDown")
