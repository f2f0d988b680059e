"""The Landscape page under the hand: the candidate, the truth, and optimisers started by a click."""

from itertools import pairwise

import numpy as np
import pytest

pytestmark = pytest.mark.browser

HEAT_MAP = "plot('map').querySelector('.heatmaplayer image')"


def candidate(lab):
    """Return where the orange circle stands on the map, in its coordinates."""
    mark = lab.drawing("map")["shapes"][-1]
    assert mark["fillcolor"] == "#E69F00"
    return mark["xanchor"], mark["yanchor"]


def drawn_candidate(lab):
    """Return the middle of the orange circle on screen."""
    box = lab.evaluate("""(() => {
        const marks = [...plot("map").querySelectorAll(".shapelayer path")]
        return marks.find((mark) => mark.style.fill === "rgb(230, 159, 0)").getBoundingClientRect()
    })()""")
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def loss(lab):
    return float(lab.metrics()["loss J of the candidate"].replace("−", "-").replace(",", ""))


@pytest.mark.parametrize("field", ["theta0", "zeta", "gamma", "t_end"])
def test_heat_map_follows_the_hand(lab, field):
    """Of θ₀ the data alone change; the others change the trajectories of the whole grid."""
    lab.open("Landscape")
    lab.remember("map")
    before = lab.trace("map")["z"]
    with lab.held(field) as drag_to:
        images = set()
        for share in (0.55, 0.6, 0.65):
            drag_to(share)
            images.add(lab.evaluate(f"{HEAT_MAP}.href.baseVal"))
        assert len(images) == 3
    assert lab.is_the_same("map")
    assert np.shape(before) == (100 * 100,)
    assert lab.trace("map")["z"] != before


def test_image_that_a_dragged_heat_map_brings_is_what_plotly_draws(lab):
    """The first picture of a drag is drawn by Plotly; the image that came with it takes its place to the pixel."""
    lab.open("Landscape")
    with lab.held("zeta") as drag_to:
        drag_to(0.55)
        found = lab.evaluate(
            """async () => {
              const { exchangeImage } = await import(new URL("./lab/heatmap.js", document.baseURI).href)
              const image = () => plot("map").querySelector(".heatmaplayer image")
              const place = () => ["x", "y", "width", "height"].map((name) => Number(image().getAttribute(name)))
              const colours = async () => {
                const loaded = new Image()
                loaded.src = image().getAttribute("href")
                await loaded.decode()
                const canvas = new OffscreenCanvas(loaded.naturalWidth, loaded.naturalHeight).getContext("2d")
                canvas.drawImage(loaded, 0, 0)
                return Array.from(canvas.getImageData(0, 0, loaded.naturalWidth, loaded.naturalHeight).data)
              }
              const before = [place(), await colours(), image().getAttribute("href")]
              const exchanged = exchangeImage(plot("map"), 0, plot("map").data[0])
              return [exchanged, before, [place(), await colours(), image().getAttribute("href")]]
            }"""
        )
    exchanged, before, after = found
    assert exchanged
    assert before[2] != after[2]
    assert after[0] == pytest.approx(before[0], abs=0.01)
    assert len(before[1]) == len(after[1]) == 4 * 60 * 60
    # Half a level of the image is 1/508 of the scale, over which a colour changes by at most 72 / 0.0516 / 508 = 2.75
    # of 255; both colours are rounded by a half at most.
    assert np.max(np.abs(np.subtract(before[1], after[1]))) <= 3.75


def test_grid_of_200_points_a_side_is_drawn_on_release_and_kept_in_the_address(lab):
    lab.open("Landscape")
    lab.choose("grid", "200")
    assert len(lab.trace("map")["z"]) == 200 * 200
    with lab.held("zeta") as drag_to:
        drag_to(0.6)
        assert len(lab.trace("map")["z"]) == 60 * 60
    assert len(lab.trace("map")["z"]) == 200 * 200
    lab.page.reload()
    lab.stand("Landscape")
    assert len(lab.trace("map")["z"]) == 200 * 200


def test_every_plot_keeps_its_elements_through_fifty_updates(lab):
    lab.open("Landscape")
    for plot in ("map", "fit", "residual"):
        lab.remember(plot)
    before = lab.evaluate("painted.length")
    lab.drag("candidate_theta0", *(0.3 + 0.015 * i for i in range(25)))
    lab.drag("theta0", *(0.3 + 0.015 * i for i in range(25)))
    assert lab.evaluate("painted.length") - before >= 50
    assert all(lab.is_the_same(plot) for plot in ("map", "fit", "residual"))


def test_camera_of_the_surface_survives_updates(lab):
    lab.open("Landscape", "beside=surface")
    turned = lab.turn_surface()
    z = lab.trace("surface")["z"]
    lab.drag("theta0", 0.6, 0.7)
    lab.drag("candidate_theta0", 0.3)
    assert lab.trace("surface")["z"] != z
    assert lab.camera() == pytest.approx(turned)


