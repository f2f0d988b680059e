"""The list of the maps that were trained here: a few of many are chosen by name."""

import re
import shutil

import pytest

from core.maps.inverse_map import PRETRAINED
from tests.browser.axe import violations

NAMES = [f"copy-{i:02d}" for i in range(1, 13)]


@pytest.fixture(autouse=True)
def _twelve_maps(server_runs):
    """Copies of a shipped map, which are gone when other tests look."""
    for name in NAMES:
        (server_runs / name).mkdir(parents=True)
        for kind in (".json", ".safetensors"):
            shutil.copy(PRETRAINED / f"cnn-noisy{kind}", server_runs / name / f"{name}{kind}")
    yield
    for name in NAMES:
        shutil.rmtree(server_runs / name)


def listed(lab):
    """Return the names in the list that are in sight."""
    return lab.page.locator(".lab-chooser-list label:visible").all_inner_texts()


def await_copies(lab, *names):
    """Wait until these copies, and no others, have rows in the tables."""
    lab.until(
        "(names) => [...new Set([...document.querySelectorAll('.lab-table tr > :first-child')]"
        ".map((cell) => cell.textContent).filter((name) => name.startsWith('copy-')))].join() === names",
        ",".join(names),
    )


def tick(lab, name):
    with lab.painting():
        lab.page.get_by_role("checkbox", name=name).click()


def test_a_few_of_many_maps_are_chosen_by_name(lab):
    lab.open("Inverse map", "t_end=20&own_maps=copy-03")  # a window that few maps read is quick
    await_copies(lab, "copy-03")
    button = lab.page.locator("[data-field=own_maps] > button")
    assert re.fullmatch(r"maps trained here: 1 of \d+", button.inner_text())
    button.click()
    newest_first = [name for name in listed(lab) if name in NAMES]
    assert newest_first == NAMES[::-1]
    lab.page.keyboard.type("COPY-1")  # the box for it has the focus
    assert listed(lab) == ["copy-12", "copy-11", "copy-10", "copy-03"]
    assert violations(lab) == []
    tick(lab, "copy-12")
    await_copies(lab, "copy-03", "copy-12")
    lab.until("location.search.includes('own_maps=copy-03%2Ccopy-12')")
    for name in ("copy-03", "copy-12"):
        tick(lab, name)
    await_copies(lab)
    lab.until("location.search.includes('own_maps=-')")
    lab.page.keyboard.press("Escape")
    lab.page.locator(".lab-chooser-leaf").wait_for(state="hidden")
    lab.drag("theta0", 0.6)
    assert button.inner_text().startswith("maps trained here: 0 of ")


def test_no_more_maps_can_be_ticked_than_stand_side_by_side(lab):
    lab.open("Your data", f"own_maps={','.join(NAMES[:4])}")
    await_copies(lab, *NAMES[:4])
    lab.page.locator("[data-field=own_maps] > button").click()
    tick(lab, "copy-12")
    await_copies(lab, *NAMES[:4], "copy-12")
    assert lab.page.get_by_role("checkbox", name="copy-11").is_disabled()
    said = lab.page.locator(".lab-chooser-leaf p")
    assert said.inner_text() == "5 are shown, which is the most: untick one first."
    tick(lab, "copy-01")
    assert lab.page.get_by_role("checkbox", name="copy-11").is_enabled()
    lab.page.get_by_role("searchbox").fill("no such map")
    assert said.inner_text() == "No map has this in its name."
    assert listed(lab) == ["copy-12", "copy-04", "copy-03", "copy-02"]
