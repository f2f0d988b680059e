"""The Neuron page under the hand: live dragging, typing, clicking, and what must survive all of it."""

import re

import numpy as np
import pytest

from tests.reference import reference_solution

pytestmark = pytest.mark.browser
FINENESS = 2  # of the drawn lines: points for each of the 1000 samples


def points(path):
    """Return the corners of an SVG path, (n, 2); only the absolute commands M, L, H and V occur."""
    corners, x, y = [], 0.0, 0.0
    for pen, numbers in re.findall(r"([MLHV])([^MLHVZ]*)", path):
        values = [float(value) for value in re.findall(r"-?[\d.]+(?:e-?\d+)?", numbers)]
        if pen in "ML":
            for x, y in zip(values[::2], values[1::2], strict=True):
                corners.append((x, y))
            continue
        for value in values:
            x, y = (value, y) if pen == "H" else (x, value)
            corners.append((x, y))
    return np.array(corners)


def distance(corners, line):
    """Return how far corners, (n, 2), lie at most from a polyline, (k, 2)."""
    start, along = line[:-1], np.diff(line, axis=0)
    length = np.maximum((along**2).sum(axis=1), 1e-12)
    share = np.clip(((corners[:, None] - start) * along).sum(axis=2) / length, 0, 1)
    return np.linalg.norm(corners[:, None] - start - share[..., None] * along, axis=2).min(axis=1).max()


def test_dragging_theta0_moves_truth_data_and_marks_while_the_button_is_down(lab):
    lab.open()
    with lab.held("theta0") as drag_to:
        seen = []
        for share in (0.55, 0.6, 0.65, 0.7):
            drag_to(share)
            seen.append((
                lab.outline("potential", "truth"),
                lab.outline("phase", "trajectory"),
                lab.evaluate("plot('potential').querySelector('.shapelayer path').getAttribute('d')"),
                lab.evaluate("plot('rates').querySelector('.shapelayer path').getAttribute('d')"),
            ))  # fmt: skip
        assert all(len(set(each)) == 4 for each in zip(*seen, strict=True))
    assert lab.value("theta0") == pytest.approx(0.64, abs=0.02)


def test_what_slides_is_what_plotly_draws_on_release(lab):
    lab.open()
    lines = [("potential", "truth"), ("recovery", "recovery v"), ("phase", "trajectory"), ("phase", "v′ = 0")]
    dots = "plot('potential').querySelector('.shapelayer path').getAttribute('d')"
    with lab.held("theta0") as drag_to:
        for share in (0.6, 0.7, 0.8):
            drag_to(share)
        slid = {line: points(lab.outline(*line)) for line in lines}
        slid_dots = points(lab.evaluate(dots))
    for line in lines:
        assert distance(points(lab.outline(*line)), slid[line]) < 0.7, line
    np.testing.assert_allclose(points(lab.evaluate(dots)), slid_dots, atol=0.2)


@pytest.mark.long
def test_plots_keep_their_elements_and_their_zoom_through_fifty_updates(lab):
    lab.open()
    for plot in ("potential", "phase", "recovery", "rates"):
        lab.remember(plot)
    zoomed = lab.zoom("potential", 50, 100)
    before = lab.evaluate("painted.length")
    for _ in range(5):
        lab.drag("theta0", *(0.5 + 0.04 * i for i in range(1, 11)))
        lab.drag("theta0", 0.5)
    assert lab.evaluate("painted.length") - before >= 50
    assert all(lab.is_the_same(plot) for plot in ("potential", "phase", "recovery", "rates"))
    assert lab.range("potential") == zoomed == pytest.approx([50, 100], abs=1)


def test_line_slides_at_the_scale_of_the_zoom(lab):
    lab.open()
    lab.zoom("potential", 50, 100)
    with lab.held("theta0") as drag_to:
        drag_to(0.6)
        drag_to(0.7)
        slid = points(lab.outline("potential", "truth"))
    drawn = points(lab.outline("potential", "truth"))
    width = lab.evaluate("plot('potential')._fullLayout.xaxis._length")
    assert distance(drawn[(drawn[:, 0] >= 0) & (drawn[:, 0] <= width)], slid) < 0.7


def test_every_slider_moves_the_data(lab):
    lab.open()
    shares = {"theta1": 0.3, "zeta": 0.3, "gamma": 0.8, "sigma": 0.9, "rho": 0.2, "t_end": 0.9}
    for field, share in shares.items():
        before = lab.drawing("potential")["shapes"]
        lab.drag(field, (lab.share(field) + share) / 2, share)
        assert lab.share(field) == pytest.approx(share, abs=0.03), field
        assert lab.drawing("potential")["shapes"] != before, field


