"""Every lesson from its first step to its last by keyboard alone."""

import pytest

from dashboard.lessons.lesson import Step
from dashboard.lessons.questions import Choice, Move, Order, Pin, Region, Typed
from dashboard.lessons.table import LESSONS
from dashboard.wording.numbers import fixed
from tests.browser.attending import Student, every_lesson
from tests.browser.lab import Lab
from tests.dashboard.lessons.answers import right

pytestmark = pytest.mark.browser

ARROWS = {(0, True): "ArrowRight", (0, False): "ArrowLeft", (1, True): "ArrowUp", (1, False): "ArrowDown"}
COMMIT = ".lab-lesson-question > .lab-primary"
MOST_TABS = 150  # from one control to another, all round the page


def press(lab: Lab, key: str, times: int) -> None:
    for _ in range(times):
        lab.page.keyboard.press(key)


def tab_to(lab: Lab, selector: str) -> None:
    """Press Tab until an element of this selector has the focus."""
    for _ in range(MOST_TABS):
        if lab.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
        lab.page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {selector}.")


def place_of(lab: Lab, plot: str, level: str, upright: str) -> list[float]:
    """Return where in a plot the elements stand whose style says how far from the left and from the top they are."""
    return lab.evaluate(
        """([id, level, upright]) => {
          const { xaxis, yaxis } = plot(id)._fullLayout
          const [left, top] = [level, upright].map((selector) => plot(id).querySelector(selector).style)
          return [xaxis.p2d(parseFloat(left.left) - xaxis._offset), yaxis.p2d(parseFloat(top.top) - yaxis._offset)]
        }""",
        [plot, level, upright],
    )


def walk(lab: Lab, plot: str, marks: tuple[str, str], wanted: tuple[float, float], large: int) -> None:
    """Press arrow keys until what the marks show stands within half a step of a place.

    large: steps of 1 % of the axes that an arrow key makes with Shift.
    """
    widths = [abs(high - low) / 100 for low, high in (lab.range(plot, axis) for axis in ("xaxis", "yaxis"))]
    for _ in range(MOST_TABS):
        at = place_of(lab, plot, *marks)
        left = [(to - now) / width for to, now, width in zip(wanted, at, widths, strict=True)]
        axis = max((0, 1), key=lambda each: abs(left[each]))
        if abs(left[axis]) <= 0.51:
            return
        shift = "Shift+" if abs(left[axis]) >= large else ""
        lab.page.keyboard.press(shift + ARROWS[axis, left[axis] > 0])
    raise AssertionError(f"The arrow keys do not lead to {wanted} on {plot}.")


def aim(lab: Lab, plot: str, x: float, y: float) -> None:
    """Move the cross-hair of a plot to a place, and press Enter."""
    tab_to(lab, f".lab-plot[data-plot={plot}] .lab-crosshair")
    lab.page.keyboard.press("ArrowRight")  # shows it
    walk(lab, plot, (".lab-hair-x", ".lab-hair-y"), (x, y), 10)
    lab.page.keyboard.press("Enter")


def commit_by_keyboard(lab: Lab) -> None:
    """Commit an answer that is right."""
    tab_to(lab, COMMIT)
    with lab.painting():
        lab.page.keyboard.press("Enter")
    lab.page.locator(".lab-outcome-right").wait_for()


def type_into(lab: Lab, selector: str, text: str) -> None:
    """Replace what stands in a box."""
    tab_to(lab, selector)
    lab.page.keyboard.press("Control+a")
    lab.page.keyboard.type(text)


def draw(lab: Lab, plot: str, x: float, y: float, a_x: float, a_y: float, b: float) -> None:
    """Draw an ellipse: begin it near its middle, then move its three handles."""
    length = (a_x**2 + a_y**2) ** 0.5
    aim(lab, plot, x + 0.1, y - 0.1)
    for name, place in (
        ("middle", (x, y)),
        ("first half axis", (x + a_x, y + a_y)),
        ("second half axis", (x - a_y / length * b, y + a_x / length * b)),
    ):
        handle = f".lab-handle[aria-label='{name}']"
        tab_to(lab, handle)
        walk(lab, plot, (handle, handle), place, 5)


def sort(lab: Lab, wanted: list[str]) -> None:
    """Move each entry up to its place."""
    row = lab.page.locator(".lab-order li > span")
    for place, entry in enumerate(wanted):
        times = row.all_inner_texts().index(entry) - place
        if times:
            tab_to(lab, f".lab-order button[aria-label='{entry}: up']")
            press(lab, "Enter", times)


def answer_right(lab: Lab, step: Step) -> None:
    """Give the right answer and commit it."""
    scene, answer = right(step)
    match step.question:
        case Move(fields=fields):
            for field in fields:
                type_into(lab, f"[data-field={field}] input[type=text]", fixed(getattr(scene.experiment, field), 3))
                with lab.painting():
                    lab.page.keyboard.press("Enter")
        case Choice():
            tab_to(lab, ".lab-options-of input")
            press(lab, "ArrowDown", int(answer))
            lab.page.keyboard.press("Space")
        case Typed():
            type_into(lab, ".lab-typed input", answer)
        case Pin(plot=plot):
            aim(lab, plot, *map(float, answer.split(",")))
        case Region(plot=plot):
            draw(lab, plot, *map(float, answer.split(",")))
        case Order(entries=entries):
            sort(lab, [entries[int(i)] for i in answer.split(",")])
    commit_by_keyboard(lab)


@every_lesson("valleys")  # which asks for a slider, a choice, a number and a pin
def test_a_lesson_is_gone_through_by_keyboard_alone(lab, lesson):
    lab.page.goto(f"{lab.url}/lessons?lesson={lesson.name}")
    student = Student(lab, lesson)
    for i in range(len(lesson.steps)):
        step = student.stands(i)
        if step.question is not None:
            answer_right(lab, step)
        if i + 1 < len(lesson.steps):
            lab.page.keyboard.press("PageDown")


@pytest.mark.parametrize(("name", "number"), [("certainty", 1), ("racing", 3)], ids=["region", "order"])
def test_a_question_of_another_kind_is_answered_by_keyboard_alone(lab, name, number):
    lab.page.goto(f"{lab.url}/lessons?lesson={name}.{number}")
    answer_right(lab, Student(lab, LESSONS[name]).stands(number - 1))
