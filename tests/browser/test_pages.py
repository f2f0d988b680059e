"""From page to page: each asks nothing of another host; the `tab` fixture holds every test of this folder to that."""

import pytest

from tests.browser.lab import PAGES
from tests.browser.traffic import Traffic, places_of

pytestmark = pytest.mark.browser


def test_every_page_is_reached_by_the_navigation_and_nobody_else_is_asked(lab, watch):
    lab.open()
    for page in [*PAGES, "Start"]:
        lab.go(page)
    assert watch[1]() == []


def test_answers_carry_the_security_headers_and_plotly_is_loaded_once(lab):
    scripts = []
    lab.page.on("response", lambda answer: scripts.append(answer) if answer.url.endswith("plotly.min.js") else None)
    answer = lab.page.goto(lab.url)
    lab.stand("Start").go("Neuron").go("Landscape").go("Inverse map")
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert len(scripts) == 1
    # The page keeps its style sheet where all instances of the component leave it at once.
    lab.evaluate("document.querySelectorAll('.lab-controls, .lab-plots').forEach((each) => each.remove())")
    assert lab.evaluate("""[...document.styleSheets].filter(({ href }) => href?.endsWith("/lab/style.css"))
        .map(({ cssRules, ownerNode }) => cssRules.length > 200 && ownerNode.parentElement === document.head)""") == [
        True
    ]


def test_the_toolbar_of_a_plot_covers_neither_title_nor_legend_and_shows_for_mouse_and_keyboard(lab):
    shown = "(id) => getComputedStyle(plot(id).querySelector('.lab-toolbar')).opacity === '1'"
    covered = """(id) => {
      const bar = plot(id).querySelector(".lab-toolbar").getBoundingClientRect()
      return [...plot(id).querySelectorAll(".gtitle, .legend")].filter((node) => {
        const box = node.getBoundingClientRect()
        return box.left < bar.right && bar.left < box.right && box.top < bar.bottom && bar.top < box.bottom
      }).length
    }"""
    lab.open("Neuron")
    for plot in PAGES["Neuron"].plots:
        lab.page.mouse.move(2, 2)
        assert lab.evaluate(covered, plot) == 0
        lab.page.locator(f".lab-plot[data-plot={plot}]").hover()
        lab.until(shown, plot)
    lab.page.mouse.move(2, 2)
    lab.until(f"(id) => !({shown})(id)", "phase")
    lab.page.keyboard.press("Tab")
    lab.page.locator("[data-plot=phase] .lab-toolbar button").first.focus()
    lab.until(shown, "phase")


def test_truth_line_takes_the_theme_text_colour_in_light_and_dark(lab):
    colours = {}
    for scheme in ("light", "dark"):
        lab.page.emulate_media(color_scheme=scheme)
        lab.open()
        colours[scheme] = lab.evaluate("""() => ({
            text: getComputedStyle(document.querySelector(".lab-controls")).color,
            background: getComputedStyle(document.querySelector("[data-testid='stApp']")).backgroundColor,
            font: getComputedStyle(plot("potential").querySelector(".gtitle")).fill,
            truth: getComputedStyle(outline("potential", "truth")).stroke,
        })""")
    for each in colours.values():
        assert each["text"] == each["font"] == each["truth"]
        assert each["text"] != each["background"]
    assert all(colours["light"][part] != colours["dark"][part] for part in ("text", "background"))


def test_theme_that_changes_while_the_page_is_open_is_followed(lab):
    lab.open()
    light = lab.evaluate("getComputedStyle(outline('potential', 'truth')).stroke")
    lab.page.emulate_media(color_scheme="dark")
    lab.until("(light) => getComputedStyle(document.querySelector('.lab-controls')).color !== light", light)
    lab.until("""getComputedStyle(outline("potential", "truth")).stroke
        === getComputedStyle(document.querySelector(".lab-controls")).color""")


def test_hiding_the_truth_removes_it_from_every_page(lab):
    lab.open()
    lab.tick("hidden")
    for page in ("Neuron", "Landscape", "Inverse map", "Uncertainty", "Your data"):
        lab.go(page, "phase")
        assert lab.page.locator("[data-field=theta0]").count() == 0
        for plot in lab.evaluate("[...document.querySelectorAll('.lab-plot')].map((el) => el.dataset.plot)"):
            assert "truth" not in [trace["name"] for trace in lab.drawing(plot)["traces"]], plot
        assert "candidate − truth" not in lab.metrics()


def test_a_link_with_a_hidden_truth_gives_it_away_nowhere(lab, tab):
    """Read all that the browser of a class is sent, sends and keeps: the truth is there neither as text nor number."""
    lab.open(address="theta0=0.3172839&theta1=0.5829516").tick("hidden")
    lab.until("location.search.includes('truth=')")
    student = tab()
    traffic = Traffic(student)
    student.page.goto(lab.page.url)
    student.stand("Neuron", "phase")
    student.go("Uncertainty").go("Landscape").drag("rho", 0.6, 0.7)
    assert traffic.keep() > 0
    content = traffic.content()
    assert len(content) > 100_000
    assert not [found for value in (0.3172839, 0.5829516) for found in places_of(value, content)]


def test_a_change_is_undone_by_its_button_and_by_the_keyboard_on_any_page(lab):
    lab.open()
    undo = lab.page.get_by_role("button", name="Undo")
    assert undo.is_disabled()
    lab.drag("theta0", 0.6, 0.7)
    moved = lab.value("theta0")
    lab.type("sigma", 0.1).go("Landscape")
    with lab.painting():
        undo.click()
    assert (lab.value("sigma"), lab.value("theta0")) == (0.07, moved)
    with lab.painting():
        lab.page.keyboard.press("Control+z")
    assert lab.value("theta0") == 0.4
    assert "theta0=0.4&" in lab.page.url
    assert undo.is_disabled()
