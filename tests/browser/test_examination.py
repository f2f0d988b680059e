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


@pytest.mark.parametrize(
    "names", [(Planted.CLEAN, Planted.FEW_SIMULATIONS), pytest.param(tuple(Planted), marks=pytest.mark.long)]
)
def test_one_click_opens_a_map_with_a_fault_and_the_verdict_names_it(lab, names):
    """From its first 250 traces on; the examination of the last map goes on to its end."""
    first, *others = names
    lab.open("Inverse map", f"test_view=examination&test_map={first}")
    for name in (first, *others):
        if name is not first:
            lab.page.locator(f"[data-field=test_map] label:has(input[value={name}])").click()
        lab.until(f"([name, cause]) => {SAID}.includes(name) && {SAID}.includes(cause)", [f"‘{name}’ is", NAMED[name]])
    assert f"test_map={name}" in lab.page.url
    lab.until(f"(name) => {SAID}.startsWith(name)", f"‘{name}’ is")
    lab.stand("Inverse map")
    for plot in ("ranks", "scores"):
        check_labels(lab, plot, "x")
    check_legend(lab, "ranks")