def test_surface_is_drawn_on_release_and_shows_what_the_map_shows(lab):
    lab.open("Landscape", "beside=surface")
    with lab.held("theta0") as drag_to:
        before = lab.trace("surface")["z"]
        drag_to(0.6)
        drag_to(0.7)
        assert lab.trace("surface")["z"] == before
        assert lab.trace("map")["z"] != before
    assert lab.trace("surface")["z"] == lab.trace("map")["z"]


def test_candidate_is_dragged_on_the_map_and_its_loss_follows(lab):
    lab.open("Landscape")
    losses = {loss(lab)}
    data = lab.drawing("fit")["shapes"]
    with lab.held_candidate():
        for place in ((0.5, 0.5), (0.3, 0.6), (0.2, 0.7)):
            with lab.painting(final=False):
                lab.page.mouse.move(*lab.pixel("map", *place))
            assert drawn_candidate(lab) == pytest.approx(lab.pixel("map", *place), abs=2)
            losses.add(loss(lab))
    assert len(losses) == 4
    assert candidate(lab) == pytest.approx((0.2, 0.7), abs=0.01)
    assert (lab.value("candidate_theta0"), lab.value("candidate_theta1")) == pytest.approx((0.2, 0.7), abs=0.01)
    # The truth and its data stay, and no optimiser was started by letting go.
    assert lab.value("theta0") == 0.4
    assert lab.drawing("fit")["shapes"] == data
    assert "Nelder–Mead" not in [trace["name"] for trace in lab.drawing("map")["traces"]]


def test_candidate_on_the_truth_has_no_error_and_a_residual_within_the_band(lab):
    lab.open("Landscape", "candidate_theta0=0.4&candidate_theta1=0.4")
    assert lab.metrics()["error of m"] == "+0.000, +0.000"
    residual = np.array(lab.trace("residual", "residual")["y"])
    # Whitened, it is the 1,000 base normals: the sd of their mean is 0.03, that of their sd 0.022.
    assert abs(residual.mean()) < 0.13
    assert residual.std() == pytest.approx(1, abs=0.09)


def crosses(lab):
    """Return where yellow crosses stand on the map."""
    shapes = lab.drawing("map")["shapes"]
    return [(shape["xanchor"], shape["yanchor"]) for shape in shapes if shape["fillcolor"] == "#F0E442"]


def test_lowest_point_is_the_minimum_and_is_left_out_while_the_data_move(lab):
    """The minimum near the bifurcation lies between the points of the grid, and is known to three digits."""
    lab.open("Landscape", "theta0=0.865&beside=surface")
    assert crosses(lab) == [pytest.approx((0.868, 0.389), abs=1e-3)]
    assert lab.metrics()["lowest J"] == "446.7 at 0.868, 0.389"
    with lab.held("candidate_theta0") as drag_to:
        drag_to(0.6)
        assert crosses(lab) == [pytest.approx((0.868, 0.389), abs=1e-3)]
    with lab.held("theta0") as drag_to:
        drag_to(0.6)
        assert crosses(lab) == []
        assert lab.metrics()["lowest J"] == "let go to update"
        assert lab.stale() == ["surface"]
    assert len(crosses(lab)) == 1
    assert lab.stale() == []


def test_other_axes_and_the_white_misfit_redraw_the_map(lab):
    lab.open("Landscape")
    seen = [lab.trace("map")["z"]]
    for field, value in (("misfit", "white"), ("axis_x", "zeta"), ("axis_y", "gamma")):
        lab.choose(field, value)
        seen.append(lab.trace("map")["z"])
    lab.tick("regularised")
    assert all(one != other for one, other in pairwise(seen))
    assert lab.range("map") == pytest.approx([-0.8, 0.0])
    assert lab.range("map", "yaxis") == pytest.approx([2, 5])
    assert lab.page.locator("[data-field=candidate_gamma] input[type=range]").is_visible()
    lab.choose("axis_x", "gamma")  # taken by the other axis, which makes room
    assert lab.values()["axis_x"] == "gamma"
    assert lab.values()["axis_y"] != "gamma"


def test_diverging_truth_leaves_a_sentence_and_the_page_comes_back(lab):
    lab.open("Landscape").type("theta1", -1)
    assert "The trajectory diverged" in lab.notes()
    assert lab.page.locator(".lab-plot").count() == 0
    lab.type("theta1", 0.4)
    lab.stand("Landscape")
    assert lab.notes() == ""


def test_noise_of_no_size_is_drawn_with_a_sentence(lab):
    lab.open("Landscape").type("sigma", 0)
    assert "it is drawn for σ = 0.001 ms" in lab.notes()
    assert lab.trace("map")["z"]


def test_slider_let_go_where_it_was_picked_up_ends_the_drag(lab):
    """The browser reports no change then; the pages must still be drawn in full, and their address be whole."""
    lab.open("Neuron", "beside=surface")
    place = lab.along("theta0")
    lab.page.mouse.move(*place(lab.share("theta0")))
    lab.page.mouse.down()
    for share in (0.6, 0.5):
        with lab.painting(final=False):
            lab.page.mouse.move(*place(share))
    assert lab.value("theta0") == 0.4
    lab.page.mouse.up()
    lab.go("Landscape")
    assert lab.trace("surface")["z"] == lab.trace("map")["z"]
    lab.until("location.search.includes('theta0=0.4&')")
