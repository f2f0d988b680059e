import copy

import numpy as np
import pytest

from dashboard.figures.style import array, axis, dots, layout, legend_entry, line, mark
from dashboard.pictures.shown import Plot


def figure(level=0.0, at=(0.1, 0.2), heat=1.0, line_colour="#0072B2", mark_colour="#0072B2", title="title", n=50):
    """Return a figure with a line at a level, a mark at a place and a heat map."""
    x = np.arange(n)
    return {
        "data": [
            {"type": "heatmap", "z": array(np.full((3, 3), heat))},
            line("truth", line_colour, x=array(x), y=array(np.sin(x) + level)),
            legend_entry("mark", "circle", "#0072B2"),
        ],
        "layout": layout(
            title,
            axis("x"),
            axis("y", range=[0, 1]),
            shapes=[mark("circle", mark_colour, at), dots("#0072B2", x, x * level)],
        ),
    }


def checksums(drawn):
    spec = Plot("plot", drawn).as_json()
    return spec["version"], spec["skeleton"]


VERSION, SKELETON = checksums(figure())


def test_equal_figures_have_equal_versions():
    assert checksums(copy.deepcopy(figure())) == (VERSION, SKELETON)


@pytest.mark.parametrize(
    "change", [{"level": 1e-3}, {"at": (0.1, 0.2001)}, {"n": 51}], ids=["line and dots", "mark", "longer line"]
)
def test_what_slides_changes_the_version_alone(change):
    version, skeleton = checksums(figure(**change))
    assert version != VERSION
    assert skeleton == SKELETON


@pytest.mark.parametrize(
    "change", [{"heat": 1.001}, {"line_colour": "#D55E00"}, {"mark_colour": "#D55E00"}, {"title": "other"}]
)
def test_what_plotly_has_to_draw_changes_the_skeleton(change):
    version, skeleton = checksums(figure(**change))
    assert version != VERSION
    assert skeleton != SKELETON


def test_a_mark_more_or_another_range_has_to_be_drawn():
    more, wider, legend = figure(), figure(), figure()
    more["layout"]["shapes"].append(mark("star", "#000000", (0.5, 0.5)))
    wider["layout"]["yaxis"]["range"] = [0, 2]
    legend["data"].append(legend_entry("other", "star", "#000000"))
    for drawn in (more, wider, legend):
        assert checksums(drawn)[1] != SKELETON


def test_the_browser_gets_the_figure_as_it_is_with_a_revision_of_its_data():
    drawn = figure()
    sent = Plot("plot", drawn).as_json()["figure"]
    assert [{**trace, "uid": None} for trace in sent["data"]] == [{**trace, "uid": None} for trace in drawn["data"]]
    assert {**sent["layout"], "datarevision": None} == {**drawn["layout"], "datarevision": None}
    moved = [
        Plot("plot", figure(**change)).as_json()["figure"]["layout"] for change in ({"at": (0, 0)}, {"level": 1.0})
    ]
    assert moved[0]["datarevision"] == sent["layout"]["datarevision"]
    assert moved[1]["datarevision"] != sent["layout"]["datarevision"]
    assert "datarevision" not in drawn["layout"]


def test_each_trace_keeps_its_identity_while_others_come_and_go():
    drawn, more = figure(), figure()
    more["data"][1:1] = [line("truth 2", "#000000"), line("truth", "#000000")]
    before, after = (
        [trace["uid"] for trace in Plot("plot", each).as_json()["figure"]["data"]] for each in (drawn, more)
    )
    assert len(set(after)) == 5
    # The first of two that bear one name is the one that bore it before.
    assert before == [after[0], after[2], after[4]]
    assert not any("uid" in trace for trace in drawn["data"])


def test_a_plot_says_what_the_hand_can_do_in_it():
    handle = ((0.6, 0.4), ("candidate_theta0", "candidate_theta1"))
    spec = Plot("map", figure(), ("theta0", "theta1"), handles=[handle]).as_json()
    assert spec["id"] == "map"
    assert spec["click"] == {"x": "theta0", "y": "theta1"}
    assert Plot("map", figure(), "start").as_json()["click"] == {"both": "start"}
    assert spec["handles"] == [{"at": (0.6, 0.4), "x": "candidate_theta0", "y": "candidate_theta1"}]
    ends = [((0.5, 0.4), ("end", "")), ((0.4, 0.5), ("", "top"))]
    several = Plot("prior", figure(), handles=ends).as_json()["handles"]
    assert several == [{"at": (0.5, 0.4), "x": "end", "y": ""}, {"at": (0.4, 0.5), "x": "", "y": "top"}]
    assert not {"click", "handles"} & Plot("map", figure()).as_json().keys()


def test_a_kept_plot_sends_nothing():
    assert Plot("surface", None).as_json() == {"id": "surface", "kept": True, "stale": False}
