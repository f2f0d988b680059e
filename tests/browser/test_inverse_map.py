"""The Inverse map page: what it shows for each map, and what it says where a trace is not one they were made for."""

import re

import pytest

from core.maps.inverse_map import available_inverse_maps
from dashboard.figures.palette import TONES
from tests.browser.lab import SHIPPED_MAPS

pytestmark = pytest.mark.browser


@pytest.mark.long
def test_table_has_every_shipped_map_with_numbers(lab):
    lab.open("Inverse map")
    head, *_ = lab.evaluate("[...document.querySelectorAll('.lab-table tr')].map((row) => row.children.length)")
    assert head == 6
    table = lab.table()
    for name in SHIPPED_MAPS:
        theta0, theta1, *_, trained = table[name]
        assert -0.2 <= float(theta0.replace("−", "-")) <= 1, name
        assert -0.4 <= float(theta1.replace("−", "-")) <= 1.2, name
        assert (trained == "yes") == (not name.endswith("clean")), trained
    below = lab.page.locator(".lab-table").last.locator("tbody tr")
    below.first.wait_for()
    rows = [row.locator("td").all_inner_texts() for row in below.all()]
    assert [row[0] for row in rows] == ["dense-noisy", "cnn-noisy", "best", "exact posterior mean"]
    # Of the cards, and of the experiment on the limit.
    assert [float(row[3]) for row in rows] == pytest.approx([0.973, 0.978, 0.994, 0.994], abs=1e-3)
    marks = [shape for shape in lab.drawing("estimates")["shapes"] if shape.get("fillcolor")]
    for name in SHIPPED_MAPS:
        # A map that was trained without noise has the edge of its mark alone.
        hollow = name.endswith("-clean")
        light, _ = TONES[name.partition("-")[0]]
        colour = f"rgba({', '.join(str(int(light[i : i + 2], 16)) for i in (1, 3, 5))}, 1)"
        (mark,) = (each for each in marks if colour == (each["line"]["color"] if hollow else each["fillcolor"]))
        place = [float(cell.replace("−", "-")) for cell in table[name][:2]]
        assert [mark["xanchor"], mark["yanchor"]] == pytest.approx(place, abs=6e-4)


@pytest.mark.long
def test_regime_changes_the_scatter(lab):
    lab.open("Inverse map")
    first = "plot('first-1').layout.title.text"
    assert lab.evaluate(first).startswith("dense-noisy: R² 0.97")
    seen = []
    for regime, r2 in (("clean-noisy", "0.95"), ("clean-clean", "0.99")):
        lab.choose("regime", regime)
        lab.until(f"(title) => {first}.startsWith(title)", f"dense-clean: R² {r2}")
        seen.append(lab.drawing("first-1"))
        columns = [plot for plot in lab.shown() if plot.startswith(("first", "second"))]
        assert columns == ["first-1", "second-1", "first-2", "second-2"]
    assert seen[0]["shapes"] != seen[1]["shapes"]


# Where names stand, and where the lines from the estimates to them begin and end, in pixels of the drawing.
NAMES = """() => [...plot("estimates").querySelectorAll(".textpoint text")].map((text) => [
    text.textContent, Number(text.getAttribute("x")), Number(text.getAttribute("y"))])"""
LINES = """() => [...plot("estimates").querySelectorAll(".shapelayer path")]
    .map((path) => path.getAttribute("d").match(/^M([\\d.-]+),([\\d.-]+)L([\\d.-]+),([\\d.-]+)$/)?.slice(1).map(Number))
    .filter(Boolean)"""


