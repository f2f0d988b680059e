"""What a legend hides stays hidden, whatever moves meanwhile; test_saved_pictures.py clicks every entry."""

import pytest

from tests.browser.drawings import DOTS, colours

pytestmark = pytest.mark.browser


def dots(lab, plot):
    """Return the colours of the dots that a plot draws, (r, g, b) each."""
    return {colours(each)[0][:3] for each in lab.drawn(plot) if DOTS.fullmatch(each["outline"])}


@pytest.mark.long
def test_hidden_data_stay_hidden_while_the_lines_slide(lab):
    lab.open("Neuron")
    assert dots(lab, "potential")
    lab.click_legend("potential", "data")
    lab.evaluate("plot('potential').on('plotly_afterplot', () => { window.redrawn = (window.redrawn ?? 0) + 1 })")
    lines = {lab.outline("potential", "truth")}
    with lab.held("theta0") as drag_to:
        for share in (0.55, 0.6, 0.65):
            drag_to(share)
            lines.add(lab.outline("potential", "truth"))
            assert not dots(lab, "potential")
        assert len(lines) == 4
        assert lab.evaluate("window.redrawn") is None
    assert lab.evaluate("window.redrawn") > 0
    assert not dots(lab, "potential")
    lab.click_legend("potential", "data")
    assert dots(lab, "potential")
    # They are where the data are now.
    fresh = lab.drawn("potential")
    lab.page.reload()
    assert lab.stand("Neuron").drawn("potential") == fresh


def test_hidden_line_does_not_keep_the_others_from_sliding(lab):
    lab.open("Neuron")
    lab.click_legend("phase", "u′ = 0")
    lab.evaluate("plot('phase').on('plotly_afterplot', () => { window.redrawn = true })")
    lines = {lab.outline("phase", "trajectory")}
    with lab.held("theta0") as drag_to:
        for share in (0.52, 0.54):
            drag_to(share)
            lines.add(lab.outline("phase", "trajectory"))
        assert len(lines) == 3
        assert lab.evaluate("window.redrawn") is None


def test_what_is_hidden_stays_so_when_a_race_begins_and_plays(lab):
    candidate = (179, 107, 0)

    def fills():
        # Of what is closed: the line of the slice is as orange.
        return {colours(each)[-1][:3] for each in lab.drawn("map") if each["outline"].endswith("Z")}

    lab.open("Landscape", "t_end=60")
    assert candidate in fills()
    lab.click_legend("map", "candidate")
    assert candidate not in fills()
    before = len(lab.drawn("map"))
    lab.race(0.76, 0.88)
    lab.until("document.querySelector('.lab-clock').textContent.startsWith('evaluation 3 ')")
    assert len(lab.drawn("map")) > before
    assert candidate not in fills()
    lab.drag("candidate_theta0", 0.3, 0.4)
    assert candidate not in fills()
    lab.press("Pause")
    lab.click_legend("map", "candidate")
    assert candidate in fills()


def test_a_legend_stays_above_its_plot_when_the_window_changes(lab):
    lab.page.set_viewport_size({"width": 390, "height": 844})
    lab.open("Your data")
    for width in (1280, 390, 1920):
        lab.page.set_viewport_size({"width": width, "height": 844})
        lab.until(
            """(() => {
              const box = plot("trace"), top = box.getBoundingClientRect().top + box._fullLayout._size.t
              return box._fullLayout.width === box.clientWidth
                && Math.abs(box.querySelector(".legend").getBoundingClientRect().bottom - top) < 1
            })()"""
        )
