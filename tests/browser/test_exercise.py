"""The teacher's desk and the exercise of a student, from the first click of one to the last of the other."""

import csv
import io
import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.lab import Lab
from tests.browser.test_around import framed
from tests.browser.traffic import Traffic, places_of

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Handout:
    """What a teacher takes from the desk: the link, the code word, the answer key by name, the snippet of a frame."""

    link: str
    word: str
    key: dict[str, tuple[float, float]]
    frame: str


def choose(lab: Lab, label: str, *options: str) -> None:
    """Choose options in a box of the desk that takes several."""
    box = lab.page.get_by_role("combobox", name=label)
    for option in options:
        box.fill(option)
        lab.page.get_by_role("option", name=option, exact=True).click()
    if lab.page.get_by_role("listbox").is_visible():  # without a list, Escape would close the desk
        box.press("Escape")


def handed_out(lab: Lab, names: str, pages: tuple[str, ...] = (), locked: tuple[str, ...] = ("σ noise",)) -> Handout:
    """Make a link at the desk that seals the truth, as a teacher does, and return what it gives."""
    page = lab.page
    page.get_by_role("button", name="For a class …").click()
    desk = page.get_by_role("dialog")
    choose(lab, "Pages that students can open", *pages)
    choose(lab, "Controls that are locked", *locked)
    desk.get_by_text("Seal the truth").click()
    desk.get_by_role("textbox", name="Names or numbers").fill(names)
    word = desk.get_by_role("textbox", name="Code word").input_value()
    desk.get_by_role("button", name="Make the link").click()
    link = desk.locator("code").first.inner_text().replace("\n", "")
    desk.get_by_role("tab", name="QR code").click()
    expect(desk.get_by_role("img").first).to_be_visible()
    desk.get_by_role("tab", name="Frame in a page").click()
    frame = desk.locator("code").nth(1).inner_text().replace("\n", "")
    desk.get_by_role("tab", name="Answer key").click()
    with page.expect_download() as download:
        desk.get_by_role("button", name="Answer key as CSV").click()
    _, *rows = csv.reader(io.StringIO(download.value.path().read_text("utf-8")))
    return Handout(link, word, {name: (float(first), float(second)) for name, first, second, _ in rows}, frame)


def test_a_sealed_truth_is_nowhere_in_a_student_s_browser_until_the_code_word_is_typed(lab, tab):
    """Read all that the browser is sent, sends and keeps on every page that is there."""
    lab.open("Landscape")
    given = handed_out(lab, "1-30", ("Neuron", "Inverse map", "Uncertainty", "Your data"), ("σ noise", "ρ correlation"))
    assert len(set(given.key.values())) == len(given.key) == 30
    student = tab()
    traffic = Traffic(student)
    student.page.goto(given.link)
    student.page.get_by_text("17", exact=True).click()
    student.stand("Neuron", "phase")
    assert student.page.get_by_role("link", name="Train").count() == 0
    assert student.page.locator("[data-field=sigma] input[type=range]").is_disabled()
    student.drag("t_end", 0.3, 0.4)
    student.go("Inverse map").go("Uncertainty").go("Your data").go("Landscape")
    student.drag("candidate_theta0", 0.6, 0.7).choose("beside", "race")
    student.page.mouse.click(*student.pixel("map", 0.2, 0.2))
    student.race_stands()
    assert traffic.keep() >= 2
    candidate = student.value("candidate_theta0")
    student.page.reload()
    student.stand("Landscape")
    assert student.value("candidate_theta0") == candidate
    student.type("code_word", "guess")
    student.page.get_by_text("This is not the code word").wait_for()
    content = traffic.content()
    assert len(content) > 300_000
    assert not [found for value in given.key["17"] for found in places_of(value, content)]
    assert given.word.encode() not in content

    student.page.goto(f"{student.page.url}&lesson=inverse.2")
    student.stand("Landscape")
    assert student.page.locator(".lab-lesson").count() == 0  # whose answer would be the truth

    student.type("code_word", given.word)
    student.page.get_by_text("The truth is open.").wait_for()
    assert (student.value("theta0"), student.value("theta1")) == given.key["17"]
    assert student.page.locator("[data-field=theta0] input[type=range]").is_disabled()
    assert places_of(given.key["17"][0], traffic.content())


def test_a_link_for_one_page_shows_that_page_alone_in_a_frame_of_another_site(browser, open_server, course):
    """The snippet of the desk, on a page whose origin the server was started with."""
    context = browser.new_context()
    try:
        lab = Lab(context, open_server[0]).open()
        given = handed_out(lab, "")
        assert list(given.key) == ["everyone"]
        assert given.key["everyone"] == (0.4, 0.4)
        source = re.search('src="([^"]+)"', given.frame).group(1)
        assert source == given.link
        lab.check()
    finally:
        context.close()
    context, frame = framed(browser, course, source)
    try:
        frame.locator(".lab-plot[data-plot=potential] .main-svg").first.wait_for()
        assert frame.get_by_role("button", name="For a class …").count() == 0
        assert frame.get_by_role("link", name="Landscape").count() == 0
        assert frame.locator("[data-field=theta0]").count() == 0
    finally:
        context.close()


def test_the_desk_says_what_is_missing_and_keeps_nobody_out(lab):
    lab.open()
    lab.page.get_by_role("button", name="For a class …").click()
    desk = lab.page.get_by_role("dialog")
    desk.get_by_role("textbox", name="Names or numbers").fill("Ana, Ana")
    desk.get_by_role("textbox", name="Code word").fill("")
    desk.get_by_text("“Ana” is in the list twice").wait_for()
    desk.get_by_role("textbox", name="Names or numbers").fill("Ana, Ben")
    desk.get_by_role("textbox", name="Code word").press("Enter")
    desk.get_by_text("Type a code word").wait_for()
    assert violations(lab) == []


def test_a_link_of_another_server_ends_in_a_sentence(lab):
    lab.open("Neuron", "exercise=gAAAAABx&student=1")
    lab.page.get_by_text("can be opened only by the server that made it").wait_for()