def test_sigma_stretches_one_realisation_and_the_button_draws_another(lab):
    lab.open()

    def noise():
        data = points(lab.drawing("potential")["shapes"][0]["path"])[::2, 1]
        return data - np.array(lab.trace("potential", "truth")["y"])[::FINENESS]

    once = noise()
    twice = noise() if lab.type("sigma", 0.14) else None
    np.testing.assert_allclose(twice, 2 * once, atol=4e-3)  # the path holds four digits
    seed = lab.value("seed")
    with lab.painting():
        lab.page.get_by_role("button", name="New noise").click()
    assert lab.value("seed") != seed
    assert abs(np.corrcoef(noise(), twice)[0, 1]) < 0.3  # AR(1), ρ = 0.8: sd of r is 0.07


def test_typed_value_beyond_the_slider_is_taken(lab):
    lab.open().type("gamma", 6)
    assert lab.value("gamma") == 6
    assert lab.notes() == ""
    assert lab.evaluate("document.querySelector('[data-field=gamma]').classList.contains('lab-outside')")
    lab.until("location.search.includes('gamma=6')")


NOT_TAKEN = {
    "abc": "γ must be a number; “abc” is none. What was there stays.",
    "1e9": "γ must lie between 0.1 and 20; 1e9 does not. What was there stays.",
    "nan": "γ must be a number; “nan” is none. What was there stays.",
    "": "γ must be a number; the box is empty. What was there stays.",
    "<img src=x>": "γ must be a number; “<img src=x>” is none. What was there stays.",
}


def test_what_cannot_be_taken_ends_in_a_sentence_and_the_experiment_stays(lab):
    lab.open()
    before = lab.drawing("potential")
    for typed, sentence in NOT_TAKEN.items():
        lab.type("gamma", typed)
        assert lab.notes() == sentence
        assert lab.drawing("potential") == before
    lab.type("gamma", 3)
    assert lab.notes() == ""


@pytest.mark.parametrize("typed", ["abc", "1e9"])
def test_box_shows_the_old_value_after_one_that_cannot_be_taken(lab, typed):
    lab.open().type("gamma", typed)
    lab.until("document.querySelector('[data-field=gamma] input[type=text]').value === '3.00'", timeout=2000)


def test_decimal_comma_and_true_minus_are_understood(lab):
    lab.open().type("zeta", "−0,25")
    assert lab.value("zeta") == -0.25
    assert lab.notes() == ""


def test_diverging_truth_is_drawn_as_far_as_it_goes(lab):
    lab.open().type("theta1", -1)
    assert (
        "The trajectory diverged: it left the range in which the model is a neuron. It is lost from t = " in lab.notes()
    )
    assert lab.page.locator(".lab-answer").inner_text().endswith("no neuron does this.")
    lost_at = float(re.search(r"t = ([\d.]+) ms", lab.notes()).group(1))
    u = lab.trace("potential", "truth")["y"]
    assert len(u) == FINENESS * 999 + 1
    assert u.index(None) * 0.2 / FINENESS == pytest.approx(lost_at, abs=0.2)
    assert u[-1] is None
    lab.type("theta1", 0.4)
    assert lab.notes() == ""
    assert None not in lab.trace("potential", "truth")["y"]


def test_truth_that_diverges_under_the_hand_ends_in_the_same_picture_as_a_typed_one(lab):
    """θ₁ beyond the slider, then θ₀ dragged: a line with a gap slides, too."""
    lab.open().type("theta1", -1).drag("theta0", 0.6, 0.7)
    drawing, outline = lab.drawing("potential"), lab.outline("potential", "truth")
    lab.open(address=f"theta1=-1&theta0={lab.value('theta0')}")
    assert lab.drawing("potential") == drawing
    assert lab.outline("potential", "truth") == outline


def test_double_click_brings_the_default_back(lab):
    lab.open().drag("theta0", 0.6, 0.7)
    assert lab.value("theta0") != 0.4
    lab.page.mouse.dblclick(*lab.along("theta0")(0.8))
    lab.until("document.querySelector('[data-field=theta0] input[type=text]').value === '0.400'")
    lab.until("location.search.includes('theta0=0.4&')")
    assert lab.share("theta0") == pytest.approx(0.5)


def test_arrow_keys_move_a_slider(lab):
    lab.open()
    with lab.painting():
        lab.page.locator("[data-field=theta0] input[type=range]").press("ArrowRight")
    assert lab.value("theta0") == 0.405


def test_an_arrow_key_that_is_held_loses_no_step_and_is_released_once(lab):
    lab.open()
    slider = lab.page.locator("[data-field=theta0] input[type=range]")
    slider.focus()
    before = lab.evaluate("painted.length")
    values = []
    with lab.painting():
        for _ in range(30):
            lab.page.keyboard.down("ArrowRight")
            values.append(lab.value("theta0"))
        lab.page.keyboard.up("ArrowRight")
    assert lab.value("theta0") == 0.55
    assert values == sorted(values)
    assert lab.evaluate("(n) => painted.slice(n).filter((each) => each.final).length", before) == 1


