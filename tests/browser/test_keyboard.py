"""Plots by keyboard: the cross-hair, what is spoken, clicks, handles, the legend and the toolbar."""

import pytest

pytestmark = pytest.mark.browser


def focus(lab, plot):
    """Put the focus on a plot as the Tab key does, and return its cross-hair."""
    hair = lab.page.locator(f".lab-plot[data-plot={plot}] .lab-crosshair")
    hair.scroll_into_view_if_needed()
    hair.focus()
    return hair


def keys(lab, *names):
    for name in names:
        lab.page.keyboard.press(name)


def heard(lab, words):
    """Wait until a screen reader hears a sentence with these words, and return it."""
    lab.until("(words) => document.querySelector('.lab-spoken')?.textContent.includes(words)", words)
    return lab.page.locator(".lab-spoken").text_content()


def test_arrow_keys_move_a_cross_hair_that_is_spoken_and_enter_sets_theta(lab):
    lab.open("Neuron")
    hair = focus(lab, "rates")
    assert hair.get_attribute("aria-label") == "Spikes per second (click to set θ): θ₁ over θ₀"
    assert "Enter does what a click does" in hair.get_attribute("aria-description")
    low, high = lab.range("rates")
    keys(lab, "ArrowRight", "Shift+ArrowLeft", "ArrowUp")
    # One step is a hundredth of an axis, a large one a tenth.
    x = low + (0.5 + 0.01 - 0.1) * (high - low)
    assert f"θ₀ {x:.2f}" in heard(lab, "spikes per s")
    with lab.painting():
        keys(lab, "Enter")
    assert lab.value("theta0") == pytest.approx(x, abs=0.002)
    keys(lab, "Escape")
    assert not lab.page.locator("[data-plot=rates] .lab-hair-label").is_visible()


def test_the_nearest_point_of_a_curve_is_spoken(lab):
    lab.open("Neuron")
    focus(lab, "potential")
    keys(lab, "ArrowRight")
    sentence = heard(lab, "truth: ")
    x = float(sentence.split("truth: t ")[1].split(" ")[0])
    low, high = lab.range("potential")
    assert x == pytest.approx(low + 0.51 * (high - low), abs=0.06 * (high - low))


def test_a_race_starts_by_keyboard_alone(lab):
    lab.open("Landscape", "t_end=60")
    focus(lab, "map")
    with lab.painting():
        keys(lab, "Shift+ArrowUp", "Enter")
    lab.until("parseInt(document.querySelector('.lab-clock')?.textContent.split(' ')[3]) > 1")


def test_the_candidate_is_picked_up_moved_and_put_back_by_keyboard(lab):
    lab.open("Landscape")
    before = lab.value("candidate_theta0")
    focus(lab, "map")
    keys(lab, "Space")
    with lab.painting(final=False):
        keys(lab, "ArrowRight")
    with lab.painting():
        keys(lab, "Enter")
    moved = lab.value("candidate_theta0")
    assert moved > before
    keys(lab, "Space")
    with lab.painting(final=False):
        keys(lab, "Shift+ArrowLeft")
    with lab.painting():
        keys(lab, "Escape")
    assert lab.value("candidate_theta0") == pytest.approx(moved, abs=0.001)


def test_digits_act_on_the_legend_and_the_toolbar_takes_zoom_back(lab):
    lab.open("Neuron")
    focus(lab, "potential")
    whole = len(lab.drawn("potential"))
    keys(lab, "1")
    lab.until("(whole) => drawn('potential').length < whole", whole)
    first = lab.range("potential")
    keys(lab, "+")
    lab.until("(span) => { const [a, b] = plot('potential')._fullLayout.xaxis.range; return b - a < span }",
              0.9 * (first[1] - first[0]))  # fmt: skip
    keys(lab, "Tab")
    assert lab.evaluate("document.activeElement.textContent") == "PNG"
    keys(lab, "ArrowRight", "ArrowRight")
    assert lab.evaluate("document.activeElement.textContent") == "Reset"
    keys(lab, "Enter")
    lab.until("(first) => plot('potential')._fullLayout.xaxis.range.every((end, i) => end === first[i])", first)
    # The toolbar is one stop of the Tab key.
    keys(lab, "Tab")
    assert lab.evaluate("document.activeElement.closest('.lab-plot')?.dataset.plot") != "potential"


def test_the_surface_turns_by_keyboard(lab):
    lab.open("Landscape", "beside=surface")
    focus(lab, "surface")
    before = lab.camera()
    keys(lab, "ArrowRight")
    lab.until("(x) => Math.abs(plot('surface').layout.scene.camera.eye.x - x) > 0.05", before[0])
