"""The basins on the Landscape page: explored in the background, drawn as they grow, stopped, and dropped."""

import numpy as np
import pytest

from tests.browser.drawings import check_picture
from tests.browser.lab import BESIDE

pytestmark = pytest.mark.browser

SHORT = "beside=basins&t_end=20&explored=grid-10"
LONG = "beside=basins&t_end=400&explored=grid-30&explorer=Adam"
IDLE = "document.querySelector('.lab-tools [data-field=wish]').textContent === 'Explore basins'"
SOME = "document.querySelector('.lab-progress progress')?.value > 0"


def cells(lab):
    """Return the cells of the basin map; None where no start has ended."""
    return lab.drawing("basins")["traces"][0]["z"]


def test_basins_are_explored_drawn_and_listed(tab):
    lab = tab(device_scale_factor=2).open("Landscape", SHORT)
    assert lab.page.locator(".lab-table tbody tr").count() == 0
    lab.press("Explore basins")
    lab.until(f"{SOME} && {IDLE}")
    # The controls stand a moment before the plots are drawn.
    lab.until("drawing('basins').traces[0].z?.flat().every(Number.isFinite)")
    z = np.array(cells(lab), dtype=float).reshape(10, 10)
    assert np.all(np.isfinite(z))
    assert "100 of 100 starts" in lab.page.locator(".lab-progress").inner_text()
    ends = lab.drawing("waterfall")["traces"][0]["y"]
    assert len(ends) == 100
    assert ends == sorted(ends)
    # The MAP estimate, from which all are measured, is a minimum to 1e-7, as the search for it ends.
    assert ends[0] == pytest.approx(0, abs=1e-6)
    table = lab.table()
    assert table["1"][1] == "0"
    # The truth's cell is one of those that lead to the lowest minimum, which lies beside the truth.
    place = [float(number.replace("−", "-")) for number in table["1"][0].split(", ")]
    assert place == pytest.approx((0.4, 0.4), abs=0.1)
    assert sum(float(row[-1].rstrip("\u00a0%")) for name, row in table.items() if name != "minimum") <= 100.1
    assert "L-BFGS-B found" in lab.page.locator(".lab-answer").inner_text()
    share = lab.page.locator(".lab-answer").inner_text().split("; ")[1].split(" ")[0]
    assert table["1"][-1] == share  # of the starts run, as the answer says
    # Beside the truth, the saved pictures name each minimum that has a colour.
    assert check_picture(lab, "basins") == check_picture(lab, "waterfall") + 1 > 2
    # A click in it starts a race from there.
    lab.click("basins", 0.5, 0.9).race_stands()
    assert "L-BFGS-B" in [trace["name"] for trace in lab.drawing("map")["traces"]]
    assert lab.shown() == ["map", "basins", "waterfall"]


def test_exploration_is_stopped_and_keeps_what_it_found(lab):
    lab.open("Landscape", LONG)
    lab.press("Explore basins")
    lab.until(SOME)
    with lab.painting():
        lab.page.locator(".lab-tools [data-field=wish]").click()
    lab.until(f"{IDLE} && {SOME}")
    share = lab.evaluate("document.querySelector('.lab-progress progress').value")
    assert 0 < share < 1
    assert "Stopped at" in lab.page.locator(".lab-progress").inner_text()
    found = [z for z in cells(lab) if z is not None]
    assert len(found) >= 1
    # A drag of the candidate leaves it; another problem drops it.
    lab.drag("candidate_theta0", 0.4)
    assert [z for z in cells(lab) if z is not None] == found
    lab.drag("theta0", 0.6)
    assert "z" not in lab.drawing("basins")["traces"][0] or not cells(lab)
    assert "The problem has changed" in lab.evaluate("plot('basins').layout.annotations[0].text")


@pytest.mark.long
def test_exploration_goes_on_beside_other_pictures_and_survives_a_page_change(lab):
    lab.open("Landscape", LONG)
    lab.press("Explore basins")
    lab.until(SOME)
    lab.choose("beside", "fit")
    lab.drag("candidate_theta0", 0.4, 0.5)
    lab.go("Neuron").drag("theta1", 0.6)
    lab.page.go_back()
    lab.stand("Landscape")
    lab.choose("beside", "basins")
    # The data have changed meanwhile.
    assert "The problem has changed" in lab.evaluate("plot('basins').layout.annotations[0].text")
    assert lab.evaluate(IDLE)


def test_every_picture_beside_the_map_has_a_title_and_axis_names(lab):
    lab.open("Landscape", "t_end=40")
    for beside, plots in BESIDE.items():
        if beside != "fit":
            lab.choose("beside", beside)
        assert lab.shown() == ["map", *plots]
        for plot in plots:
            layout = lab.evaluate("(id) => JSON.parse(JSON.stringify(plot(id).layout))", plot)
            axes = layout.get("scene", layout)
            assert layout["title"]["text"]
            assert axes["xaxis"]["title"]["text"]
            assert axes["yaxis"]["title"]["text"]
