"""Every lesson from its first step to its last by mouse, and what stays of it where one leaves and comes back."""

import pytest

from dashboard.lessons.lesson import Step
from dashboard.lessons.table import LESSONS
from tests.browser.attending import Student, every_lesson
from tests.browser.axe import violations
from tests.browser.lab import Lab, opened
from tests.dashboard.lessons.answers import right, wrong

pytestmark = pytest.mark.browser


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


@every_lesson("spiking")
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
    assert (
        f"{asked} of {asked} questions answered right, {asked} of them at the second try."
        in lab.page.locator(".lab-lesson").inner_text()
    )


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


@pytest.mark.long
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


@pytest.mark.long
def test_a_pin_is_dropped_and_committed_by_a_finger_on_a_tablet(browser, server):
    context = browser.new_context(viewport={"width": 1024, "height": 768}, has_touch=True, is_mobile=True)
    with opened(context, server) as lab:
        step = LESSONS["valleys"].steps[3]
        lab.page.goto(f"{lab.url}/lessons?lesson=valleys.4")
        Student(lab, LESSONS["valleys"]).stands(3)
        x, y = map(float, right(step)[1].split(","))
        lab.page.locator(".lab-plot[data-plot=map]").evaluate("(node) => node.scrollIntoView({ block: 'center' })")
        lab.page.touchscreen.tap(*lab.pixel("map", x, y))
        lab.page.get_by_role("button", name="Commit").tap()
        lab.page.locator(".lab-outcome-right").wait_for()
        assert lab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()