# One point lies where the map is blank, since the neuron is silent there.
@pytest.mark.parametrize(("theta0", "theta1"), [(0.2, 0.8), (-0.15, 1.1)])
def test_click_on_the_rate_map_sets_theta(lab, theta0, theta1):
    lab.open().click("rates", theta0, theta1)
    per_pixel = np.abs(np.array(lab.pixel("rates", 1, 1)) - lab.pixel("rates", 0, 0))
    assert lab.value("theta0") == pytest.approx(theta0, abs=1 / per_pixel[0])
    assert lab.value("theta1") == pytest.approx(theta1, abs=1 / per_pixel[1])
    star = lab.drawing("rates")["shapes"][-1]
    assert (star["xanchor"], star["yanchor"]) == pytest.approx((lab.value("theta0"), lab.value("theta1")), abs=1e-3)


def test_rate_map_says_where_there_is_no_rate(lab):
    lab.open()
    said = "plot('rates').querySelector('.hoverlayer text')?.textContent ?? ''"
    for place, words in (((0.2, 0.8), " spikes per s"), ((-0.15, 1.1), "no spike rate")):
        lab.page.mouse.move(*lab.pixel("rates", *place))
        lab.until(f"(words) => ({said}).endsWith(words)", words)


def test_preset_sets_truth_and_noise(lab):
    lab.open().choose("preset", "Drowned in noise")
    assert (lab.value("theta0"), lab.value("theta1"), lab.value("sigma")) == (0.3, 0.3, 0.3)
    lab.drag("theta0", 0.6, 0.7)
    lab.until("document.querySelector('[data-field=preset] select').value === ''")


def test_rate_map_is_dimmed_while_the_stimulus_is_dragged_and_the_truth_on_it_moves(lab):
    lab.open("Neuron")
    with lab.held("theta0") as drag_to:
        drag_to(0.6)
        assert lab.stale() == []
    with lab.held("zeta") as drag_to:
        drag_to(0.6)
        lab.until("getComputedStyle(plot('rates').firstChild).opacity < 0.5")
        assert lab.stale() == ["rates"]
    assert lab.stale() == []


# ------------------------------------------------------------------------------------------------ one click to the talk


def click_tab(lab, field, value):
    """Click a tab once, with the mouse, and wait until the answer is painted."""
    with lab.painting():
        lab.page.locator(f"[data-field={field}] label", has=lab.page.locator(f"input[value={value}]")).click()


@pytest.mark.parametrize("choice", ["offsets", "slopes"])
def test_one_click_draws_several_values_which_follow_the_hand(lab, choice):
    lab.open()
    click_tab(lab, "several", choice)
    first = lab.evaluate("document.querySelector('.lab-table tbody td').textContent")
    outlines = {lab.outline("potential", "value 0")}
    with lab.held("theta0" if choice == "offsets" else "theta1") as drag_to:
        for share in (0.54, 0.58):
            drag_to(share)
            outlines.add(lab.outline("potential", "value 0"))
    assert len(outlines) == 3
    assert lab.evaluate("document.querySelector('.lab-table tbody td').textContent") != first
    assert lab.evaluate("document.querySelectorAll('.lab-table tbody tr').length") == 5
    click_tab(lab, "several", "one")
    lab.until("plot('recovery')?._fullLayout")


def test_one_click_turns_the_map_to_the_duration(lab):
    lab.open()
    click_tab(lab, "firing", "duration")
    assert lab.evaluate("plot('rates').layout.title.text").startswith("Duration of a spike [ms]")
    lab.page.mouse.move(*lab.pixel("rates", 0.2, 0.8))
    said = "plot('rates').querySelector('.hoverlayer text')?.textContent ?? ''"
    lab.until(f"({said}).includes('a spike lasts ')")


def dot(lab, plot):
    """Return where the middle of the dot on a plot lies, in the coordinates of its axes; None where there is none."""
    return lab.evaluate(
        """(id) => {
          const dot = plot(id).querySelector(".lab-dot")
          if (!dot || dot.hidden) return null
          const { xaxis, yaxis } = plot(id)._fullLayout
          const [left, top] = [parseFloat(dot.style.left), parseFloat(dot.style.top)]
          return [xaxis.p2d(left - xaxis._offset), yaxis.p2d(top - yaxis._offset)]
        }""",
        plot,
    )


