"""What the live route answers while a control is dragged on the pages of the maps: the page's own pictures, no more."""

import json
import re
from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest

from dashboard import live_route
from dashboard.pictures import accuracy, inverse_map, limit, posterior, results, states_fit, support, your_data
from dashboard.pictures import uncertainty as uncertainty_page
from dashboard.pictures.clouds import DRAWS_DRAGGED
from dashboard.scene.address import to_address
from dashboard.scene.experiment import Experiment
from dashboard.scene.holdings import Holdings, keep
from dashboard.scene.observation import Trace
from dashboard.scene.scene import Scene
from dashboard.scene.states_fit import Fitting, Settings
from tests.dashboard.conftest import decoded, told

SHORT = Experiment(t_end=60)
UNKNOWN = ("theta0", "theta1", "gamma", "u0", "v0")
FORM = Fitting(Settings(UNKNOWN, (0.4, 0.4, -0.4, 3.0, 0.0, 0.0), (0.35, 0.35), "sliders"), "")


def answered(page, released, changes, holdings=None):
    """Return the stages of the route's answer, and the scene that it answers for."""
    holdings = holdings or Holdings()
    asked = {
        "page": page,
        "key": keep(holdings),
        "address": to_address(released),
        "changes": changes,
        "drawn": {},
    }
    stages = live_route.answer(live_route.read(json.dumps(asked).encode()))["stages"]
    return json.loads(json.dumps(stages)), Scene(replace(released, **changes), released, True, holdings)


def settle(page, released, holdings=None):
    """Compute what a page shows at a release."""
    scene = Scene(released, released, holdings=holdings or Holdings())
    for module, function in live_route.PAGES[page].values():
        getattr(import_module(module), function)(scene)


def as_json(shown):
    return {**json.loads(json.dumps(shown.as_json())), "settled": False}


def shapes_of(plot):
    return plot["figure"]["layout"]["shapes"]


def never(*_, **__):
    raise AssertionError("computed under the hand")


def assert_alike(one, other):
    """Hold two answers against each other to rounding, in which two runs of a network may differ."""
    if isinstance(one, dict) and "bdata" in one:
        np.testing.assert_allclose(decoded(one), decoded(other), rtol=0, atol=1e-5)
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for name in one.keys() - {"version", "datarevision"}:  # checks of all numbers, to the last bit
            assert_alike(one[name], other[name])
    elif isinstance(one, list):
        assert len(one) == len(other)
        for each, its in zip(one, other, strict=True):
            assert_alike(each, its)
    else:
        assert one == (pytest.approx(other, abs=1e-5) if isinstance(other, float) else other)


@pytest.mark.parametrize("changes", [{"theta0": 0.5}, {"sigma": 0.11}, {"zeta": -0.3, "seed": 4}])
def test_the_clouds_follow_the_hand_and_the_test_samples_are_left_alone(monkeypatch, changes):
    for name in ("picture", "predictions", "_still"):
        monkeypatch.setattr(accuracy, name, never)
    stages, scene = answered("inverse_map", Experiment(), changes)
    assert list(stages) == ["inverse_map_stage"]
    assert_alike(stages["inverse_map_stage"], as_json(inverse_map.picture(scene)))
    still = as_json(inverse_map.picture(replace(scene, dragging=False)))
    estimates, spread, resimulated = stages["inverse_map_stage"]["plots"]
    # Under the hand a cloud is the first of its 200 draws: n of them leave a spread an sd of about 1 / √(2 n).
    clouds = [
        [shape["dots"] for shape in shapes_of(plot) if "dots" in shape] for plot in (estimates, still["plots"][0])
    ]
    for dragged, settled in zip(*clouds, strict=True):
        # A map that simulates each draw has none meanwhile.
        for axis in "xy" if decoded(dragged["y"]).size else "":
            np.testing.assert_allclose(decoded(dragged[axis]), decoded(settled[axis])[:DRAWS_DRAGGED], atol=1e-4)
    marks = [[shape["xanchor"] for shape in shapes_of(plot)[::2]] for plot in (spread, still["plots"][1])]
    there = np.array(marks[0]) < 1e3  # others stand beyond the axis
    np.testing.assert_allclose(*np.array(marks)[:, there], rtol=4 / np.sqrt(2 * DRAWS_DRAGGED))  # four sds
    assert [plot["skeleton"] for plot in (estimates, spread)] == [plot["skeleton"] for plot in still["plots"][:2]]
    assert resimulated == still["plots"][2]
    assert stages["inverse_map_stage"]["table"] == still["table"]
    assert not stages["inverse_map_stage"]["stale"]


