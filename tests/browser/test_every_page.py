"""What holds on every page: each is opened once, and all of these tests look at it."""

import pytest

from tests.browser.axe import violations
from tests.browser.drawings import GROUNDS
from tests.browser.lab import BESIDE, PAGES, VIEWPORT, opened

pytestmark = pytest.mark.browser

# The widths of a phone, of a laptop of 1280 px zoomed to 200 %, of a tablet, of laptops and of large screens.
WIDTHS = (390, 640, 1024, 1280, 1920, 2560)


@pytest.fixture(scope="module", params=PAGES)
def standing(request, context, server):
    """The title of a page, and a tab in which it stands."""
    with opened(context, server) as lab:
        yield request.param, lab.open(request.param)


@pytest.fixture(scope="module")
def touched(browser, server):
    """A tab under a finger."""
    context = browser.new_context(viewport=VIEWPORT, has_touch=True, is_mobile=True)
    with opened(context, server) as lab:
        yield lab.open()
    context.close()


def test_it_stands_when_it_is_opened(standing):
    page, lab = standing
    assert lab.page.locator("h1").inner_text().endswith("?")
    sliders = {"Start": "candidate_theta0", "Train": "zeta"}
    control = (
        "button[data-field=lesson_asked]" if page == "Lessons" else f"[data-field={sliders.get(page, 'theta0')}] input"
    )
    assert lab.page.locator(control).first.is_visible()
    assert lab.notes() == ""


def test_every_plot_has_a_title_and_axis_names(standing):
    page, lab = standing
    for plot in PAGES[page].plots:
        layout = lab.evaluate("(id) => JSON.parse(JSON.stringify(plot(id).layout))", plot)
        assert layout["title"]["text"], plot
        assert layout["xaxis"]["title"]["text"], plot
        assert layout["yaxis"]["title"]["text"], plot


@pytest.mark.parametrize("scheme", [pytest.param("dark", marks=pytest.mark.long), "light"])
def test_axe_finds_nothing_serious(standing, scheme):
    _, lab = standing
    lab.page.emulate_media(color_scheme=scheme)
    lab.until(
        "(ground) => getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor === ground",
        f"rgb{GROUNDS[scheme]}",
    )
    assert violations(lab) == []


def test_nothing_scrolls_sideways_at_any_width(standing):
    _, lab = standing
    try:
        for width in WIDTHS:
            lab.page.set_viewport_size({"width": width, "height": 844})
            over = lab.evaluate("""async () => {
              const frame = () => new Promise(requestAnimationFrame)
              for (let i = 0; i < 4; i++) await frame() // plots follow a resize in the next ones
              const main = document.querySelector("[data-testid='stMain']")
              const inner = main.clientWidth
              return [document.documentElement.scrollWidth - innerWidth, main.scrollWidth - inner,
                ...[...main.querySelectorAll(".lab-controls *, .lab-plots *")]
                  .filter((node) => node.checkVisibility())
                  .filter((node) => !node.closest("svg, .lab-table-frame, .lab-crosshair, i"))
                  .filter((node) => node.getBoundingClientRect().right > innerWidth + 1)
                  .map((node) => node.outerHTML.slice(0, 120))]
            }""")
            assert over[0] <= 0, width
            assert over[1] <= 0, width
            assert over[2:] == [], width
    finally:
        lab.page.set_viewport_size(VIEWPORT)


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


def test_targets_are_large_enough_for_a_mouse(standing):
    _, lab = standing
    assert lab.evaluate(SMALL, 24) == []


@pytest.mark.parametrize("page", PAGES)
def test_targets_are_large_enough_for_a_finger(touched, page):
    touched.go(page)
    assert touched.evaluate(SMALL, 44) == []


def test_the_buttons_of_every_plot_are_known_and_none_sends_it_anywhere(standing):
    page, lab = standing
    for beside in list(BESIDE)[::-1] if page == "Landscape" else [""]:  # the one that stands there comes last
        if beside:
            lab.choose("beside", beside).stand(page)
        for plot in lab.shown():
            buttons = lab.evaluate("(id) => [...plot(id).querySelectorAll('button')].map((n) => n.title)", plot)
            assert buttons == ["Save the plot as PNG", "Save the plot as SVG", "Reset zoom and view"], plot
            assert not lab.evaluate("(id) => plot(id).querySelectorAll('.modebar-btn').length", plot), plot