def test_the_dot_runs_round_the_limit_cycle_with_the_time(lab):
    """Paused somewhere, it stands where SciPy's trajectory is at the time that the player says."""
    lab.open()
    assert dot(lab, "phase") == pytest.approx([0, 0], abs=1e-3)
    lab.press("Play")
    lab.until("parseFloat(document.querySelector('.lab-time').textContent.slice(4)) > 7")
    lab.press("Pause")
    time = float(lab.page.locator(".lab-time").inner_text().removeprefix("t = ").removesuffix(" ms"))
    about = time + np.linspace(-0.06, 0.06, 13)
    states = reference_solution((0.4, 0.4, -0.4, 3.0), np.concatenate([[0], about]))[1:]
    at, (t, u), (_, v) = (dot(lab, plot) for plot in ("phase", "potential", "recovery"))
    assert t == pytest.approx(time, abs=0.06)
    assert np.hypot(*(states - at).T).min() < 0.06
    assert (u, v) == pytest.approx(tuple(at), abs=1e-3)
    lab.zoom("potential", 3, 60)
    # The browser places it to the 64th of a pixel: of 200 ms on some 400 pixels, to 0.008 ms.
    there = dot(lab, "potential")
    assert there[0] == pytest.approx(t, abs=0.01)
    assert there[1] == pytest.approx(u, abs=2e-3)
    # A released change moves it to the new neuron's place at the same time.
    lab.type("theta0", 0.6)
    states = reference_solution((0.6, 0.4, -0.4, 3.0), np.concatenate([[0], about]))[1:]
    assert np.hypot(*(states - dot(lab, "phase")).T).min() < 0.06
    click_tab(lab, "several", "offsets")
    assert dot(lab, "phase") is None


def test_common_edges_and_no_hole_where_the_truth_is_hidden(lab):
    lab.open()

    def axes(plot):
        return lab.evaluate(
            """(id) => {
              const { xaxis, yaxis } = plot(id)._fullLayout
              const frame = plot(id).getBoundingClientRect()
              return [frame.left + xaxis._offset, frame.left + xaxis._offset + xaxis._length,
                frame.top + yaxis._offset, frame.top + yaxis._offset + yaxis._length].map(Math.round)
            }""",
            plot,
        )

    places = {plot: axes(plot) for plot in ("potential", "phase", "recovery", "rates")}
    assert places["potential"][2:] == places["phase"][2:]
    assert places["recovery"][2:] == places["rates"][2:]
    assert places["potential"][:2] == places["recovery"][:2]
    assert places["phase"][:2] == places["rates"][:2]
    lab.tick("hidden")
    lab.until("!plot('phase')")
    lab.until("plot('rates').clientHeight === plot('potential').clientHeight")
    places = {plot: axes(plot) for plot in ("potential", "rates")}
    assert places["potential"][2:] == places["rates"][2:]


def test_the_sd_of_the_noise_stands_beside_sigma(lab):
    lab.open()
    unit = "document.querySelector('[data-field=sigma] .lab-unit').textContent"
    assert lab.evaluate(unit) == "(sd 0.35)"
    lab.type("sigma", 0.1)
    assert lab.evaluate(unit) == "(sd 0.50)"


def test_a_symbol_of_an_equation_lights_its_slider(lab):
    lab.open()
    lab.page.locator(".lab-equations ruby[data-lights=theta1]").hover()
    assert lab.evaluate("document.querySelector('[data-field=theta1]').classList.contains('lab-lit')")


def test_the_spectrum_follows_sigma_and_rho_under_the_hand(lab):
    """The curve lies 2 log₁₀(σ′/σ) powers of ten higher for σ′; what slides is what Plotly draws on release."""
    lab.open("Neuron", "under_potential=spectrum")
    band = "plot('spectrum').querySelector('.shapelayer path').getAttribute('d')"
    lines = ("data", "noise", "AR(1)")
    decade = lab.evaluate("plot('spectrum')._fullLayout.yaxis._length / 7")
    before = points(lab.outline("spectrum", "AR(1)"))
    with lab.held("sigma") as drag_to:
        for share in (0.4, 0.6, 0.8):
            drag_to(share)
        slid = {name: points(lab.outline("spectrum", name)) for name in lines}
        slid_band = points(lab.evaluate(band))
    rise = 2 * np.log10(lab.value("sigma") / 0.07) * decade
    assert before[0, 1] - slid["AR(1)"][0, 1] == pytest.approx(rise, abs=0.5)
    for name in lines:
        assert distance(points(lab.outline("spectrum", name)), slid[name]) < 0.7, name
    np.testing.assert_allclose(points(lab.evaluate(band)), slid_band, atol=0.2)
    tilted = slid["AR(1)"][-1, 1] - slid["AR(1)"][0, 1]
    lab.drag("rho", 0.1)
    after = points(lab.outline("spectrum", "AR(1)"))
    assert after[-1, 1] - after[0, 1] < 0.3 * tilted
