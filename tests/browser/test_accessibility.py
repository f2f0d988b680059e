"""No page keeps anybody out: not where something unfolds, not on a phone, not without a mouse."""

import pytest

from tests.browser.axe import violations
from tests.browser.lab import PAGES, STANDS

pytestmark = pytest.mark.browser


@pytest.mark.long
def test_axe_finds_nothing_serious_where_a_race_or_a_test_stands_and_what_unfolds_is_open(lab):
    lab.page.emulate_media(color_scheme="dark")
    lab.open("Landscape", "t_end=60").race(0.76, 0.88)
    lab.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert violations(lab) == []
    for view in ("errors", "width"):
        lab.open("Inverse map", f"test_view={view}")
        assert violations(lab) == []
    lab.open("Uncertainty").choose("below", "profiles")
    lab.until("plot('profile-first')?.querySelector('.main-svg')")
    lab.page.wait_for_selector(STANDS)
    lab.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert violations(lab) == []


def test_the_sidebar_unfolds_on_a_phone_and_every_page_is_reached(tab):
    lab = tab(has_touch=True)
    lab.page.set_viewport_size({"width": 390, "height": 844})
    lab.open()
    slider = lab.page.locator("[data-field=theta0] input[type=range]")
    drawer = lab.page.get_by_role("button", name="Controls")
    assert (drawer.get_attribute("aria-expanded"), slider.is_visible()) == ("false", False)
    drawer.tap()
    assert (drawer.get_attribute("aria-expanded"), slider.is_visible()) == ("true", True)
    assert slider.bounding_box()["width"] > 300
    drawer.tap()
    assert not slider.is_visible()
    for page in [*list(PAGES)[1:], "Neuron"]:
        # Streamlit folds the pages' names into a list of its own, which may still be open.
        if (names := lab.page.get_by_role("button", name="Expand sidebar")).is_visible():
            names.tap()
        lab.page.get_by_test_id("stSidebarNavLink").filter(has_text=page).tap()
        lab.until(
            "(title) => document.querySelector('.lab-head h1')?.textContent.startsWith(title)", PAGES[page].question
        )
        lab.page.wait_for_selector(STANDS)


def test_help_opens_by_keyboard_and_by_press(lab):
    lab.open("Uncertainty")
    box = lab.page.locator("[data-field=noise_known] input")
    assert "average over all" in box.get_attribute("aria-description")
    lab.page.keyboard.press("Tab")
    box.focus()
    leaf = lab.page.locator(".lab-meaning:popover-open")
    assert "average over all" in leaf.inner_text()
    lab.page.keyboard.press("Escape")
    assert leaf.count() == 0
    box.hover()
    leaf.wait_for()
    lab.page.mouse.move(2, 2)
    leaf.wait_for(state="detached")


def test_tables_have_heads_and_changes_are_announced(lab):
    lab.open("Inverse map")
    table = lab.page.locator(".lab-table").first
    assert set(table.locator("th").evaluate_all("(cells) => cells.map((cell) => cell.scope)")) == {"col"}
    assert table.locator("tbody [role=rowheader]").count() == table.locator("tbody tr").count()
    answer = lab.page.locator(".lab-answer").first
    assert answer.get_attribute("aria-live") == "polite"
    with lab.held("theta0") as drag_to:
        drag_to(0.6)
        assert answer.get_attribute("aria-live") == "off"
    assert answer.get_attribute("aria-live") == "polite"


def test_an_error_moves_nothing_and_can_be_closed(lab):
    lab.open("Neuron")
    place = lab.page.locator("[data-plot=potential]").bounding_box()
    lab.type("theta0", "much")
    error = lab.page.locator(".lab-alerts")
    assert "θ₀ must be a number" in error.inner_text()
    assert error.get_attribute("role") == "status"
    assert lab.page.locator("[data-plot=potential]").bounding_box() == place
    error.get_by_role("button", name="Close").click()
    assert not error.is_visible()
    lab.type("theta0", "more")
    assert "“more” is none" in error.inner_text()
    lab.type("theta0", 0.5)
    assert not error.is_visible()


def test_escape_puts_the_old_number_back(lab):
    lab.open("Neuron")
    box = lab.text_box("theta0")
    box.fill("0.9")
    box.press("Escape")
    assert box.input_value() == "0.400"
    lab.page.keyboard.press("Tab")
    lab.type("gamma", 4)
    assert lab.value("theta0") == 0.4


def test_zero_has_no_minus(lab):
    lab.open("Neuron")
    lab.type("zeta", "-0.0")
    assert lab.text_box("zeta").input_value() == "0.000"


def test_delete_puts_a_slider_back_to_its_default(lab):
    lab.open("Neuron", "theta0=0.7")
    with lab.painting():
        lab.page.locator("[data-field=theta0] input[type=range]").press("Delete")
    assert lab.value("theta0") == 0.4


# ----------------------------------------------------------------------------------------------------------- a lecture


SIZE = "parseFloat(getComputedStyle(plot('potential').querySelector('.xtick text')).fontSize)"  # of numbers on an axis


def begins(lab, act):
    """Do what begins or ends a lecture, and wait for the answer."""
    with lab.painting():
        act()
    lab.until("[...document.querySelectorAll('.lab-plot')].every((each) => each.querySelector('.xtick text'))")


def test_a_lecture_folds_the_sidebar_hides_the_truth_and_magnifies_and_escape_takes_it_back(lab):
    lab.open("Neuron")
    sidebar = lab.page.locator(".st-key-lab_sidebar")
    usual = lab.evaluate(SIZE)
    assert not lab.evaluate("Boolean(document.querySelector('[data-lab-lecture]'))")
    begins(lab, lambda: lab.page.keyboard.press("l"))
    assert not sidebar.is_visible()
    assert lab.page.locator(".lab-plots").first.bounding_box()["x"] < 40
    assert "truth" not in [trace["name"] for trace in lab.drawing("potential")["traces"]]
    lab.until(f"(usual) => {SIZE} > usual", usual)
    assert lab.evaluate(SIZE) == pytest.approx(1.35 * usual, rel=0.01)
    begins(lab, lambda: lab.page.keyboard.press("Escape"))
    assert sidebar.is_visible()
    assert "truth" in [trace["name"] for trace in lab.drawing("potential")["traces"]]
    lab.until(f"(usual) => {SIZE} === usual", usual)


def test_a_lecture_begins_and_ends_by_buttons(lab):
    lab.open("Neuron")
    begins(lab, lambda: lab.press("Lecture (L)"))
    assert not lab.page.locator(".st-key-lab_sidebar").is_visible()
    begins(lab, lambda: lab.press("End lecture (Esc)"))
    assert lab.page.locator(".st-key-lab_sidebar").is_visible()
    assert lab.page.get_by_role("button", name="End lecture (Esc)").count() == 0


def test_an_l_that_is_typed_into_a_box_begins_no_lecture(lab):
    lab.open("Neuron")
    lab.text_box("theta0").press("l")
    assert not lab.evaluate("document.documentElement.hasAttribute('data-lab-lecture')")
    lab.text_box("theta0").press("Escape")
    lab.go("Train")
    lab.page.get_by_label("name of the map", exact=True).press("l")
    assert not lab.evaluate("document.documentElement.hasAttribute('data-lab-lecture')")
