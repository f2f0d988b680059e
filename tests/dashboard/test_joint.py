"""The posterior with its marginals, as one figure, and the outlines of its regions."""

import re

import numpy as np
import pytest
from scipy.stats import chi2, norm

from dashboard.figures.density import Raster
from dashboard.figures.joint import HIGHEST, Beside, joint, sign
from dashboard.figures.outlines import EMPTY, decimals_in, loops, outlines
from dashboard.figures.style import BEST, LIMIT, MAP, Look
from dashboard.pictures.shown import Plot
from tests.dashboard.conftest import decoded

MEAN, COVARIANCE = np.array([0.35, 0.6]), np.array([[4e-4, -3e-4], [-3e-4, 9e-4]])
BOX = np.array([[0.25, 0.45], [0.45, 0.75]])
BOUNDS = np.array([[-0.2, 1.0], [-0.4, 1.2]])
ESTIMATE = Beside("best", Look(BEST), np.array([0.36, 0.62]), 1.5 * COVARIANCE)


def raster(side=120, box=BOX, mean=MEAN):
    x, y = (low + (np.arange(side) + 0.5) / side * (high - low) for low, high in box)
    off = np.stack(np.meshgrid(x, y), axis=-1) - mean
    density = np.exp(-0.5 * np.einsum("yxi,ij,yxj->yx", off, np.linalg.inv(COVARIANCE), off))
    return Raster(
        x, y, density / (2 * np.pi * np.sqrt(np.linalg.det(COVARIANCE))) * np.prod(box[:, 1] - box[:, 0]) / side**2
    )


def corners(path):
    """Return the corners, (n, 2), of each closed part of a path."""
    parts = [part.split("L") for part in re.findall(r"M([^MZ]*)Z", path)]
    return [np.array([corner.split(",") for corner in part], dtype=float) for part in parts]


def area(loop):
    x, y = loop.T
    return 0.5 * np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))


def distances(points, mean=MEAN, covariance=COVARIANCE):
    off = points - mean
    return np.einsum("ni,ij,nj->n", off, np.linalg.inv(covariance), off)


def lines(figure, name):
    return [each for each in figure["data"] if each["name"] == name and each["mode"] == "lines" and "xaxis" in each]


def test_the_outline_of_a_region_has_its_mass_s_distance_everywhere():
    for mass, path in zip((0.5, 0.9), outlines(raster(), (0.5, 0.9)), strict=True):
        (loop,) = corners(path)
        np.testing.assert_allclose(distances(loop), chi2.ppf(mass, 2), rtol=0.05)
        ellipse = np.pi * chi2.ppf(mass, 2) * np.sqrt(np.linalg.det(COVARIANCE))
        assert area(loop) == pytest.approx(ellipse, rel=0.01)


def test_pieces_and_holes_have_an_outline_each_with_the_inside_on_its_left():
    heights = np.zeros((9, 9))
    heights[1:6, 1:6] = 1
    heights[3, 3] = 0  # a hole
    heights[7, 7] = 1
    found = sorted(area(loop) for loop in loops(np.arange(9.0), np.arange(9.0), heights, 0.5))
    # Squares whose corners are cut off halfway to the next point: an octagon about n × n points holds n² − 1/2.
    assert found == pytest.approx([-0.5, 0.5, 24.5])


def test_where_two_corners_touch_the_middle_decides():
    saddle = np.pad(np.array([[1.0, 0.3], [0.3, 1.0]]), 1)
    places = np.arange(4.0)
    assert len(loops(places, places, saddle, 0.5)) == 1  # the middle is 0.65
    assert len(loops(places, places, saddle, 0.7)) == 2


def test_noise_has_closed_outlines_that_divide_the_plane():
    heights = np.pad(np.random.default_rng(0).random((40, 40)), 1)
    found = loops(np.arange(42.0), np.arange(42.0), heights, 0.5)
    assert all(len(loop) >= 4 for loop in found)
    assert 0 < sum(map(area, found)) < 41**2


def test_a_region_is_closed_along_the_edge_of_the_window():
    box = np.array([[0.35, 0.45], [0.45, 0.75]])  # which cuts through the middle
    density = raster(box=box)
    (loop,) = corners(outlines(Raster(density.x, density.y, density.masses / density.masses.sum()), (0.9,))[0])
    assert loop[:, 0].min() == pytest.approx(0.35, abs=1e-4)
    assert np.sum(np.isclose(loop[:, 0], loop[:, 0].min(), atol=1e-3)) > 20


def test_nothing_has_no_outline_and_numbers_have_the_decimals_they_need():
    empty = Raster(*(np.linspace(0, 1, 5),) * 2, np.zeros((5, 5)))
    assert outlines(empty, (0.5,)) == [EMPTY]
    assert [decimals_in(0.4, 0.4001), decimals_in(0, 1), decimals_in(0, 1e6)] == [8, 4, 0]


