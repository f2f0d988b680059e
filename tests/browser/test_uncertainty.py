"""The Uncertainty page under the hand, and the limit beside the clouds of the Inverse map page."""

import numpy as np
import pytest

from tests.browser.lab import STANDS

pytestmark = pytest.mark.browser

# The outlines on screen of both regions.
REGIONS = """[...plot("posterior").querySelectorAll(".shapelayer path")]
    .filter((path) => path.style.strokeWidth === "1.6px").map((path) => path.getAttribute("d"))"""


def head(lab, stage="uncertainty"):
    """Return the answer of a stage of the page and all that its “why” unfolds, with plain spaces."""
    text = lab.evaluate(
        """(name) => {
          const { answer, why } = [...document.querySelectorAll(".lab-head")].map((node) => ({
            answer: node.querySelector(".lab-answer").textContent,
            why: [...node.querySelectorAll(".lab-why p")].map((each) => each.textContent).join(" "),
          })).at(name === "uncertainty" ? 0 : -1)
          return `${answer} ${why}`
        }""",
        stage,
    )
    return text.replace("\u00a0", " ")


def reading(lab):
    """Return the sentences on how to read the main picture."""
    return head(lab)


def tick_beside(lab, name):
    """Tick or untick what stands beside the exact posterior."""
    with lab.painting():
        lab.page.locator("[data-field=compared] label").filter(has_text=name).click()


def below(lab, choice, *plots):
    """Choose what stands below, and wait until it does."""
    lab.choose("below", choice)
    lab.until("(ids) => ids.every((id) => plot(id)?.querySelector('.main-svg'))", list(plots))
    lab.page.wait_for_selector(STANDS)


def test_both_regions_are_drawn_around_the_truth_and_read(lab):
    lab.open("Uncertainty")
    assert len(lab.evaluate(REGIONS)) == 2
    (x_low, x_high), (y_low, y_high) = lab.range("posterior"), lab.range("posterior", "yaxis")
    # The zoom is on the posterior: of θ₀ it shows a few hundredths at most.
    assert x_low < 0.4 < x_high < x_low + 0.05
    assert y_low < 0.4 < y_high < y_low + 0.2
    assert reading(lab).startswith("θ₀ = 0.4001 ± 0.0015, θ₁ = 0.400 ± 0.010. The truth lies inside the 50 % region.")
    assert "A needle: raise θ₀ and lower θ₁" in reading(lab)
    assert lab.table()["exact posterior mean"][4:] == ["yes", "yes"]
    # The first screen holds the question, the answer, and the picture, at least half as wide as the stage.
    picture = lab.page.locator(".lab-plot[data-plot=posterior]").bounding_box()
    assert picture["width"] > 0.5 * (1280 - picture["x"] - 20)
    assert picture["y"] + picture["height"] < 800
    assert picture["height"] == pytest.approx(picture["width"], rel=0.15)
    # At most three sentences are in view: two of the answer, and how to read the lines.
    assert lab.page.locator("[data-layout=uncertainty] .lab-said p").count() == 1


def test_the_marginals_stand_on_the_plane_s_own_axes(lab):
    lab.open("Uncertainty")
    corners = lab.evaluate("""["xy", "xy2", "x2y"].map((id) => {
        const { xaxis, yaxis } = plot("posterior")._fullLayout._plots[id]
        return [xaxis._offset, xaxis._length, yaxis._offset, yaxis._length]
    })""")
    plane, above, right = corners
    assert above[:2] == plane[:2]
    assert right[2:] == plane[2:]
    assert above[2] + above[3] < plane[2] < above[2] + above[3] + 15
    assert plane[0] + plane[1] < right[0] < plane[0] + plane[1] + 15


def test_what_is_ticked_stands_beside_the_posterior_and_in_the_address(lab):
    lab.open("Uncertainty")
    assert lab.names("posterior") == []  # the ticks are the legend
    ticked = "[...document.querySelectorAll('[data-field=compared] input:checked')].map((box) => box.value)"
    assert lab.evaluate(ticked) == ["exact", "truth", "best"]
    tick_beside(lab, "MAP and Laplace")
    ellipse = np.array([lab.trace("posterior", "MAP and Laplace")[axis] for axis in "xy"], dtype=float)
    assert np.ptp(ellipse[0]) == pytest.approx(2 * 0.0015 * np.sqrt(4.605), rel=0.06)
    assert "Laplace nearly coincides" in reading(lab)
    tick_beside(lab, "best")
    assert "best" not in [trace["name"] for trace in lab.drawing("posterior")["traces"]]
    assert "‘best’" not in reading(lab)
    lab.page.reload()
    lab.stand("Uncertainty")
    assert lab.evaluate(ticked) == ["exact", "truth", "MAP and Laplace"]
    tick_beside(lab, "MAP and Laplace")
    lab.page.reload()
    lab.stand("Uncertainty")
    assert lab.evaluate(ticked) == ["exact", "truth"]


def test_posterior_is_drawn_anew_when_noise_is_let_go(lab):
    lab.open("Uncertainty")
    for plot in ("posterior", "prediction"):
        lab.remember(plot)
    before, marginal, wide = lab.evaluate(REGIONS), lab.trace("posterior", "exact")["y"], lab.range("posterior")
    lab.drag("sigma", 0.3, 0.5)
    lab.until("([before]) => plot('posterior').layout.xaxis.range[0] < before", [wide[0]])
    lab.page.wait_for_selector(STANDS)
    assert lab.evaluate(REGIONS) != before
    assert lab.trace("posterior", "exact")["y"] != marginal
    assert np.ptp(lab.range("posterior")) > 1.5 * np.ptp(wide)
    assert all(map(lab.is_the_same, ("posterior", "prediction")))


