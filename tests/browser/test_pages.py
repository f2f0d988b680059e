"""Each page opens, and asks nothing of another host; the `tab` fixture holds every test of this folder to that."""

import pytest

from tests.browser.lab import BESIDE, PAGES

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("page", PAGES)
def test_page_stands_when_it_is_opened(lab, page):
    lab.open(page)
    assert lab.page.locator("h1").inner_text().endswith("?")
    slider = "candidate_theta0" if page == "Start" else "theta0"
    assert lab.page.locator(f"[data-field={slider}] input[type=range]").is_visible()
    assert lab.notes() == ""


def test_every_page_is_reached_from_every_other_by_the_navigation_and_nobody_else_is_asked(lab, watch):
    lab.open()
    for page in [*PAGES, *reversed(PAGES)]:
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


def test_every_plot_has_a_title_and_axis_names(lab):
    lab.open()
    for page, facts in PAGES.items():
        lab.go(page)
        for plot in facts.plots:
            layout = lab.evaluate("(id) => JSON.parse(JSON.stringify(plot(id).layout))", plot)
            assert layout["title"]["text"], plot
            axes = layout.get("scene", layout)
            assert axes["xaxis"]["title"]["text"], plot
            assert axes["yaxis"]["title"]["text"], plot


def test_the_buttons_of_every_plot_are_known_and_none_sends_it_anywhere(lab):
    flat = ["Zoom", "Pan", "Zoom in", "Zoom out", "Reset axes", "Download plot as a PNG"]
    solid = ["Zoom", "Pan", "Orbital rotation", "Turntable rotation"]
    solid += ["Reset camera to default", "Reset camera to last save", "Download plot as a PNG"]
    lab.open()
    for page in PAGES:
        lab.go(page)
        for beside in BESIDE if page == "Landscape" else [""]:
            if beside:
                lab.choose("beside", beside).stand(page)
            for plot in lab.shown():
                buttons = lab.evaluate(
                    "(id) => [...plot(id).querySelectorAll('.modebar-btn')].map((each) => each.dataset.title)", plot
                )
                assert buttons == (solid if plot == "surface" else flat), plot


def test_truth_line_takes_the_theme_text_colour_in_light_and_dark(tab):
    colours = {}
    for scheme in ("light", "dark"):
        lab = tab(color_scheme=scheme).open()
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
        assert "error of m" not in lab.metrics()