def test_estimates_names_and_bars_slide_without_being_drawn_anew():
    """A plot of the same skeleton is moved by the browser itself; another one Plotly has to draw."""
    stages = [
        answered("inverse_map", Experiment(), {"theta0": theta0})[0]["inverse_map_stage"] for theta0 in (0.42, 0.45)
    ]
    first, second = ({plot["id"]: plot["skeleton"] for plot in stage["plots"]} for stage in stages)
    assert list(first) == ["estimates", "spread", "resimulated"]
    assert first == second
    # The names stay, and the lines from the estimates to them follow. The narrow map, at whose fence θ₀ = 0.42 lies,
    # need not.
    names = [[trace for trace in stage["plots"][0]["figure"]["data"] if trace["mode"] == "text"] for stage in stages]
    assert names[0] == names[1]
    starts = [
        [
            float(found[1])
            for shape in shapes_of(stage["plots"][0])
            if (found := re.fullmatch(r"M([^,]+),[^ML]+L[^ML]+", shape.get("path", "")))
        ]
        for stage in stages
    ]
    texts = names[0][0]["text"]
    assert len(starts[0]) == len(texts)
    moved = {name: after > before for name, before, after in zip(texts, *starts, strict=True)}
    assert all(moved[name] for name in texts if name != "narrow")


def test_the_mark_of_the_noise_is_the_one_part_below_that_follows():
    stages, scene = answered("inverse_map", Experiment(test_view="noise"), {"sigma": 0.11})
    assert stages["accuracy_below"] == as_json(accuracy.picture(scene))
    (mark,) = stages["accuracy_below"]["plots"][0]["figure"]["layout"]["shapes"]
    assert mark["path"].startswith("M0.11,")


def test_the_window_of_the_limit_stays_and_no_posterior_is_computed(monkeypatch):
    released = replace(SHORT, limit=True)
    before = inverse_map.picture(Scene(released, released)).plots[0].figure["layout"]
    monkeypatch.setattr(results.exact, "posterior", never)
    monkeypatch.setattr(limit, "posterior", never)
    for sigma in (0.1, 0.2):
        stage = answered("inverse_map", released, {"sigma": sigma})[0]["inverse_map_stage"]
        layout = stage["plots"][0]["figure"]["layout"]
        assert layout["xaxis"]["range"] == before["xaxis"]["range"]
        assert "Let go to see the exact posterior." in stage["why"]


def test_a_fast_posterior_follows_the_hand_and_what_supports_it_is_dimmed(monkeypatch):
    monkeypatch.setattr(posterior, "FOLLOWS", 1e3)
    settle("uncertainty", SHORT)
    below = support.picture(Scene(SHORT, SHORT))
    for name in ("_prediction", "_table"):
        monkeypatch.setattr(support, name, never)
    monkeypatch.setattr(results.laplace_approximation, "laplace", never)
    kept = len(results._results)
    stages, scene = answered("uncertainty", SHORT, {"theta0": 0.45})
    main = stages["uncertainty_stage"]
    assert main == as_json(uncertainty_page.picture(scene))
    assert not main["stale"]
    assert "θ₀ = 0.4" in told(main)[0]
    assert stages["uncertainty_below"] == as_json(below.as_it_is(stale=True))
    assert stages["uncertainty_below"]["table"] == as_json(below)["table"]
    assert all(plot == {"id": plot["id"], "kept": True, "stale": True} for plot in stages["uncertainty_below"]["plots"])
    assert len(results._results) == kept  # what a drag passes drives nothing out


