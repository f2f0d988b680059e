"""Samplers that race beside an optimiser: it stops at a point, they spread; the temperature is dragged."""

import numpy as np
import pytest

pytestmark = pytest.mark.browser

SAMPLERS = ("Langevin", "MALA", "Tempering")
CHOSEN = f"samplers={','.join(SAMPLERS)}&methods=L-BFGS-B"
START = (0.41, 0.42)  # beside the truth of the default preset, where each of them finds the posterior
OUTLINES = """() => plot("map").layout.shapes.flatMap(({ swarm }, i) => swarm && !swarm.trail
  ? [plot("map").querySelector(`.shapelayer path[data-index="${i}"]`).getAttribute("d")] : [])"""


def swarms(lab):
    """Return the particles on screen, in pixels: (n, 2) for each sampler."""
    outlines = lab.evaluate(OUTLINES)[1::2]  # each is drawn twice: an edge, and the dots
    return [np.array([dot.split("H")[0].split(",") for dot in each.split("M")[1:]], float) for each in outlines]


def spreads(lab):
    """Return the standard deviation of each swarm along its longer direction, in pixels."""
    return [float(np.sqrt(np.linalg.eigvalsh(np.cov(swarm.T))[-1])) for swarm in swarms(lab)]


def scrub(lab, share):
    lab.page.locator(".lab-player input[type=range]").fill(str(share))


def test_an_optimiser_stops_and_samplers_spread_to_the_posterior(lab):
    lab.open("Landscape", CHOSEN)
    assert "3 samplers spread" in lab.page.locator(".lab-player p").inner_text()
    lab.race(*START)
    assert lab.values()["beside"] == "distance"
    lab.until("document.querySelector('.lab-clock').textContent.startsWith('evaluation 3 ')")  # it plays of itself
    lab.press("Pause")
    first = spreads(lab)
    scrub(lab, 1)
    table = lab.table()
    assert table["L-BFGS-B"][0].startswith("✓")
    stopped = int(table["L-BFGS-B"][0].split()[1])
    assert all(float(table[name][0].removeprefix("distance ")) < 1 for name in SAMPLERS)
    # The optimiser's way ends where it stopped, on the same clock on which the samplers go on.
    assert stopped < 100 < lab.clock()[1]
    assert max(lab.trace("distance", "L-BFGS-B")["x"]) == stopped
    said = lab.page.locator(".lab-answer").inner_text()
    assert said.startswith("An optimiser stops at a point; at temperature 1 ")
    assert "spread to the exact posterior" in said
    # Halfway the particles stand elsewhere than in the end; back at the start they stand as they began.
    whole = swarms(lab)
    assert [len(each) for each in whole] == [64, 64, 16]
    scrub(lab, 0.7)
    assert not any(np.array_equal(one, other) for one, other in zip(whole, swarms(lab), strict=True))
    before = lab.clock()[0]
    lab.press("Step")
    assert lab.clock()[0] > before
    lab.press("Back")
    assert spreads(lab) == first


def test_temperature_is_dragged_and_the_particles_spread_further(lab):
    lab.open("Landscape", f"{CHOSEN}&starts={START[0]},{START[1]}&beside=distance")
    lab.race_stands()
    scrub(lab, 1)
    cold = spreads(lab)
    with lab.held("sampler_temperature") as drag_to:
        drag_to(0.5)
        drag_to(0.67)
    lab.race_stands()
    lab.until("document.querySelector('.lab-answer').textContent.includes('at temperature 100')")
    lab.press("Pause")
    scrub(lab, 1)
    # At a hundred times the temperature the posterior is ten times as wide, but for its bends and its box.
    assert all(hot > 3 * before for hot, before in zip(spreads(lab), cold, strict=True))
    lab.until("location.search.includes('sampler_temperature=100')")


def test_samplers_are_ticked_and_langevins_step_is_there_with_it_alone(lab):
    lab.open("Landscape", "t_end=40")
    assert not lab.page.locator("[data-field=samplers]").is_visible()
    lab.page.locator("summary", has_text="Samplers").click()
    with lab.painting():
        lab.page.locator("[data-field=samplers] input[value=MALA]").check()
    assert lab.page.locator("[data-field=sampler_temperature]").is_visible()
    assert not lab.page.locator("[data-field=langevin_step]").count()
    with lab.painting():
        lab.page.locator("[data-field=samplers] input[value=Langevin]").check()
    assert lab.page.locator("[data-field=langevin_step]").is_visible()
    lab.until("location.search.includes('samplers=Langevin%2CMALA')")
