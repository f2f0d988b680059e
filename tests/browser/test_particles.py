"""Training as particles, at the end of the Train page: folded at first; played, scrubbed and drawn anew."""

import pytest

pytestmark = pytest.mark.browser

HEADS = """() => [...plot("tracks").querySelectorAll(".shapelayer path")].map((path) => path.getAttribute("d"))"""


def test_particles_are_unfolded_scrubbed_and_more_of_them_find_the_spikes(lab):
    lab.open("Train")
    assert lab.evaluate("plot('tracks')") is None
    lab.choose("particles", "spikes")
    lab.until("plot('tracks')?.layout && plot('excess')?.layout && plot('success')?.layout")
    assert "they have found it" in lab.page.locator(".lab-answer").last.inner_text()
    assert lab.page.locator(".lab-clock").inner_text() == "step 1,000 of 1,000"
    scrub = lab.page.locator(".lab-race input[type=range]")
    scrub.fill("0.5")
    assert lab.clock() == (31, 1000)
    halfway = lab.evaluate(HEADS)
    lab.press("Back")
    lab.press("Step")
    assert lab.clock() == (2, 1000)
    assert lab.evaluate(HEADS) != halfway
    scrub.fill("0.5")
    assert lab.evaluate(HEADS) == halfway
    scrub.fill("1")
    assert lab.evaluate(HEADS) != halfway
    lab.choose("spikes_m", "5")
    lab.until("[...document.querySelectorAll('.lab-answer')].at(-1).textContent.includes('they are stuck')")
    lab.until("location.search.includes('spikes_m=5')")
