"""The race on the Landscape page: started by a click, played in the browser, and the same for whoever has the link."""

import numpy as np
import pytest

pytestmark = pytest.mark.browser

RACING = ("Gradient descent", "Adam", "L-BFGS-B", "Levenberg–Marquardt", "Nelder–Mead")
START = (0.76, 0.88)  # from here some methods reach the global minimum of the default preset, and others do not
PLAYED = "document.querySelector('.lab-play').textContent === 'Play'"


def paths(lab, plot="map"):
    """Return the traces of the race in a plot, name → trace; without the legend's entries, which have no line."""
    traces = lab.drawing(plot)["traces"]
    return {trace["name"]: trace for trace in traces if trace["name"] in RACING and trace["x"] != [None]}


def outlines(lab, plot="map"):
    """Return the lines of the race as they are on screen."""
    return [lab.outline(plot, name) for name in RACING]


def crosses(lab, plot="map"):
    """Return how many white crosses, which mark ends, are on screen."""
    return lab.evaluate(
        """(id) => plot(id).data.flatMap(({ meta }) => meta?.clock ? [meta.end] : []).filter((end) => (
          plot(id).querySelector(`.shapelayer path[data-index="${end}"]`).style.display !== "none"
        )).length""",
        plot,
    )


def answer(lab):
    return lab.page.locator(".lab-answer").inner_text()


def scrub(lab, share):
    """Draw the slider of the race to a share of its way."""
    lab.page.locator(".lab-player input[type=range]").fill(str(share))


def test_hint_and_methods_stand_on_the_first_screen(lab):
    lab.open("Landscape")
    hint = lab.page.locator(".lab-player p")
    assert "Click the map: 5 methods" in hint.inner_text()
    for node in (hint, lab.page.locator("[data-field=methods]"), lab.page.locator("[data-field=adding]")):
        box = node.bounding_box()
        assert 0 < box["y"] < box["y"] + box["height"] < 400
    assert lab.page.locator(".lab-buttons").is_hidden()


def test_click_starts_a_race_that_plays_pauses_steps_and_ends_in_different_minima(lab):
    lab.open("Landscape").race(*START)
    # It plays of itself, and the loss curves stand beside the map.
    assert lab.values()["beside"] == "race"
    lab.until("document.querySelector('.lab-clock').textContent.startsWith('evaluation 3 ')")
    early = outlines(lab), outlines(lab, "course")
    lab.until("parseInt(document.querySelector('.lab-clock').textContent.split(' ')[1]) > 8")
    lab.press("Pause")
    later = outlines(lab), outlines(lab, "course")
    assert all(one != other for one, other in zip(early[0] + early[1], later[0] + later[1], strict=True))
    # A step goes to the next evaluation at which something moves.
    before, last = lab.clock()
    lab.press("Step")
    assert before < lab.clock()[0] < last
    assert crosses(lab) == 0
    scrub(lab, 1)
    assert lab.clock() == (last, last)
    assert crosses(lab) == crosses(lab, "course") == len(RACING)
    drawn = paths(lab)
    ends = {name: (trace["x"][-1], trace["y"][-1]) for name, trace in drawn.items()}
    for trace in drawn.values():
        assert (trace["x"][0], trace["y"][0]) == pytest.approx(START, abs=0.01)
    heights = {name: trace["y"][-1] for name, trace in paths(lab, "course").items()}
    at_truth = {name for name, end in ends.items() if np.allclose(end, (0.4, 0.4), atol=0.01)}
    assert 1 <= len(at_truth) < len(RACING)
    assert all((heights[name] < 0.2) == (name in at_truth) for name in RACING)
    assert f"{len(at_truth)} of 5 runs found the best fit" in answer(lab)
    # The table says the same of each method, once the clock has passed its end.
    table = lab.table()
    assert {name for name in RACING if table[name][0].startswith("✓")} == at_truth
    spent = {name: int(table[name][0].split()[1].replace(",", "")) for name in RACING}
    assert max(spent.values()) == last
    # Back at the start all heads stand there; played again from the end it begins anew.
    lab.press("Back")
    assert lab.clock()[0] == 1
    assert {lab.table()[name][0] for name in RACING} == {"1"}
    assert all(lab.evaluate("(name) => outline('map', name).getTotalLength() < 1", name) for name in RACING)
    scrub(lab, 0.97)
    lab.press("Play")
    lab.until(PLAYED)
    assert lab.clock() == (last, last)
    with lab.painting():
        lab.press("Clear the starts")
    assert not paths(lab)
    assert lab.page.locator(".lab-player p").is_visible()


