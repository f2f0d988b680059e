"""The examination of maps on the page Inverse map, and the gallery of those with a deliberate fault."""

import pytest

from core.maps.planted_faults import Planted
from tests.browser.drawings import check_labels, check_legend

pytestmark = pytest.mark.browser

NAMED = {  # what the verdict says of each map
    Planted.NARROW_PRIOR: "its prior of θ₀ is narrower than that of these traces",
    Planted.WHITE_NOISE: "its noise law of ρ is another than the data’s",
    Planted.CLEAN: "it was trained on clean traces",
    Planted.OTHER_GAMMA: "it takes γ\u00a0=\u00a03.5 for granted",
    Planted.FEW_SIMULATIONS: "it has learned from 200 simulations",
}
SAID = "[...document.querySelectorAll('.lab-said')].at(-1).innerText"


def ends(lab, name):
    """Wait for the examination of a map to end, and return its verdict."""
    lab.until(f"(name) => {SAID}.startsWith(`‘${{name}}’`)", name, timeout=120_000)
    return lab.evaluate(SAID)


def test_one_click_opens_a_map_with_a_fault_and_the_verdict_names_it(lab):
    lab.open("Inverse map", "test_view=examination&test_map=narrow")
    for name in Planted:
        lab.page.locator(f"[data-field=test_map] label:has(input[value={name}])").click()
        assert NAMED[name] in ends(lab, name)
    assert f"test_map={Planted.FEW_SIMULATIONS}" in lab.page.url
    lab.stand("Inverse map")
    for plot in ("ranks", "scores"):
        check_labels(lab, plot, "x")
    check_legend(lab, "ranks")
