"""What the maps do on 2,000 test samples, on the page Inverse map, and their regions, on the page Uncertainty."""

import numpy as np
import pytest

from core.experiments.published_figures import PUBLISHED
from core.experiments.records import Key, find, stored
from core.maps.inverse_map import load_inverse_map
from core.maps.test_sets import published_test_set
from dashboard.scene.settings import CHOICES
from tests.browser.lab import STANDS

pytestmark = pytest.mark.browser

LAYOUT = "[...document.querySelectorAll('.lab-plots')].at(-1).dataset.layout"


def view(lab, choice, *plots):
    """Choose what stands below, and wait until it does."""
    lab.choose("test_view", choice)
    below(lab, f"accuracy-{choice if plots else 'none'}", *plots)


def below(lab, layout, *plots):
    """Wait until this layout with these plots stands below."""
    lab.until(f"(layout) => {LAYOUT} === layout", layout)
    lab.until("(ids) => ids.every((id) => plot(id)?.querySelector('.main-svg'))", list(plots))
    lab.page.wait_for_selector(STANDS)


def said(lab):
    """Return the sentences at the bottom of the page."""
    return lab.page.locator(".lab-said").last.inner_text()


def worst():
    """Return the number, the θ and the noise of the test sample on which the best map errs most."""
    data = published_test_set()
    off = load_inverse_map("best").predict(data.noisy).mean - data.theta
    number = int(np.argmax(np.linalg.norm(off / [0.3, 0.4], axis=1)))
    return number, data.theta[number], data.noise_parameters[number]


def stands_on_neuron(lab, theta, noise):
    """Wait for the page Neuron, and check that its truth and noise are these."""
    lab.stand("Neuron")
    shown = [lab.value(field) for field in ("theta0", "theta1", "rho", "sigma", "zeta", "gamma", "t_end")]
    assert shown == pytest.approx([*theta, *noise, -0.4, 3, 200], abs=1e-6)
    assert f"theta0={theta[0]}&theta1={theta[1]}" in lab.page.url


@pytest.mark.long
def test_the_picture_below_is_chosen_and_travels_in_the_address(lab):
    lab.open("Inverse map")
    lab.remember("estimates")
    columns = ["first-1", "second-1", "first-2", "second-2", "first-3", "second-3"]
    assert lab.shown() == ["estimates", "spread", "resimulated", *columns]
    view(lab, "errors", "errors")
    dots = lab.drawing("errors")["traces"][0]
    np.testing.assert_allclose(sorted(dots["x"]), sorted(published_test_set().theta[:, 0]), rtol=1e-6)
    lab.choose("test_map", "cnn-noisy")
    lab.until("plot('errors').layout.title.text.startsWith('Error of cnn-noisy')")
    lab.page.reload()
    lab.stand("Inverse map")
    assert lab.values()["test_map"] == "cnn-noisy"
    assert "Error of cnn-noisy" in lab.evaluate("plot('errors').layout.title.text")


@pytest.mark.parametrize(
    ("choice", "name", "plot"),
    [("noise", "noise", "against-noise"), ("samples", "training-size", "against-samples")],
)
def test_stored_figures_are_drawn_or_the_command_is_named(lab, choice, name, plot):
    lab.open("Inverse map")
    lab.remember("estimates")
    found = stored(name)
    if found is None:
        view(lab, choice)
        assert lab.shown() == ["estimates", "spread", "resimulated"]
        assert f"Run “python -m core.experiments {name}” to see" in said(lab)
    else:
        view(lab, choice, plot)
        assert lab.shown() == ["estimates", "spread", "resimulated", plot]
        if choice == "noise":
            first = "best"
            keys = [Key("best", "median_ape", "mean", "chosen-sigma", at=sigma) for sigma in found.settings["sigmas"]]
            source = found.measurements
        else:
            first, source = "paper’s CNN", PUBLISHED
            keys = [Key("paper", "median_ape", "mean", "noisy-noisy", n) for n in found.settings["sizes"]]
        shares = [find(source, key).value for key in keys]
        np.testing.assert_allclose(lab.trace(plot, first)["y"], 100 * np.array(shares), rtol=1e-6)  # in per cent
    assert lab.is_the_same("estimates")


def test_the_mark_of_the_noise_moves_under_the_hand(lab):
    if stored("noise") is None:
        pytest.skip("the experiment noise has not been run")
    lab.open("Inverse map", "test_view=noise")
    below(lab, "accuracy-noise", "against-noise")
    lab.remember("against-noise")
    mark = "plot('against-noise').querySelector('.shapelayer path').getAttribute('d')"
    seen = [lab.evaluate(mark)]
    with lab.held("sigma") as drag_to:
        for share in (0.1, 0.3):
            drag_to(share)
            lab.until(f"(last) => {mark} !== last", seen[-1])
            seen.append(lab.evaluate(mark))
    left = [float(path[1:].split(",")[0]) for path in seen]
    assert left[1] < left[0] < left[2]
    assert lab.is_the_same("against-noise")


