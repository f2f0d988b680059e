"""The start page: a dot that runs along a curve, one slider, the truth, and four ways in."""

import pytest

from tests.browser.lab import STANDS

pytestmark = pytest.mark.browser


def answer(lab):
    return lab.page.locator(".lab-answer").inner_text()


def time(lab):
    return float(lab.page.locator(".lab-time").inner_text().removeprefix("t = ").removesuffix(" ms"))


@pytest.fixture
def calm(lab):
    """A tab of a visitor who prefers reduced motion."""
    lab.page.emulate_media(reduced_motion="reduce")
    return lab


def test_the_slider_moves_the_curve_and_the_sentence_under_the_hand(calm):
    calm.open("Start")
    assert calm.page.locator("[data-field] input[type=range]").count() == 1
    seen = set()
    with calm.held("candidate_theta0") as drag_to:
        for share in (0.7, 0.6, 0.55):
            drag_to(share)
            seen.add((calm.outline("recording", "your curve"), answer(calm)))
    assert len(seen) == 3
    assert "times as far as noise alone would" in answer(calm)
    calm.until("location.search.startsWith('?start=1&')")


def test_show_the_answer_brings_the_truth(calm):
    calm.open("Start", "start=1&theta0=0.3")
    sign = "plot('recording').querySelector('.annotation')?.textContent ?? ''"
    assert "Found" not in answer(calm)
    assert calm.evaluate(sign) == ""
    with calm.painting():
        calm.press("Show the answer")
    assert answer(calm) == "Found: θ₀ = 0.300 made the dots. What is left between curve and dots is noise."
    assert calm.evaluate(sign) == "✓ Found"
    assert calm.value("candidate_theta0") == 0.3


def test_the_dot_runs_along_the_curve_once_and_can_be_stopped(lab):
    lab.open("Start")
    lab.until("plot('recording').querySelector('.lab-dot:not([hidden])')")
    lab.press("Pause")
    assert time(lab) < 199.8
    lab.press("Play")
    lab.until("document.querySelector('.lab-time').textContent === 't = 199.8 ms'")
    assert lab.page.get_by_role("button", name="Play", exact=True).is_visible()


def test_nothing_moves_for_who_prefers_it_so(calm):
    calm.open("Start")
    assert time(calm) == 0
    assert calm.page.get_by_role("button", name="Play", exact=True).is_visible()


@pytest.mark.parametrize(
    ("title", "page", "preset"),
    [
        ("Landscape: search", "Landscape", "Many minima"),
        ("Inverse map: let a network", "Inverse map", "Drowned in noise"),
        ("Train: teach a network", "Train", "Published default"),
    ],
)
def test_each_way_in_is_one_click(calm, title, page, preset):
    calm.open("Start")
    calm.page.get_by_role("button", name=title).click()
    calm.stand(page)
    if page == "Train":  # where the truth plays no part
        calm.go("Neuron")
    assert calm.values()["preset"] == preset


def test_an_old_link_leads_to_the_neuron(lab):
    lab.page.goto(f"{lab.url}/?theta0=0.3&sigma=0.1")
    lab.stand("Neuron")
    assert (lab.value("theta0"), lab.value("sigma")) == (0.3, 0.1)


def test_reload_and_back_keep_the_slider(calm):
    calm.open("Start").type("candidate_theta0", 0.45)
    calm.until("location.search.includes('candidate_theta0=0.45')")
    calm.page.reload()
    calm.stand("Start")
    assert calm.value("candidate_theta0") == 0.45
    calm.go("Neuron")
    calm.page.go_back()
    calm.stand("Start")
    assert calm.value("candidate_theta0") == 0.45
    calm.page.wait_for_selector(STANDS)


@pytest.mark.long
def test_during_a_lecture_it_plays_by_itself_until_somebody_touches_it(lab):
    lab.page.clock.install()
    lab.open("Start")
    lab.page.keyboard.press("l")
    lab.until("document.documentElement.hasAttribute('data-lab-lecture')")
    before = lab.value("candidate_theta0")
    address = lab.page.url
    lab.page.clock.fast_forward(29_000)
    assert lab.value("candidate_theta0") == before
    lab.page.clock.fast_forward(5_000)
    lab.until(
        """(before) => {
      const value = document.querySelector("[data-field=candidate_theta0] input[type=range]").value
      return Math.abs(value - before) > 0.1
    }""",
        before,
    )
    lab.until("painted.some(({ final }) => !final)")
    assert lab.page.url == address
    with lab.painting():
        lab.page.mouse.move(400, 300)
    assert lab.value("candidate_theta0") == before
