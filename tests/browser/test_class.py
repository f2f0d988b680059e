"""A class answers a question of a lesson, and the teacher sees its answers."""

import pytest
from playwright.sync_api import expect

from tests.browser.lab import Lab

pytestmark = pytest.mark.browser


def links_to(lab: Lab, lesson: str, question: str) -> tuple[str, str]:
    """Make a link to a question at the desk, and return it and that of the teacher's screen."""
    lab.page.get_by_role("button", name="For a class …").click()
    desk = lab.page.get_by_role("dialog")
    desk.get_by_text("a question of a lesson").click()
    plain = desk.locator("code").first
    before = plain.inner_text()
    for box, option in (("Lesson", lesson), ("Question", question)):
        desk.get_by_role("combobox", name=box).click()
        lab.page.get_by_role("option", name=option).click()
        expect(plain).not_to_have_text(before)  # the questions of the lesson are there
        before = plain.inner_text()
    desk.get_by_text("Collect the answers").click()
    screen = desk.get_by_role("link", name="Open your screen")
    watched = screen.get_attribute("href")
    return plain.inner_text().replace("\n", ""), watched


def test_pins_of_a_class_are_dots_on_the_teacher_s_screen_and_nobody_else_s(lab, tab):
    lab.open("Landscape")
    link, watched = links_to(lab, "Why the loss has valleys", "4 · The valley on the map")
    assert "room=" in link
    assert "room=" in watched
    assert link != watched
    lab.page.goto(watched)
    lab.stand("Landscape")
    lab.page.get_by_text("0 answers of the class").wait_for()
    student = tab()
    student.page.goto(link)
    student.stand("Landscape")
    student.page.get_by_role("heading", name="The valley on the map").wait_for()
    student.page.mouse.click(*student.pixel("map", 0.1, 0.9))
    with student.painting():
        student.page.get_by_role("button", name="Commit").click()
    lab.page.get_by_text("1 answer of the class").wait_for()
    lab.until("plot('map').querySelector('.lab-mark-class')")
    dot = lab.page.locator(".lab-mark-class").bounding_box()
    x, y = lab.pixel("map", 0.1, 0.9)
    assert (dot["x"] + dot["width"] / 2, dot["y"] + dot["height"] / 2) == pytest.approx((x, y), abs=3)
    assert student.page.locator(".lab-mark-class").count() == 0
    assert student.page.get_by_text("of the class").count() == 0
    # The teacher reveals the right place over them.
    lab.page.keyboard.press("r")
    lab.page.get_by_text("Here is how it is").wait_for()
    assert lab.page.locator(".lab-mark-class").count() == lab.page.locator(".lab-mark-truth.lab-mark-pin").count() == 1
