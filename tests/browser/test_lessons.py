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


def covered(lab: Lab, step: Step) -> dict[str, bool]:
    """Say of each plot and each other part of the page that a step covers whether nothing in it is seen.

    A part that is not on the page is left out.
    """
    return lab.evaluate(
        """(covers) => {
          const isSeen = (node) => node.checkVisibility({ visibilityProperty: true })
          const partsOf = (name) => document.querySelectorAll(
            `.lab-plots > .${name === "table" ? "lab-table-frame" : `lab-${name}`}`)
          const found = covers.map((name) => [name, (plot(name) ? [plot(name)] : [...partsOf(name)])
            .filter((node) => node.checkVisibility() && node.childElementCount)])
          return Object.fromEntries(found
            .filter(([, nodes]) => nodes.length)
            .map(([name, nodes]) => [name, !nodes.some((node) => [...node.querySelectorAll("*")].some(isSeen))]))
        }""",
        list(step.covers),
    )


SHORT_FORM = ("spiking",)


@pytest.mark.parametrize(
    "lesson",
    [pytest.param(lesson, marks=() if name in SHORT_FORM else pytest.mark.long) for name, lesson in LESSONS.items()],
    ids=LESSONS,
)
def test_a_lesson_is_gone_through_by_mouse(lab, lesson):
    lab.page.goto(f"{lab.url}/lessons")
    lab.page.get_by_role("button", name=lesson.title).click()
    student = Student(lab, lesson)
    asked = 0
    for i in range(len(lesson.steps)):
        step = student.stands(i)
        if step.question is not None:
            asked += 1
            hidden = covered(lab, step)
            assert bool(hidden) == bool(step.covers)
            assert all(hidden.values()), hidden
            first = student.answer(step, wrong(step)[-1])
            assert "Right." not in first
            assert step.question.hint in first
            second = student.answer(step, right(step))
            assert second.startswith("Right."), (step.title, second)
            seen = covered(lab, step)
            assert seen.keys() >= hidden.keys()
            assert not any(seen.values()), seen
        if i + 1 < len(lesson.steps):
            student.go_on()
    assert f"{asked} of {asked} questions answered right." in lab.page.locator(".lab-lesson").inner_text()


def test_one_leaves_a_lesson_and_comes_back_to_the_step(tab):
    lab = tab()  # whose browser has attended no lesson yet
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


def test_an_answer_takes_what_a_slider_had_to_say_at_the_same_moment(lab):
    lab.page.goto(f"{lab.url}/lessons?lesson=valleys")
    Student(lab, LESSONS["valleys"]).stands(0)
    lab.text_box("candidate_theta0").fill("0.4")
    lab.text_box("candidate_theta0").press("Enter")
    lab.page.get_by_role("button", name="Commit").click()
    lab.page.locator(".lab-outcome-right").wait_for()
    assert lab.value("candidate_theta0") == 0.4


def drawn_on(lab: Lab, plot: str) -> list[str]:
    """Return the roles of the marks that a lesson draws over a plot."""
    marks = lab.page.locator(f".lab-plot[data-plot={plot}] path.lab-mark")
    return [
        each.split("lab-mark-")[1].split()[0]
        for each in marks.evaluate_all("(all) => all.map((n) => n.className.baseVal)")
    ]


def test_guess_and_truth_stay_over_each_other_where_one_comes_back(tab):
    lab = tab()
    lesson = LESSONS["racing"]
    student = Student(lab, lesson)
    lab.page.goto(f"{lab.url}/lessons?lesson=racing.1")
    step = student.stands(0)
    student.answer(step, wrong(step)[-1])
    assert drawn_on(lab, "map") == ["guess"]
    lab.until("location.search.includes('lesson=racing.1.t------')")
    lab.page.reload()
    student.stands(0)
    assert step.question.hint in lab.page.locator(".lab-lesson").inner_text()
    student.answer(step, wrong(step)[-1])
    assert drawn_on(lab, "map") == ["guess", "truth"]
    lab.until("plot('map')?.data?.some((each) => each.name === 'Gradient descent')")  # a race begins a new stage
    student.go_on()
    student.stands(1)
    assert drawn_on(lab, "map") == []
    lab.page.get_by_role("button", name="Back", exact=True).click()
    student.stands(0)
    lab.until("document.querySelectorAll('.lab-plot[data-plot=map] path.lab-mark').length === 2")


