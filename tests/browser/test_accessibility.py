"""No page keeps anybody out: checked by axe-core in both themes, by keyboard, by finger and at every width."""

import itertools

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.lab import PAGES, STANDS

pytestmark = pytest.mark.browser

GRAVE = ("serious", "critical")
# The widths of a phone, of a laptop of 1280 px zoomed to 200 %, of a tablet, of laptops and of large screens.
WIDTHS = (390, 640, 1024, 1280, 1920, 2560)


def violations(lab):
    """Return what axe-core finds on the page that keeps people out, a line each."""
    found = Axe().run(lab.page).response["violations"]
    return [
        f"{each['id']}: {node['target']} {node['html'][:200]}"
        for each in found
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_page(tab, scheme):
    lab = tab(color_scheme=scheme).open()
    for page in PAGES:
        lab.go(page)
        assert violations(lab) == [], page


def test_axe_finds_nothing_serious_where_a_race_or_a_test_stands_and_what_unfolds_is_open(tab):
    lab = tab(color_scheme="dark").open("Landscape", "t_end=60").race(0.76, 0.88)
    lab.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert violations(lab) == []
    lab.open("Inverse map", "test_view=errors")
    assert violations(lab) == []
    lab.open("Uncertainty").choose("below", "profiles")
    lab.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert violations(lab) == []


def test_nothing_scrolls_sideways_at_any_width(tab):
    lab = tab().open()
    for page, width in itertools.product(PAGES, WIDTHS):
        if width == WIDTHS[0]:
            lab.page.set_viewport_size({"width": 1280, "height": 844})
            lab.go(page)
        lab.page.set_viewport_size({"width": width, "height": 844})
        over = lab.evaluate("""async () => {
          const frame = () => new Promise(requestAnimationFrame)
          for (let i = 0; i < 4; i++) await frame() // plots follow a resize in the next ones
          const main = document.querySelector("[data-testid='stMain']")
          const inner = main.clientWidth
          return [document.documentElement.scrollWidth - innerWidth, main.scrollWidth - inner,
            ...[...main.querySelectorAll(".lab-controls *, .lab-plots *")]
              .filter((node) => node.checkVisibility() && !node.closest("svg, .lab-table-frame, .lab-crosshair, i"))
              .filter((node) => node.getBoundingClientRect().right > innerWidth + 1)
              .map((node) => node.outerHTML.slice(0, 120))]
        }""")
        assert over[0] <= 0, (page, width)
        assert over[1] <= 0, (page, width)
        assert over[2:] == [], (page, width)


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


SMALL = """(least) => [...document.querySelectorAll("button, select, input, summary, a[href]")]
  .filter((node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: false }))
  // But what stands within text: terms, links, the help and the anchors of Streamlit's headings and labels.
  .filter((node) => !node.matches(".lab-term, [data-testid=stSkipToContent]"))
  .filter((node) => !node.closest("p, .stTooltipIcon, h2, h3, h4, h5"))
  .map((node) => {
    // A finger that meets the label meets the box.
    const { width, height } = (node.closest("label") ?? node).getBoundingClientRect()
    return [Math.round(width), Math.round(height), node.outerHTML.slice(0, 120)]
  })
  .filter(([width, height]) => width && (width < least || height < least))"""


@pytest.mark.parametrize(("coarse", "least"), [(False, 24), (True, 44)])
def test_targets_are_large_enough_for_a_finger_or_a_mouse(tab, coarse, least):
    lab = tab(has_touch=coarse, is_mobile=coarse).open()
    for page in PAGES:
        lab.go(page)
        assert lab.evaluate(SMALL, least) == [], page


def test_help_opens_by_keyboard_and_by_press(lab):
    lab.open("Uncertainty")
    box = lab.page.locator("[data-field=noise_known] input")
    assert "integrate over both" in box.get_attribute("aria-description")
    lab.page.keyboard.press("Tab")
    box.focus()
    leaf = lab.page.locator(".lab-meaning:popover-open")
    assert "integrate over both" in leaf.inner_text()
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