def test_a_worst_case_is_opened_on_the_page_neuron_by_its_button(lab):
    number, theta, noise = worst()
    lab.open("Inverse map", "test_view=errors&hidden=1&gamma=4")
    rows = lab.page.locator(".lab-table").last.locator("tr")
    assert rows.count() == 11
    place = [float(value.replace("−", "-")) for value in rows.nth(1).locator("td").first.inner_text().split(", ")]
    assert place == pytest.approx(theta, abs=6e-4)
    assert lab.evaluate("plot('errors').data[0].customdata.at(-1)") == number
    rows.nth(1).get_by_role("button", name="open").click()
    stands_on_neuron(lab, theta, noise)


@pytest.mark.long
def test_a_worst_case_is_opened_on_the_page_neuron_by_its_point(lab):
    number, theta, noise = worst()
    lab.open("Inverse map", "test_view=errors")
    lab.page.locator(".lab-plot[data-plot=errors]").scroll_into_view_if_needed()
    lab.page.mouse.move(*lab.pixel("errors", *theta))
    # As a hand does, that sees by the label which point it is on.
    lab.until("(number) => plot('errors')._hoverdata?.[0].customdata === number", number)
    lab.page.mouse.down()
    lab.page.mouse.up()
    stands_on_neuron(lab, theta, noise)


def test_the_arrow_keys_move_along_the_tabs(lab):
    lab.open("Inverse map")
    tabs = lab.page.get_by_role("radiogroup", name="maps")
    assert tabs.get_by_role("radio").count() == len(CHOICES["test_view"])
    tabs.get_by_role("radio", name="predicted / true").focus()
    with lab.painting():
        lab.page.keyboard.press("ArrowRight")
    below(lab, "accuracy-regimes", "first-1")
    assert lab.values()["test_view"] == "regimes"


def test_the_first_screen_holds_picture_and_controls(lab):
    lab.open("Inverse map")
    picture = lab.page.locator(".lab-plot[data-plot=estimates]").bounding_box()
    assert picture["y"] + picture["height"] < 800
    chosen = lab.page.locator("[data-field=test_view]").bounding_box()
    assert chosen["y"] + chosen["height"] < 800


def test_the_ellipse_of_the_best_map_is_drawn_and_hidden_by_its_tick(lab):
    lab.open("Uncertainty")
    drawn = lab.trace("posterior", "best")
    assert len(drawn["x"]) == 121
    assert drawn["line"]["color"] == "rgba(11, 98, 176, 1)"
    value, sd = np.mean([max(drawn["x"]), min(drawn["x"])]), float(lab.table()["best"][0])
    # √χ²₂ at 90 %.
    assert np.ptp(drawn["x"]) == pytest.approx(2 * np.sqrt(4.6052) * sd, rel=0.06)
    assert value == pytest.approx(0.4, abs=2e-3)
    with lab.painting():
        lab.page.locator("[data-field=compared] label").filter(has_text="best").click()
    assert "best" not in [trace["name"] for trace in lab.drawing("posterior")["traces"]]
    # It stays so when the data change.
    lab.type("seed", 8)
    assert "best" not in [trace["name"] for trace in lab.drawing("posterior")["traces"]]


def test_the_calibration_is_drawn_or_its_command_is_named(lab):
    lab.open("Uncertainty")
    lab.choose("below", "calibration")
    found = stored("calibration")
    if found is None:
        below(lab, "uncertainty-none")
        assert (
            "Run “python -m core.experiments calibration” to see" in lab.page.locator(".lab-answer").last.inner_text()
        )
        return
    below(lab, "uncertainty-calibration", "calibration")
    curves = {"best": "best", "best after polishing": "best-polished", "best after weighted draws": "best-reweighted"}
    for name, estimator in curves.items():
        keys = (Key(estimator, "coverage", "", "noisy-noisy", at=mass) for mass in found.settings["masses"])
        np.testing.assert_allclose(lab.trace("calibration", name)["y"], list(map(found.value, keys)), rtol=1e-6)
    limit = stored("limit")
    for name, estimator in (("Laplace", "laplace-noise-known"), ("exact posterior", "posterior-noise-integrated-out")):
        keys = (Key(estimator, "coverage", "", "noisy", at=mass) for mass in found.settings["masses"])
        np.testing.assert_allclose(lab.trace("calibration", name)["y"], list(map(limit.value, keys)), rtol=1e-6)
    assert "made to hold 90\N{NO-BREAK SPACE}% hold the truth in" in lab.page.locator(".lab-why").last.text_content()