def test_plane_and_marginals_share_their_axes():
    layout = joint(("theta0", "theta1"), BOX, raster(), raster(), [], None)["layout"]
    assert (layout["xaxis"]["range"], layout["yaxis"]["range"]) == (BOX[0].tolist(), BOX[1].tolist())
    for axis, anchor, other in (("xaxis2", "y", "xaxis"), ("yaxis2", "x", "yaxis")):
        assert layout[axis]["anchor"] == anchor
        assert layout[other]["domain"][1] < layout[axis]["domain"][0] < layout[other]["domain"][1] + 0.05
    assert layout["xaxis2"]["range"] == layout["yaxis2"]["range"] == [0, HIGHEST]


def test_the_marginals_are_those_of_the_density_beside_the_prior_and_a_normal_law():
    density = raster()
    prior = (np.full(120, 1.2), np.full(120, 0.9))
    figure = joint(("theta0", "theta1"), BOX, density, density, [ESTIMATE], (0.35, 0.6), BOUNDS, prior)
    for i, (along, across) in enumerate((("x", "y"), ("y", "x"))):
        sd = np.sqrt(COVARIANCE[i, i])
        peak = norm.pdf(0, 0, sd)
        exact, law = lines(figure, "exact")[i], lines(figure, "best")[1 + i]
        places = decoded(exact[along]).astype(float)
        # Its highest pixel is the unit of all three.
        np.testing.assert_allclose(decoded(exact[across]), norm.pdf(places, MEAN[i], sd) / peak, atol=5e-3)
        wide = np.sqrt(1.5 * COVARIANCE[i, i])
        np.testing.assert_allclose(decoded(law[across]), norm.pdf(places, ESTIMATE.mean[i], wide) / peak, atol=5e-3)
        np.testing.assert_allclose(decoded(lines(figure, "prior")[i][across]), prior[i][0] / peak, rtol=1e-2)
        assert {(exact["xaxis"], exact["yaxis"]), (law["xaxis"], law["yaxis"])} == {[("x", "y2"), ("x2", "y")][i]}
    uprights = [
        shape for shape in figure["layout"]["shapes"] if shape.get("legendgroup") == "truth" and "xref" in shape
    ]
    assert [shape["path"].split("L")[0] for shape in uprights] == ["M0.35,0", "M0,0.6"]


def test_the_ellipse_beside_the_posterior_holds_90_percent():
    figure = joint(("theta0", "theta1"), BOX, raster(), raster(), [ESTIMATE], None)
    ellipse = lines(figure, "best")[0]
    points = np.column_stack([decoded(ellipse["x"]), decoded(ellipse["y"])]).astype(float)
    np.testing.assert_allclose(distances(points, ESTIMATE.mean, ESTIMATE.covariance), chi2.ppf(0.9, 2), rtol=1e-4)


def test_both_regions_have_an_edge_and_the_smaller_lies_on_the_larger():
    shapes = joint(("theta0", "theta1"), BOX, raster(), raster(), [], None)["layout"]["shapes"][:2]
    outer, inner = (area(corners(shape["path"])[0]) for shape in shapes)
    # Those of a normal distribution grow with its χ² quantiles.
    assert outer / inner == pytest.approx(chi2.ppf(0.9, 2) / chi2.ppf(0.5, 2), rel=0.05)
    assert {shape["line"]["width"] for shape in shapes} == {1.6}
    assert {shape["fillcolor"].split("@")[0] for shape in shapes} == {LIMIT}


@pytest.mark.parametrize("estimate", [ESTIMATE, Beside("refused", Look(MAP, "x"), ESTIMATE.mean, None)])
def test_a_posterior_that_moves_in_its_window_slides(estimate):
    """Plotly draws it anew only where more than lines and shapes change."""
    first, second = (
        Plot("posterior", joint(("theta0", "theta1"), BOX, *[raster(mean=mean)] * 2, [estimate], (mean[0], 0.6)))
        for mean in (MEAN, MEAN + 0.01)
    )
    drawn = first.as_json()["skeleton"]
    assert "moved" in second.as_json(drawn)
    assert second.as_json(drawn)["version"] != first.as_json()["version"]


def test_what_lies_outside_is_pointed_to_and_the_saved_picture_has_the_legend():
    far = Beside("far", Look(BEST), np.array([5.0, 5.0]), None)
    figure = joint(("theta0", "theta1"), BOX, raster(), raster(), [far, ESTIMATE], (0.35, 0.6))
    mark = next(shape for shape in figure["layout"]["shapes"] if shape.get("legendgroup") == "far")
    assert (mark["xanchor"], mark["yanchor"]) < (0.45, 0.75)
    entries = [each["name"] for each in figure["data"] if each.get("legend") == "legend2"]
    assert entries == ["exact", "far", "best", "truth"]


def test_a_tick_is_drawn_as_its_estimate_is():
    line = sign(Look(MAP, "x", dash="dash"))
    assert (line["colour"], line["dash"], line["hollow"]) == (MAP, "6 3", False)
    assert sign(Look(BEST, "square", hollow=True), has_line=False)["dash"] == ""
    assert sign(Look(BEST, ""))["path"] == ""