def test_the_window_of_a_posterior_stays_as_long_as_it_holds_the_mean(monkeypatch):
    monkeypatch.setattr(posterior, "FOLLOWS", 1e3)
    settle("uncertainty", SHORT)

    def box(theta0):
        stages, _ = answered("uncertainty", SHORT, {"theta0": theta0})
        layout = stages["uncertainty_stage"]["plots"][0]["figure"]["layout"]
        return layout["xaxis"]["range"], layout["yaxis"]["range"]

    # The posterior's sd is 0.007.
    assert box(0.401) == box(0.4)
    (low, high), _ = box(0.6)
    assert low > box(0.4)[0][1]
    assert low < 0.6 < high


def test_a_slow_posterior_stays_as_it_was_and_is_dimmed(monkeypatch):
    monkeypatch.setattr(posterior, "FOLLOWS", 0.0)
    settle("uncertainty", SHORT)
    before = uncertainty_page.picture(Scene(SHORT, SHORT))
    monkeypatch.setattr(results.exact, "posterior", never)
    stages, _ = answered("uncertainty", SHORT, {"theta0": 0.45})
    for stage in stages.values():
        assert stage["stale"]
        assert all(plot["kept"] and plot["stale"] for plot in stage["plots"])
    assert told(stages["uncertainty_stage"]) == [before.answer, *filter(None, before.why), *before.said]


def test_a_drag_from_data_that_are_lost_finds_a_posterior():
    lost = replace(SHORT, theta1=-3.0)
    stages, _ = answered("uncertainty", lost, {"theta1": 0.4})
    assert list(stages) == ["uncertainty_stage"]
    assert "figure" in stages["uncertainty_stage"]["plots"][0]


def test_the_estimates_of_the_maps_follow_the_hand_and_the_searches_wait(monkeypatch):
    holdings = Holdings(fitting=FORM)
    released = Experiment()
    settle("your_data", released, holdings)
    fit = states_fit.picture(Scene(released, released, holdings=holdings))
    monkeypatch.setattr(results.minima, "map_estimate", never)
    stages, scene = answered("your_data", released, {"theta0": 0.5}, holdings)
    assert list(stages) == ["your_data_stage", "states_stage"]
    assert stages["your_data_stage"] == as_json(your_data.picture(scene))
    rows = {row[0]["text"]: row[1:] for row in stages["your_data_stage"]["table"][1:]}
    assert rows["MAP"][:2] == ["–", "–"]
    assert rows["MAP"][2].startswith("Let go to update.")
    assert float(rows["best"][0].split(" ± ")[0]) == pytest.approx(0.5, abs=0.03)
    assert stages["states_stage"] == as_json(fit.as_it_is(stale=True))
    assert stages["states_stage"]["stale"]


def test_a_recording_with_gaps_leaves_the_fit_alone_on_the_page():
    u = np.sin(np.arange(60) * 0.2)
    u[7] = np.nan
    holdings = Holdings(recording=Trace("gaps.csv", np.arange(60) * 0.2, u), fitting=FORM)
    stages, _ = answered("your_data", Experiment(), {"gamma": 4.0, "theta0": "many"}, holdings)
    assert list(stages) == ["states_stage"]
    assert "θ₀ must be a number" in stages["states_stage"]["notes"][0]
    assert stages["states_stage"]["notes"][1].startswith("gaps.csv: u has gaps, so that of all estimates")


def test_a_refused_value_is_said_above_the_first_stage_alone():
    settle("your_data", Experiment())
    stages, _ = answered("your_data", Experiment(), {"theta0": "many"}, Holdings(fitting=FORM))
    said = {name: any("θ₀ must be a number" in note for note in stage["notes"]) for name, stage in stages.items()}
    assert said == {"your_data_stage": True, "states_stage": False}


def test_sessions_that_compute_the_same_means_at_once_share_them(monkeypatch):
    monkeypatch.setattr(limit, "N_MEANS", 4)
    experiment = replace(SHORT, limit=True)
    first, second = (limit.fresh_noise(Scene(experiment, experiment)) for _ in range(2))
    # Both compute every draw, and the second to come is dropped.
    assert list(zip(limit.complete(first), limit.complete(second), strict=False)) == [(i, i) for i in range(4)]
    together = first.known
    assert len(together) == len(second.known) == 4
    results._results.clear()
    assert list(limit.complete(first)) == [0, 1, 2, 3]
    np.testing.assert_array_equal(first.known, together)