@pytest.mark.long
def test_reload_shows_the_whole_race_without_playing_it(lab):
    lab.open("Landscape").race(*START)
    lab.press("Pause")
    scrub(lab, 1)
    before = lab.drawing("map"), lab.drawing("course"), lab.table()
    lab.until("location.search.includes('starts=0.7')")
    lab.page.reload()
    lab.stand("Landscape")
    assert (lab.drawing("map"), lab.drawing("course"), lab.table()) == before
    assert lab.clock()[0] == lab.clock()[1]
    assert crosses(lab) == len(RACING)


@pytest.mark.long
def test_candidate_is_dragged_while_a_race_plays(lab):
    lab.open("Landscape").race(*START)
    with lab.held_candidate():
        clocks = []
        for place in ((0.5, 0.5), (0.3, 0.6), (0.2, 0.7)):
            with lab.painting(final=False):
                lab.page.mouse.move(*lab.pixel("map", *place))
            clocks.append(lab.clock()[0])
            assert crosses(lab) < len(RACING)
    assert lab.value("candidate_theta0") == pytest.approx(0.2, abs=0.01)
    lab.until(
        "(before) => parseInt(document.querySelector('.lab-clock').textContent.split(' ')[1]) > before", clocks[-1]
    )
    assert clocks == sorted(clocks)
    lab.press("Pause")
    # What a page change leaves is the whole race.
    lab.go("Neuron").go("Landscape")
    assert lab.clock()[0] == lab.clock()[1]
    lab.page.go_back()
    lab.stand("Neuron")


def test_race_of_those_who_want_no_motion_stands_at_its_end(lab):
    lab.page.emulate_media(reduced_motion="reduce")
    lab.open("Landscape", "t_end=60").race(*START)
    assert lab.clock()[0] == lab.clock()[1] > 1
    assert lab.page.locator(".lab-play").inner_text() == "Play"
    assert crosses(lab) == len(RACING)


@pytest.mark.long
def test_starts_are_added_up_to_five_and_methods_are_chosen(lab):
    lab.open("Landscape", "t_end=40&methods=Nelder–Mead")
    lab.race(0.1, 0.9).race(0.5, 0.5)
    assert lab.page.locator(".lab-table tr").count() == 2  # the head, and one row
    lab.tick("adding")
    for i in range(4):
        lab.race(0.1 + 0.2 * i, 0.1)
    lab.click("map", 0.9, 0.9)
    assert "At most 5 starts race at once" in lab.notes()
    assert len(lab.table()["Nelder–Mead"]) == 5  # a column for each start
    assert "of 5 runs" in answer(lab)
    with lab.painting():
        lab.page.locator("[data-field=methods] label").filter(has_text="Nelder–Mead").click()
    assert "A race needs at least one method" in lab.notes()
    with lab.painting():
        lab.page.locator("[data-field=methods] label").filter(has_text="L-BFGS-B").click()
    lab.race_stands()
    assert lab.page.locator(".lab-table tr").count() == 3
    assert "of 10 runs" in answer(lab)


@pytest.mark.long
def test_clicks_made_while_a_race_is_computed_are_starts_and_a_double_click_is_one(lab):
    lab.open("Landscape", "adding=1&methods=Adam,Nelder–Mead")
    before = lab.range("map")
    with lab.painting():
        for i in range(4):
            lab.page.mouse.click(*lab.pixel("map", 0.1 + 0.2 * i, 0.9))
    lab.race_stands()
    lab.until("document.querySelectorAll('.lab-table th').length === 5")
    lab.page.mouse.dblclick(*lab.pixel("map", 0.9, 0.1))
    lab.until("document.querySelectorAll('.lab-table th').length === 6")
    assert lab.notes() == ""
    assert lab.range("map") == before


def test_no_label_of_one_method_stays_on_the_common_start(lab):
    lab.open("Landscape", "t_end=60").race(*START)
    lab.until("plot('map')?._fullLayout")
    lab.page.mouse.move(*lab.pixel("map", START[0] + 0.001, START[1]))
    lab.until("plot('map')?.querySelector('.hoverlayer .hovertext')")
    said = lab.evaluate("plot('map').querySelector('.hoverlayer').textContent")
    assert not [name for name in RACING if name in said]
