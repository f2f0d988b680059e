"""The Inverse map page: what it shows for each map, and what it says where a trace is not one they were made for."""

import pytest

from dashboard.figures.style import SHIPPED_MAPS as COLOURS
from tests.browser.lab import SHIPPED_MAPS

pytestmark = pytest.mark.browser


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
    below = lab.page.locator(".lab-table").last.locator("tr")
    below.nth(1).wait_for()
    name, _, _, r2, *_ = below.nth(1).locator("td").all_inner_texts()
    assert name == "best"
    assert 0.9 < float(r2) <= 1
    marks = [shape for shape in lab.drawing("estimates")["shapes"] if shape.get("fillcolor")]
    for name, colour in COLOURS.items():
        # A map that was trained without noise has the edge of its mark alone.
        hollow = name.endswith("-clean")
        (mark,) = (each for each in marks if colour == (each["line"]["color"] if hollow else each["fillcolor"]))
        place = [float(cell.replace("−", "-")) for cell in table[name][:2]]
        assert [mark["xanchor"], mark["yanchor"]] == pytest.approx(place, abs=6e-4)


def test_regime_changes_the_scatter(lab):
    lab.open("Inverse map")
    seen = [lab.drawing("first")]
    for regime in ("clean-noisy", "clean-clean"):
        lab.choose("regime", regime)
        lab.until(
            "(title) => plot('first').layout.title.text.endsWith(title)",
            f"trained clean, tested {regime.split('-')[1]}",
        )
        seen.append(lab.drawing("first"))
        assert [trace["name"] for trace in seen[-1]["traces"]] == ["cnn-clean", "dense-clean"]
    assert seen[0]["shapes"] != seen[1]["shapes"] != seen[2]["shapes"]


def test_noise_under_the_hand_moves_clouds_and_keeps_the_elements(lab):
    lab.open("Inverse map")
    for plot in ("estimates", "resimulated", "first", "second"):
        lab.remember(plot)
    clouds = "[...plot('estimates').querySelectorAll('.shapelayer path')].map((path) => path.getAttribute('d')).join()"
    with lab.held("sigma") as drag_to:
        seen = []
        for share in (0.2, 0.3, 0.4):
            drag_to(share)
            seen.append(lab.evaluate(clouds))
        assert len(set(seen)) == 3
    assert all(lab.is_the_same(plot) for plot in ("estimates", "resimulated", "first", "second"))


def test_other_damping_is_named_in_the_table(lab):
    lab.open("Inverse map").type("gamma", 4)
    for name in SHIPPED_MAPS:
        assert lab.table()[name][-1].startswith("no")
    assert "were not trained for γ = 4 (trained at 3)" in lab.sentence()


def test_time_grid_that_no_map_takes_ends_in_a_sentence(lab):
    lab.open("Inverse map").type("t_end", 100)
    assert lab.notes().endswith("Set T to 200 ms.")
    assert lab.table()["cnn-noisy"][:2] == ["–", "–"]
    lab.type("t_end", 200)
    assert lab.notes() == ""