def test_a_key_reveals_what_is_right_but_not_where_one_types(lab):
    step = LESSONS["valleys"].steps[2]
    student = Student(lab, LESSONS["valleys"])
    lab.page.goto(f"{lab.url}/lessons?lesson=valleys.3")
    student.stands(2)
    keys, verdict = lab.page.keyboard, lab.page.locator(".lab-lesson-verdict p")
    box = lab.page.get_by_label(step.question.ask)
    box.focus()
    keys.type("r.R")
    assert box.input_value() == "r.R"
    box.blur()
    keys.press(".")
    verdict.first.wait_for()
    assert verdict.first.inner_text() == "Here is how it is. It is 21."
    lab.until("location.search.includes('lesson=valleys.3.--0---')")
    keys.press("PageDown")
    student.stands(3)
    reveal = lab.page.get_by_role("button", name="Reveal")
    assert not reveal.is_visible()
    keys.press("l")
    reveal.click()
    lab.until("document.querySelector('.lab-plot[data-plot=map] path.lab-mark-truth')")


def test_the_recording_of_a_step_stays_over_a_reload_and_goes_with_the_lesson(tab):
    lab = tab()
    lab.page.goto(f"{lab.url}/lessons?lesson=misfit.5")
    student = Student(lab, LESSONS["misfit"])
    student.stands(4)
    lab.until("location.search.includes('upload=other-stimulus.csv')")
    lab.page.reload()
    student.stands(4)
    assert not any(trace["name"] == "truth" for trace in lab.evaluate("drawing('fit').traces"))
    lab.page.get_by_role("button", name="Leave the lesson").click()
    lab.until("!location.search.includes('upload=other-stimulus.csv')")


def test_a_link_to_no_lesson_ends_in_a_sentence(lab):
    lab.open("Neuron", "lesson=none.1.-")
    lab.page.get_by_text("This link names no step of a lesson that is here").wait_for()
    assert lab.page.locator(".lab-lesson").count() == 0


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


def test_a_lesson_is_gone_through_by_keyboard_alone(lab):
    """Lesson "valleys", which asks for a slider, a choice, a number and a pin."""
    lesson = LESSONS["valleys"]
    lab.page.goto(f"{lab.url}/lessons?lesson=valleys")
    student, keys = Student(lab, lesson), lab.page.keyboard
    for i in range(len(lesson.steps)):
        step = student.stands(i)
        if step.question is None:
            break
        scene, answer = right(step)
        match step.question:
            case Move(fields=[field]):
                tab_to(lab, f"[data-field={field}] input[type=text]")
                keys.press("Control+a")
                keys.type(fixed(getattr(scene.experiment, field), 3))
                with lab.painting():
                    keys.press("Enter")
            case Choice():
                tab_to(lab, ".lab-options-of input")
                press(lab, "ArrowDown", int(answer))
                keys.press("Space")
            case Typed():
                tab_to(lab, ".lab-typed input")
                keys.type(answer)
            case Pin(plot=plot):
                aim(lab, plot, *map(float, answer.split(",")))
        commit_by_keyboard(lab)
        with lab.painting():
            keys.press("PageDown")


def test_a_region_is_drawn_by_keyboard_alone(lab):
    lab.page.goto(f"{lab.url}/lessons?lesson=certainty")
    step = Student(lab, LESSONS["certainty"]).stands(0)
    x, y, a_x, a_y, b = map(float, right(step)[1].split(","))
    length = (a_x**2 + a_y**2) ** 0.5
    plot = step.question.plot
    aim(lab, plot, x + 0.1, y - 0.1)
    for name, place in (
        ("middle", (x, y)),
        ("first half axis", (x + a_x, y + a_y)),
        ("second half axis", (x - a_y / length * b, y + a_x / length * b)),
    ):
        handle = f".lab-handle[aria-label='{name}']"
        tab_to(lab, handle)
        walk(lab, plot, (handle, handle), place, 5)
    commit_by_keyboard(lab)


def test_an_order_is_given_by_keyboard_alone(lab):
    lab.page.goto(f"{lab.url}/lessons?lesson=racing.3")
    step = Student(lab, LESSONS["racing"]).stands(2)
    row = lab.page.locator(".lab-order li > span")
    for place, i in enumerate(right(step)[1].split(",")):
        entry = step.question.entries[int(i)]
        times = row.all_inner_texts().index(entry) - place
        if times:
            tab_to(lab, f".lab-order button[aria-label='{entry}: up']")
            press(lab, "Enter", times)
    commit_by_keyboard(lab)
