"""The address holds the experiment: another browser, a reload and the back button see what its sender saw."""

import pytest

from tests.browser.lab import PAGES

pytestmark = pytest.mark.browser


def seen(lab, page):
    """Return all that is drawn and all that stands in the controls of the page on screen."""
    assert lab.shown() or not PAGES[page].plots
    return {plot: lab.drawing(plot) for plot in lab.shown()}, lab.values()


def changed(lab):
    """Change several things, each in another way."""
    lab.open()
    lab.drag("theta0", 0.6, 0.63)
    lab.type("gamma", 3.217)
    lab.type("seed", 12345)
    lab.type("sigma", 0.0912345678901)
    lab.click("rates", 0.3, 0.5)
    lab.go("Landscape")
    lab.drag("candidate_theta0", 0.4)
    lab.choose("misfit", "white")
    lab.click("map", 0.1, 0.9)
    lab.go("Inverse map").choose("regime", "clean-noisy")
    return lab


def settled_address(lab):
    lab.until("location.search.includes('seed=12345') && location.search.includes('regime=clean-noisy')")
    return lab.page.url.partition("?")[2]


def test_link_shows_another_browser_the_same_to_the_last_sample(lab, tab):
    sender = changed(lab)
    address = settled_address(sender)
    receiver = tab()
    for page in ("Inverse map", "Landscape", "Neuron"):
        sender.go(page)
        receiver.open(page, address)
        assert receiver.notes() == ""
        assert seen(receiver, page) == seen(sender, page), page
        assert receiver.page.url.partition("?")[2] == address


@pytest.mark.long
def test_reload_and_back_keep_the_experiment(lab):
    changed(lab)
    lab.go("Neuron")
    before = seen(lab, "Neuron")
    lab.until("location.search.includes('seed=12345')")
    lab.page.reload()
    lab.stand("Neuron")
    assert seen(lab, "Neuron") == before
    lab.go("Landscape")
    lab.page.go_back()
    lab.stand("Neuron")
    assert seen(lab, "Neuron") == before
    lab.until("location.search.includes('seed=12345')")


def test_bad_parts_of_an_address_end_in_sentences_and_the_rest_holds(lab):
    lab.open(address="theta0=abc&gamma=1e9&unknown=1&hidden=maybe&misfit=none&theta1=0.7&seed=1.5")
    notes = lab.notes()
    for sentence in (
        "θ₀ must be a number; “abc” is none.",
        "γ must lie between 0.1 and 20; 1e9 does not.",
        "“unknown” is no part of an experiment.",
        "Hidden must be 0 or 1; “maybe” is neither.",
        "“none” is not a choice for misfit.",
        "The seed must be a whole number; 1.5 is none.",
    ):
        assert sentence in notes
    assert (lab.value("theta0"), lab.value("gamma"), lab.value("theta1"), lab.value("seed")) == (0.4, 3, 0.7, 7)


def test_what_does_not_travel_in_an_address_is_named(lab):
    lab.open(address="upload=foo.csv&own_maps=my-map-9")
    for name, sentence in (("“foo.csv”", "does not travel"), ("“my-map-9”", "this machine lacks")):
        assert name in lab.notes()
        assert sentence in lab.notes()
    assert lab.trace("potential", "truth")


def test_copy_button_copies_the_address(tab):
    lab = tab(permissions=["clipboard-read", "clipboard-write"]).open().type("gamma", 4)
    lab.until("location.search.includes('gamma=4')")
    lab.page.get_by_role("button", name="Copy link").click()
    lab.page.get_by_role("button", name="Copied").wait_for()
    assert lab.evaluate("navigator.clipboard.readText()") == lab.page.url
