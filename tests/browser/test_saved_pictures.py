"""What the toolbar saves and what the legend hides: for every plot of every page, whose states stand in VISITS.

The loss of a training and the basins, which take their time, are checked where they are made.
"""

import base64
import io
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from tests.browser.drawings import check_labels, check_legend, check_picture
from tests.browser.lab import STANDS, open_profile, opened

pytestmark = pytest.mark.browser

# Each page is opened once, and then changed; what stands there each time are plots.
VISITS = {
    "Start": [("", "", ("recording",))],
    "Neuron": [
        ("", "", ("potential", "phase", "recovery", "rates")),
        ("firing", "duration", ("rates",)),
        ("several", "offsets", ("potential", "phase")),
    ],
    "Landscape": [
        ("", "", ("map", "fit", "slice")),
        ("beside", "residual", ("residual",)),
        ("beside", "surface", ("surface",)),
    ],
    "Inverse map": [
        ("", "", ("estimates", "spread", "resimulated", "first-1", "second-1")),
        ("test_view", "noise", ("against-noise",)),
        ("test_view", "samples", ("against-samples",)),
        ("test_view", "width", ("against-width",)),
        ("test_view", "errors", ("errors",)),
    ],
    "Uncertainty": [
        ("", "", ("posterior", "prediction")),
        ("below", "profiles", ("profile-first", "profile-second")),
        ("below", "noise", ("regions", "autocorrelation")),
        ("below", "calibration", ("calibration",)),
        ("below", "learned", ("learned", "carried")),
        ("below", "samplers", ("draws", "distance")),
        ("below", "covariances", ("covariances",)),
    ],
    "Trust": [
        ("", "", ("plane", "trace", "movements")),
        ("trust", "many", ("direction", "methods")),
        ("trust", "cures", ("worst", "alarms")),
        ("trust", "denoising", ("curves", "course")),
        ("trust", "surrogates", ("traces", "course", "drift")),
        ("trust", "steps", ("descent", "errors")),
    ],
    "Your data": [("", "", ("trace", "states-u", "states-v"))],
}
SHORT_FORM = ("Neuron",)
LOGARITHMIC = {"against-noise": "y", "against-samples": "xy"}
NAMED_BELOW = {  # how many entries a picture has of a legend that the page shows elsewhere, or not at all
    "posterior": 3, "plane": 12, "movements": 11, "residual": 1, "surface": 3, "estimates": 10, "resimulated": 9,
}  # fmt: skip


@pytest.fixture(scope="module")
def sharp(playwright, tmp_path_factory):
    """A context of a screen with two pixels for each one of the page, as saved pictures have, where races stand."""
    settings = {"device_scale_factor": 2, "reduced_motion": "reduce"}
    with open_profile(playwright, tmp_path_factory.mktemp("sharp"), **settings) as context:
        yield context


@pytest.fixture
def lab(sharp, server):
    """A tab in that context."""
    with opened(sharp, server) as lab:
        yield lab


SVG = "{http://www.w3.org/2000/svg}"


def painted(lab, plot):
    """Save a plot as SVG, and return what another page of the browser paints of the file, (height, width, 4)."""
    path = lab.save(plot, "SVG")
    root = ElementTree.parse(path).getroot()
    width, height = round(float(root.get("width"))), round(float(root.get("height")))
    alone = lab.context.new_page()
    try:
        alone.set_viewport_size({"width": width, "height": height})
        alone.goto(f"data:image/svg+xml;base64,{base64.b64encode(path.read_bytes()).decode()}")
        return np.asarray(Image.open(io.BytesIO(alone.screenshot(omit_background=True))).convert("RGBA"))
    finally:
        alone.close()


def wait_for(lab, plots):
    """Wait until the plots are drawn and the page is at rest."""
    lab.until("(ids) => ids.every((id) => plot(id)?.querySelector('.main-svg') && plot(id)._fullLayout)", list(plots))
    lab.page.wait_for_selector(STANDS)


@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=() if page in SHORT_FORM else pytest.mark.long) for page in VISITS]
)
def test_every_saved_picture_is_whole_and_every_legend_acts(lab, page):
    lab.open(page)
    for field, value, plots in VISITS[page]:
        if field:
            lab.choose(field, value)
        wait_for(lab, plots)
        for plot in plots:
            assert check_picture(lab, plot) == NAMED_BELOW.get(plot, 0), plot
            check_legend(lab, plot)


@pytest.mark.parametrize(
    ("page", "plots"),
    [
        ("Neuron", ("potential", "rates")),
        pytest.param("Landscape", ("map", "slice"), marks=pytest.mark.long),
        pytest.param("Inverse map", ("estimates", "first-1"), marks=pytest.mark.long),
    ],
)
def test_a_plot_saved_as_svg_has_its_dots_its_legend_its_font_and_an_opaque_ground(lab, page, plots):
    lab.open(page)
    wait_for(lab, plots)
    for plot in plots:
        assert check_picture(lab, plot, saved=lambda plot: painted(lab, plot)) == NAMED_BELOW.get(plot, 0), plot
        root = ElementTree.parse(lab.save(plot, "SVG")).getroot()
        words = {"".join(node.itertext()) for node in root.iter(f"{SVG}text")}
        title, named = lab.evaluate(
            "(id) => [plot(id).layout.title.text, plot(id).data.filter((each) => each.legend === 'legend2')"
            ".map((each) => each.name)]",
            plot,
        )
        assert {title, *lab.names(plot), *named} <= words
        assert "font-family:Inter" in root.find(f"{SVG}style").text


@pytest.mark.long
def test_the_picture_of_a_race_names_its_methods(lab):
    lab.open("Landscape", "t_end=60&methods=Adam,Nelder–Mead").race(0.76, 0.88)
    wait_for(lab, ("map", "course"))
    # Both methods, start and end; beside the map the starts are but the left edge.
    assert check_picture(lab, "map") == 4
    assert check_picture(lab, "course") == 3
    check_legend(lab, "map")
    check_labels(lab, "course", "x")


def test_a_logarithmic_axis_is_labelled_at_every_zoom(lab):
    lab.open("Inverse map", "test_view=samples")
    wait_for(lab, ("against-samples",))
    assert {"500", "1,000", "2,000", "5,000"} <= set(check_labels(lab, "against-samples", "x"))
    for low, high in ((0.011, 0.014), (0.02, 0.05), (0.003, 0.4), (0.0001, 2.0)):
        lab.evaluate(
            "([low, high]) => Plotly.relayout(plot('against-samples'), "
            "{ 'yaxis.range': [Math.log10(low), Math.log10(high)] })",
            [low, high],
        )
        check_labels(lab, "against-samples", "y")


@pytest.mark.parametrize(
    ("page", "plots"), [("Neuron", ("potential", "rates")), ("Inverse map", ("estimates", "first-1"))]
)
def test_pictures_have_the_ground_of_the_dark_theme(tab, page, plots):
    lab = tab(device_scale_factor=2, color_scheme="dark").open(page)
    for plot in plots:
        check_picture(lab, plot, "dark")


def test_a_picture_saved_while_lines_are_slid_shows_what_is_on_screen(lab):
    lab.open("Neuron")
    with lab.held("theta0") as drag_to:
        drag_to(0.7)
        drag_to(0.8)
        check_picture(lab, "potential")