def test_options_change_what_is_assumed_and_what_is_shown(lab):
    lab.open("Uncertainty")
    lab.tick("whole_prior")
    assert lab.range("posterior") == pytest.approx([-0.236, 1.036])
    lab.tick("whole_prior")
    lab.choose("misfit", "white")
    white = reading(lab)
    assert "The truth lies outside the 90 % region" in white
    lab.tick("noise_known")
    assert "are integrated out" in reading(lab)
    assert lab.page.locator("[data-field=misfit]").count() == 0
    lab.choose("axis_x", "gamma")
    assert "none is drawn on these axes" in reading(lab)
    lab.page.reload()
    lab.stand("Uncertainty")
    assert lab.values()["noise_known"] == "false"


def test_each_view_below_is_drawn_and_explained(lab):
    lab.open("Uncertainty")
    below(lab, "profiles", "profile-first", "profile-second")
    assert head(lab, "below").startswith("θ₀ is identifiable: 0.3968 to 0.4029 at 95 %.")
    rises = np.array(lab.trace("profile-first", "lowest misfit")["y"], dtype=float)
    assert rises.min() == pytest.approx(0, abs=1e-3)
    below(lab, "noise", "regions", "autocorrelation")
    assert "Taken as white" in head(lab, "below")
    assert head(lab, "below").endswith("white is wrong.")
    assert lab.evaluate("plot('regions').querySelectorAll('.contourlines path').length") == 2
    coloured, white = (np.array(lab.trace("autocorrelation", name)["y"]) for name in ("AR(1)", "white"))
    assert coloured[0] == white[0] == 1
    # At lag one the noise of ρ = 0.8 keeps about 0.8; once whitened, 1.96/√1000 = 0.06 holds 95 %.
    assert white[1] > 0.7
    assert abs(coloured[1]) < 0.13
    sigma, sd = (float(part) for part in lab.metrics()["σ from the data"].removesuffix(" ms").split(" ± "))
    assert abs(sigma - 0.07) < 4 * sd
    assert "MAP together with σ and ρ" in lab.table()


@pytest.mark.parametrize(
    ("address", "fragment"),
    [
        ("theta0=-0.1&theta1=1.1", "Without spikes the trace fixes one combination"),
        ("theta0=0.865", "its mean lies beside it: take the MAP"),
        ("theta0=1.2&hidden=1&compared=MAP and Laplace", "is refused: the lowest loss lies on the edge"),
    ],
    ids=["silent", "near the bifurcation", "edge"],
)
def test_sentence_follows_what_is_on_screen(lab, address, fragment):
    lab.open("Uncertainty", address)
    assert fragment in reading(lab)
    assert lab.evaluate(REGIONS)


@pytest.mark.long
def test_limit_beside_the_clouds_comes_with_progress(lab):
    lab.open("Inverse map")
    lab.evaluate("""new MutationObserver(() => {
        window.progressed ||= Boolean(document.querySelector("[data-testid='stProgress']"))
    }).observe(document.body, { childList: true, subtree: true })""")
    lab.tick("limit")
    assert lab.evaluate("plot('estimates').data[0].type") == "contour"
    lab.until("document.querySelector('.lab-why').textContent.includes('Redraw the noise 24 times')")
    assert lab.evaluate("window.progressed")
    lab.until("""!document.querySelector("[data-testid='stProgress']")""")  # it goes with the end of the run
    dots = [shape for shape in lab.drawing("estimates")["shapes"] if shape["line"]["color"] == "rgba(0, 127, 92, 1)"]
    assert [shape["path"].count("M") for shape in dots if shape["path"].count("M") > 1] == [24]
    lab.tick("limit")
    assert lab.range("estimates")[0] < -0.2


def truths(lab):
    """Return how opaque the marks of the truth are, by plot."""
    return lab.evaluate("""Object.fromEntries([...document.querySelectorAll(".lab-plot")].map((box) => [
        box.dataset.plot,
        [...box.data, ...box.layout.shapes]
            .filter(({ name, legendgroup, x }) => (legendgroup ?? name) === "truth" && x?.[0] !== null)
            .map(({ opacity }) => opacity ?? 1),
    ]))""")


def tops(lab):
    """Return where plots and sentences begin on screen."""
    return lab.evaluate("""[...document.querySelectorAll(".lab-plot, .lab-said")].map(
        (node) => node.getBoundingClientRect().top)""")


@pytest.mark.long
def test_what_cannot_follow_a_drag_is_dimmed_says_so_and_hides_the_truth(lab):
    """A posterior over 1,000 ms with its noise integrated out takes longer than what can follow a hand."""
    lab.open("Uncertainty", "t_end=1000&noise_known=0")
    assert lab.stale() == []
    before = tops(lab)
    with lab.held("theta1") as drag_to:
        drag_to(0.7)
        drag_to(0.8)
        lab.until(
            "[...document.querySelectorAll('.lab-stale > *')].every((node) => getComputedStyle(node).opacity < 0.5)"
        )
        assert set(lab.stale()) == {"posterior", "prediction", "lab-table", "lab-said"}
        assert {opacity for marks in truths(lab).values() for opacity in marks} == {0}
        assert tops(lab) == before
    lab.page.wait_for_selector(STANDS)
    lab.until("!document.querySelector('.lab-stale')")
    assert {opacity for marks in truths(lab).values() for opacity in marks} == {1}
    assert all(truths(lab).values())