def test_names_stay_while_the_lines_to_them_slide_with_the_estimates(lab):
    lab.open("Inverse map")
    names, before = lab.evaluate(NAMES), lab.evaluate(LINES)
    maps = [name for name in lab.table() if name in available_inverse_maps()]
    assert [name for name, *_ in names] == [*maps, "published prior", "prior of narrow"]
    assert len(before) == len(maps)
    with lab.held("theta1") as drag_to:
        for share in (0.55, 0.6):
            drag_to(share)
        assert lab.evaluate(NAMES) == names
        during = lab.evaluate(LINES)
    after = lab.evaluate(LINES)
    for name, first, second, last in zip(maps, before, during, after, strict=True):
        if name in ("best", "cnn-noisy", "dense-noisy"):
            assert second[1] < first[1] - 10, name  # θ₁ runs upwards
        assert second[2:] == pytest.approx(first[2:], abs=0.2), name
        assert second == pytest.approx(last, abs=3), name


def test_an_estimate_that_is_pointed_at_says_its_name_and_numbers(lab):
    lab.open("Inverse map")
    theta0, theta1 = (float(cell.replace("−", "-")) for cell in lab.table()["cnn-clean"][:2])
    lab.page.mouse.move(*lab.pixel("estimates", theta0, theta1))
    lab.until("plot('estimates').querySelector('.hoverlayer .hovertext')")
    label = lab.evaluate("plot('estimates').querySelector('.hoverlayer .hovertext').textContent")
    assert label.startswith("cnn-clean: θ₀ = ")
    assert float(label.split("=")[1].split(",")[0]) == pytest.approx(theta0, abs=6e-4)


def test_the_answer_stands_under_the_question(lab):
    lab.open("Inverse map")
    answer = lab.page.locator(".lab-answer").first
    assert re.match("On this trace ‘[a-z]+’ is nearest to the truth: ", answer.inner_text())
    lab.type("zeta", -0.2)
    assert re.search("takes? ζ = −0.4 for granted", answer.inner_text())


@pytest.mark.long
def test_of_a_window_of_400_ms_the_maps_read_the_beginning(lab):
    lab.open("Inverse map").type("t_end", 400)
    assert lab.page.locator(".lab-answer").first.inner_text().endswith(" the first 200 ms.")
    assert lab.table()["best"][0] != "–"
    assert lab.notes() == ""


@pytest.mark.long
def test_map_and_exact_posterior_stand_beside_the_maps_under_the_same_noise(lab):
    lab.open("Inverse map").tick("limit")
    bars = "plot('spread')?.data?.find(({ meta }) => meta?.rests)?.text"
    lab.until(f"{bars}?.some((each) => each.startsWith('MAP: bias'))")
    table = lab.table()
    for name in ("MAP", "exact posterior mean"):
        # The posterior's sds at the published default are 0.0015 and 0.010.
        assert [float(cell) for cell in table[name][:2]] == pytest.approx([0.4, 0.4], abs=0.03)


def test_noise_under_the_hand_moves_clouds_and_keeps_the_elements(lab):
    lab.open("Inverse map")
    for plot in ("estimates", "spread", "resimulated", "first-1", "second-1"):
        lab.remember(plot)
    clouds = "[...plot('estimates').querySelectorAll('.shapelayer path')].map((path) => path.getAttribute('d')).join()"
    with lab.held("sigma") as drag_to:
        seen = []
        for share in (0.2, 0.3, 0.4):
            drag_to(share)
            seen.append(lab.evaluate(clouds))
        assert len(set(seen)) == 3
    assert all(lab.is_the_same(plot) for plot in ("estimates", "spread", "resimulated", "first-1", "second-1"))


def test_other_damping_is_named_in_the_table(lab):
    lab.open("Inverse map").type("gamma", 4)
    for name in SHIPPED_MAPS:
        assert lab.table()[name][-1].startswith("no")
    assert re.search("takes? γ = 3 for granted", lab.page.locator(".lab-answer").first.inner_text())
    reasons = lab.page.locator(".lab-why").first
    reasons.locator("summary").click()
    assert "were not trained for γ = 4 (trained at 3)" in reasons.inner_text()


def test_time_grid_that_no_map_takes_ends_in_a_sentence(lab):
    lab.open("Inverse map").type("t_end", 10)
    assert lab.notes().endswith("Set T to 200 ms.")
    assert lab.table()["cnn-noisy"][:2] == ["–", "–"]
    lab.type("t_end", 200)
    assert lab.notes() == ""
