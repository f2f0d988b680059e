"""The Landscape's pictures while a control is dragged: what the route answers, and what is not computed again."""

import io
import json
from base64 import b64decode

import numpy as np
import pytest
from PIL import Image

from core.optimisation.basins import start_grid
from dashboard import live_route
from dashboard.background.basins import Explored, exploration, with_ends
from dashboard.figures.heat_image import heat_image
from dashboard.figures.landscape import COLOURS
from dashboard.pictures import landscape, look, results
from dashboard.pictures.shown import Plot
from dashboard.scene.address import to_address
from dashboard.scene.changes import change
from dashboard.scene.experiment import Experiment
from dashboard.scene.holdings import Holdings, keep
from dashboard.scene.problem import problem_of
from dashboard.scene.scene import Scene

EXPERIMENT = Experiment(t_end=40)


def released(experiment=EXPERIMENT, holdings=None):
    """Return the scene of a page that stands, and what it shows."""
    scene = Scene(experiment, experiment, holdings=holdings or Holdings())
    results.map_estimate(problem_of(experiment, scene.observation))
    return scene, landscape.picture(scene)


def dragged(scene, **changes):
    return Scene(change(scene.released, changes)[0], scene.released, True, scene.holdings)


def skeletons(shown):
    return {plot["id"]: plot["skeleton"] for plot in shown.as_json()["plots"] if "skeleton" in plot}


def answered(scene, changes, drawn):
    """Return the stage that the live route answers with."""
    asked = {"page": "landscape", "key": keep(scene.holdings), "address": to_address(scene.released)}
    content = json.dumps({**asked, "changes": changes, "drawn": drawn}).encode()
    return json.loads(json.dumps(live_route.answer(live_route.read(content))))["stages"]["landscape_stage"]


@pytest.mark.parametrize("beside", ["fit", "residual", "surface", "race", "basins"])
@pytest.mark.parametrize(("field", "value"), [("candidate_theta0", 0.5), ("theta0", 0.41), ("zeta", -0.35)])
def test_the_route_answers_with_what_the_page_shows_while_a_control_is_dragged(field, value, beside):
    changes = {field: value}
    scene, _ = released(Experiment(t_end=40, beside=beside))
    on_page = json.loads(json.dumps(landscape.picture(dragged(scene, **changes)).as_json()))
    answer = answered(scene, changes, {})
    assert not answer.pop("settled")
    assert answer == on_page


def test_a_plot_of_the_same_skeleton_is_sent_as_its_moves():
    scene, shown = released()
    stage = answered(scene, {"candidate_theta0": 0.5}, skeletons(shown))
    full = answered(scene, {"candidate_theta0": 0.5}, {})
    for moved, whole in zip(stage["plots"], full["plots"], strict=True):
        assert "figure" not in moved
        assert moved["moved"]["shapes"] == whole["figure"]["layout"].get("shapes", [])
        lines = [trace for trace in whole["figure"]["data"] if trace.get("mode") in ("lines", "text")]
        assert [each["y"] for each in moved["moved"]["data"] if each] == [line["y"] for line in lines]


def counted(monkeypatch):
    calls = []
    for module, name in ((look, "landscape_of"), (landscape.figures, "heat_map"), (look, "lowest_known")):
        original = getattr(module, name)

        def spy(*arguments, name=name, original=original, **settings):
            calls.append(name)
            return original(*arguments, **settings)

        monkeypatch.setattr(module, name, spy)
    return calls


def test_a_drag_of_the_candidate_computes_no_landscape_and_no_heat_map(monkeypatch):
    scene, shown = released(Experiment(t_end=42))
    calls = counted(monkeypatch)
    for value in (0.5, 0.45, 0.3):
        stage = answered(scene, {"candidate_theta0": value}, skeletons(shown))
        heat = stage["plots"][0]["moved"]["data"][0]
        assert heat is None
    assert calls == ["lowest_known"] * 3


def test_the_gradient_is_computed_where_it_is_chosen_and_coarser_while_the_problem_is_dragged(monkeypatch):
    calls = []
    original = look.slopes_of
    monkeypatch.setattr(
        look, "slopes_of", lambda *arguments, **more: calls.append(more) or original(*arguments, **more)
    )
    released(Experiment(t_end=43))
    assert not calls
    scene, shown = released(Experiment(t_end=43, map_shows="gradient"))
    assert shown.plots[0].figure["data"][0]["z"]["shape"] == "100,100"
    sent = answered(scene, {"candidate_theta0": 0.5}, skeletons(shown))["plots"][0]
    assert sent["moved"]["data"][0] is None
    assert calls == [{"released": True}]
    moved = landscape.picture(dragged(scene, theta0=0.5)).plots[0].figure["data"][0]
    assert moved["z"]["shape"] == "30,30"
    assert "image" in moved["meta"]


