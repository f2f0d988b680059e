"""Maps of the noise, and maps that are told ζ and γ, under the hand."""

import pytest

from core.maps.inverse_map import available_inverse_maps
from tests.browser.axe import violations

pytestmark = pytest.mark.browser


def needs(name):
    return pytest.mark.skipif(name not in available_inverse_maps(), reason=f"`python -m core.pretrain` makes {name}")


def estimate(cell):
    """Return a value and its ±."""
    return [float(part.replace("−", "-")) for part in cell.split(" ± ")]


@pytest.mark.long
@needs("joint")
def test_the_joint_map_s_noise_follows_the_sliders_within_its_own_uncertainty(lab):
    """The draws of the seed are the same for every σ; a map that is right misses by 3.5 sds once in 2,000 times."""
    lab.open("Inverse map", "plane=noise")
    assert lab.evaluate("document.querySelector('.lab-table th:nth-child(2)').textContent") == "σ noise [ms]"
    seen = []
    for sigma, rho in ((0.05, 0.8), (0.07, 0.8), (0.09, 0.8), (0.07, 0.7)):
        lab.type("sigma", sigma).type("rho", rho)
        table = lab.table()
        assert [float(cell) for cell in table["truth"][:2]] == [sigma, rho]
        (found, sd), (found_rho, sd_rho) = map(estimate, table["joint"][:2])
        assert abs(found - sigma) < 3.5 * sd
        assert abs(found_rho - rho) < 3.5 * sd_rho
        seen.append(found)
    assert seen[0] < seen[1] < seen[2]
    assert violations(lab) == []


@needs("joint")
def test_the_estimated_noise_moves_while_the_button_is_down(lab):
    lab.open("Inverse map", "plane=noise")
    with lab.held("sigma") as drag_to:
        seen = []
        for share in (0.14, 0.18, 0.22):
            drag_to(share)
            seen.append((lab.table()["joint"][0], lab.outline("spectrum", "joint")))
    assert all(len(set(each)) == 3 for each in zip(*seen, strict=True))
    values = [estimate(cell)[0] for cell, _ in seen]
    assert values == sorted(values)


@pytest.mark.long
@needs("conditional")
def test_off_the_published_damping_the_conditional_map_answers_and_stays_on_the_truth(lab):
    lab.open("Inverse map")
    said = "‘conditional’ answers here: it is told ζ and γ, where ‘best’ takes γ = 3 for granted."
    assert said not in lab.page.locator(".lab-answer").first.inner_text()
    lab.type("gamma", 4)
    assert said in lab.page.locator(".lab-answer").first.inner_text()
    off = {name: float(lab.table()[name][2]) for name in ("conditional", "cnn-noisy", "best")}
    assert off["conditional"] < 0.1
    assert min(off["cnn-noisy"], off["best"]) > 0.2
    lab.go("Uncertainty")
    ticked = "[data-field=compared] input:checked:enabled"
    assert lab.page.locator(ticked).evaluate_all("(all) => all.map((each) => each.value)") == ["conditional"]
    lab.page.get_by_text("‘conditional’ answers here").wait_for()
    # What was chosen stays.
    with lab.painting():
        lab.page.locator("[data-field=compared] input[value=cnn-noisy]").check()
    lab.type("gamma", 3)
    chosen = lab.page.locator(ticked).evaluate_all("(all) => all.map((each) => each.value)")
    assert set(chosen) == {"conditional", "cnn-noisy"}
