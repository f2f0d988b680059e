"""The Train page, from the first click to the map in the tables of the other pages."""

import pytest

from tests.browser.drawings import check_labels, check_legend, check_picture
from tests.browser.lab import serve

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(browser, watch, tmp_path_factory):
    """The address of a server of these tests alone: the maps that they train would stand on the pages of others."""
    with serve(tmp_path_factory.mktemp("train") / "runs", environment=watch[0]) as url:
        yield url


def train(lab, name, samples, epochs):
    lab.open("Train").name_training(name)
    lab.fill("Training samples N", samples).fill("Epochs", epochs).start_training()


def test_training_from_the_first_click_to_its_estimates(tab):
    lab = tab(device_scale_factor=2)
    train(lab, "browser-map", 500, 8)
    lab.await_training("The training is done after 8 epochs")
    lab.page.locator(".lab-table tr").nth(4).wait_for()
    assert len(lab.trace("losses", "validation")["y"]) == 8
    check_picture(lab, "losses")
    check_legend(lab, "losses")
    check_labels(lab, "losses", "y")
    assert lab.evaluate("plot('losses').layout.yaxis.title.text") == "error [share of the prior’s range]"
    own = lab.evaluate("[...document.querySelectorAll('.lab-table tr')].map((row) => row.textContent)")
    assert len(own) == 5
    assert own[1].startswith("its own prior")
    lab.go("Inverse map")
    theta0, theta1, *_, trained = lab.table()["browser-map"]
    assert -0.2 <= float(theta0.replace("−", "-")) <= 1
    assert -0.4 <= float(theta1.replace("−", "-")) <= 1.2
    assert trained == "yes"
    lab.go("Your data")
    assert lab.table()["browser-map"][0] != "–"


def test_stopped_training_keeps_a_map(lab):
    train(lab, "stopped-map", 500, 1000)
    lab.page.get_by_role("button", name="Stop and keep the best weights so far").click()
    lab.await_training("The training was stopped after")
    assert 0 < len(lab.trace("losses", "validation")["y"]) < 1000
    lab.go("Inverse map")
    assert lab.table()["stopped-map"][0] != "–"


def test_what_cannot_be_trained_ends_in_a_sentence(lab):
    lab.open("Train").name_training("../../etc/passwd")
    lab.page.get_by_role("button", name="Train", exact=True).click()
    alert = lab.page.locator("[data-testid='stAlert']").filter(has_text="Nothing was started.")
    alert.wait_for()
    assert "Name a map with at most 40 letters" in alert.inner_text()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("letters", "N must be a number; “letters” is none."),
        ("", "N must be a number; the box is empty."),
        ("999999999", "N must lie between 100 and 20,000; 999999999 does not."),
    ],
)
def test_what_is_typed_stays_with_the_reason_in_sight(lab, typed, sentence):
    lab.open("Train").fill("Training samples N", typed)
    alert = lab.page.locator("[data-testid='stAlert']").filter(has_text=sentence)
    alert.wait_for()
    assert lab.page.get_by_label("Training samples N", exact=True).input_value() == typed
    box = alert.bounding_box()
    assert 0 <= box["y"] <= lab.page.viewport_size["height"] - box["height"]


def test_sidebar_of_the_page_is_live(lab):
    lab.open("Train")
    lab.drag("zeta", 0.6, 0.7)
    zeta = lab.text_box("zeta").input_value()
    lab.page.get_by_text(f"ζ = {float(zeta.replace('−', '-')):g}".replace("-", "−")).wait_for()