def test_a_drag_of_the_truth_uses_the_kept_trajectories(monkeypatch):
    scene, _ = released(Experiment(t_end=44))
    monkeypatch.setattr("dashboard.scene.problem.computed_landscape", None)
    shown = landscape.picture(dragged(scene, theta0=0.45))
    assert shown.plots[0].figure["data"][0]["z"]["shape"] == "100,100"


def test_the_course_of_the_race_stays_while_the_candidate_is_dragged():
    scene, _ = released(Experiment(t_end=40, beside="race"))
    plots = {plot.id: plot for plot in landscape.picture(dragged(scene, candidate_theta0=0.5)).plots}
    assert (plots["course"].figure, plots["course"].stale) == (None, False)
    assert plots["fit"].figure is not None
    plots = {plot.id: plot for plot in landscape.picture(dragged(scene, theta0=0.5)).plots}
    assert plots["course"].figure is not None


def test_what_waits_beside_the_basins_is_what_the_release_had():
    """The stage dims metrics, table and sentences together: none of them may then be of the dragged problem."""
    scene, _ = released(Experiment(t_end=40, beside="basins"))
    problem = problem_of(scene.experiment, scene.observation)
    begun = exploration(problem, "L-BFGS-B", start_grid(problem.bounds, 2))
    assert begun.task.wait(60)
    scene.holdings.basins = with_ends(Explored(begun))
    before = landscape.picture(scene)
    waiting = landscape.picture(dragged(scene, theta0=0.45, candidate_theta0=0.5))
    assert waiting.stale
    assert waiting.metrics == before.metrics
    assert (waiting.table, waiting.said) == (before.table, before.said)
    # A drag of the candidate lets nothing wait.
    followed = landscape.picture(dragged(scene, candidate_theta0=0.5))
    assert not followed.stale
    assert followed.metrics[0][1] != before.metrics[0][1]


def test_metrics_follow_beside_basins_that_were_not_explored():
    scene, before = released(Experiment(t_end=40, beside="basins"))
    dragging = landscape.picture(dragged(scene, theta0=0.45))
    assert not dragging.stale
    assert dragging.metrics[0][1] != before.metrics[0][1]


def test_a_heat_map_that_brings_its_image_slides():
    scene, _ = released()
    first, second = (landscape.picture(dragged(scene, zeta=zeta)) for zeta in (-0.401, -0.402))
    drawn = skeletons(first)
    sent = second.as_json(drawn)["plots"][0]
    heat = sent["moved"]["data"][0]
    assert heat["meta"]["image"].startswith("data:image/png;base64,")
    assert set(heat) == {"x", "y", "meta"}
    assert heat["meta"] != first.plots[0].figure["data"][0]["meta"]
    # Let go, it is drawn in full.
    assert "figure" in released()[1].as_json(drawn)["plots"][0]


def test_a_heat_map_without_its_image_does_not_slide():
    def figure(height):
        return {"data": [{"type": "heatmap", "z": [[height]]}], "layout": {}}

    drawn = Plot("plot", figure(1)).as_json()["skeleton"]
    assert "moved" in Plot("plot", figure(1)).as_json(drawn)
    assert "figure" in Plot("plot", figure(2)).as_json(drawn)


def test_the_image_of_a_heat_map_has_its_colours_with_the_first_row_at_the_bottom():
    z = np.array([[0.0, 0.5, 1.0], [2.0, np.nan, 3.0]])
    image = Image.open(io.BytesIO(b64decode(heat_image(z, 0, 2, COLOURS).split(",")[1])))
    pixels = np.asarray(image.convert("RGBA")).astype(int)
    assert pixels.shape == (2, 3, 4)
    places = [place for place, _ in COLOURS]
    stops = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for _, colour in COLOURS])
    for row, column in np.ndindex(z.shape):
        value, pixel = z[row, column], pixels[1 - row, column]
        if np.isnan(value):
            assert pixel[3] == 0
            continue
        expected = [np.interp(min(value / 2, 1), places, channel) for channel in stops.T]
        # A level is at most 1/508 away, over which a colour changes by at most 42 / 0.09 / 508 = 0.92, below 3 % of the
        # scale by 42 / 0.03 / 508 = 2.76 of 255.
        np.testing.assert_allclose(pixel[:3], expected, atol=2.76 + 0.5)
        assert pixel[3] == 255
