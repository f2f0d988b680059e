"""The lowest loss of the Landscape page: that of the whole box, and never above a loss that stands elsewhere on it."""

import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import differential_evolution

from core.optimisation.basins import basins, explore, start_grid
from core.optimisation.methods import descend
from core.optimisation.minima import map_estimate
from core.problem.landscape import computed_landscape
from dashboard.figures.style import MAP
from dashboard.scene.experiment import Experiment
from dashboard.scene.lowest import lowest_known
from dashboard.scene.observation import observe
from dashboard.scene.presets import PRESETS
from dashboard.scene.problem import problem_of
from tests.dashboard.conftest import checked, decoded, drag, release, told
from tests.dashboard.test_app import first_stage_of

MAP_CARD = "MAP (maximum a posteriori), the least J"


def cross(stage):
    """Return where the cross stands on the map, or None."""
    shapes = stage["plots"][0]["figure"]["layout"]["shapes"]
    return next(((each["xanchor"], each["yanchor"]) for each in shapes if each.get("fillcolor") == MAP), None)


def card(stage, label=MAP_CARD):
    return next(value for name, value, _ in stage["metrics"] if name == label)


def number(text):
    return float(text.split(" at ")[0].replace("−", "-").replace(",", ""))


def query(experiment):
    return {name: getattr(experiment, name) for name in ("theta0", "theta1", "sigma", "t_end")}


def test_the_cross_and_the_card_show_the_minimum_of_a_valley_that_the_grid_misses(visit):
    """Near the bifurcation the grid's lowest is 531.6, at (0.927, 0.149); the minimum is 446.7, at (0.868, 0.389)."""
    stage = first_stage_of(visit("landscape", beside="surface", **query(PRESETS["Near the bifurcation"][1])))
    assert cross(stage) == pytest.approx((0.868, 0.389), abs=1e-3)
    assert card(stage) == "446.7 at 0.868, 0.389"
    assert np.nanmin(decoded(stage["plots"][1]["figure"]["data"][0]["z"])) == pytest.approx(
        np.log10(531.6 - 445.7), abs=0.01
    )


def test_a_candidate_in_the_valley_has_no_lower_loss_than_the_lowest(visit):
    stage = first_stage_of(visit("landscape", candidate_theta0=0.4, candidate_theta1=0.41))
    assert card(stage, "J of the candidate") == "451.7"
    assert number(card(stage)) == pytest.approx(445.4, abs=0.05)


def test_nothing_on_the_page_counts_minima_of_the_grid(visit):
    for preset in ("Published default", "Silent"):
        stage = first_stage_of(visit("landscape", **query(PRESETS[preset][1])))
        assert not [label for label, _, _ in stage["metrics"] if "minima" in label]
        assert "lie below all neighbours" not in " ".join(told(stage))


@pytest.mark.parametrize(
    ("preset", "said"),
    [
        (
            "Published default",
            "Your candidate fires 21 spikes, the data 22: 1 ridge lies between them. A method that only goes downhill "
            "stops in the wrong valley.",
        ),
        ("Silent", "Your candidate fires 21 spikes, the data none: "),
        ("Excited", "Your candidate fires 21 spikes, the data 1: "),
    ],
)
def test_the_answer_counts_the_spikes_and_the_ridges_between_candidate_and_data(visit, preset, said):
    assert told(first_stage_of(visit("landscape", **query(PRESETS[preset][1]))))[0].startswith(said)


def test_the_answer_follows_the_candidate_down_to_the_truth(visit):
    """The ridges along θ₁ = 0.4 are those of tests/core/problem/test_slice.py."""
    for place, ridges in ((0.42, "no ridge lies"), (0.6, "1 ridge lies"), (0.75, "3 ridges lie")):
        stage = first_stage_of(visit("landscape", misfit="white", candidate_theta0=place))
        assert f"{ridges} between them" in stage["answer"]
        assert len(stage["answer"]) <= 135  # two lines beside the equations


def test_the_answer_tells_a_valley_of_as_many_spikes_from_that_of_the_truth(visit):
    """At (−0.088, 0.4) the neuron fires 22 spikes of 1.75 ms by SciPy; at the truth 22 of 2.58 ms."""
    stage = first_stage_of(visit("landscape", candidate_theta0=-0.088))
    assert stage["answer"].startswith("Your spikes are shorter than the data’s: 1 ridge lies between them.")
    assert any("a spike lasts 1.7 ms in one and 2.6 ms in the other" in sentence for sentence in stage["why"])
    stage = first_stage_of(visit("landscape", candidate_theta0=0.4, candidate_theta1=0.4))
    assert stage["answer"].startswith("Your candidate is the truth, with 22 spikes.")


def test_a_hidden_truth_makes_the_slice_wait_for_the_lowest(visit):
    app = visit("landscape", hidden=1, t_end=40)
    stage = first_stage_of(app)
    assert "the best fit" in stage["answer"]
    drag(app, theta1=0.5)
    dragged = first_stage_of(checked(app.run()))
    assert dragged["answer"] == "Let go to see where the lowest loss lies."
    assert [plot["stale"] for plot in dragged["plots"]] == [False, False, True]


@pytest.mark.parametrize(
    "changes",
    [
        {"misfit": "white"},
        {"regularised": False},
        {"sigma": 0.0},
        {"axis_x": "zeta", "axis_y": "gamma"},
        {"axis_x": "gamma", "axis_y": "theta1", "theta0": 0.865},
        {"theta0": 0.0, "theta1": 0.1, "t_end": 400.0},
        {"theta0": -0.1, "theta1": 1.1, "sigma": 0.3},
    ],
    ids=lambda changes: ", ".join(changes),
)
def test_no_search_of_scipy_s_finds_a_loss_below_the_lowest(changes):
    """Differential evolution, of SciPy, over the whole box; at σ = 0 the lowest is that of the truth, which is none."""
    experiment = replace(Experiment(), **changes)
    problem = problem_of(experiment, observe(experiment, None))
    grid = computed_landscape(problem, 40)
    candidate = (experiment.candidate[0], experiment.candidate[1])
    lowest = lowest_known(problem, grid, candidate, map_estimate(problem))
    theirs = differential_evolution(
        lambda values: problem.loss(values.T), problem.bounds, rng=1, vectorized=True, updating="deferred",
        polish=False, popsize=30, maxiter=30,
    )  # fmt: skip
    assert lowest.loss <= theirs.fun + 0.02
    assert lowest.loss <= np.min(grid.loss)
    assert lowest.loss == pytest.approx(float(problem.loss(lowest.position)), abs=0.02)


def test_whatever_lies_lowest_is_the_lowest_wherever_it_was_found():
    experiment = Experiment(t_end=20.0)
    problem = problem_of(experiment, observe(experiment, None))
    grid = computed_landscape(problem, 10)
    at_truth, far = (0.4, 0.4), (0.9, 1.1)
    on_grid = lowest_known(problem, grid, far, None)
    assert on_grid.loss == np.min(grid.loss)
    assert on_grid.position == grid.lowest()
    assert lowest_known(problem, grid, at_truth, None).position == at_truth
    path = descend(problem, np.array([0.42, 0.42]), "L-BFGS-B")
    assert lowest_known(problem, grid, far, None, truth=at_truth).position == at_truth
    raced = lowest_known(problem, grid, far, None, [path])
    assert raced.loss == np.min(path.losses)
    starts = start_grid(problem.bounds, 3)
    found = basins(problem, "L-BFGS-B", starts, dict(explore(problem, "L-BFGS-B", starts)))
    explored = lowest_known(problem, grid, far, None, (), found)
    assert explored.loss == min(on_grid.loss, found.minima[0].loss)


def test_where_nothing_can_be_simulated_there_is_no_lowest_point():
    """From u = 0 no neuron with |ζ| of ten thousand stays below 20."""
    experiment = Experiment(t_end=20.0)
    problem = replace(problem_of(experiment, observe(experiment, None)), known={"zeta": 1e4, "gamma": 3.0})
    assert lowest_known(problem, computed_landscape(problem, 10), (0.4, 0.4), None) is None


def test_while_the_truth_is_dragged_no_lowest_point_is_shown_and_the_candidate_s_drag_keeps_it(visit):
    app = visit("landscape", beside="surface", t_end=40)
    before = first_stage_of(app)
    drag(app, candidate_theta0=0.5)
    moved = first_stage_of(checked(app.run()))
    assert cross(moved) == cross(before)
    assert card(moved) == card(before)
    assert [plot["stale"] for plot in moved["plots"]] == [False, True]  # the candidate on the surface has moved on
    drag(app, theta0=0.5)
    dragged = first_stage_of(checked(app.run()))
    assert cross(dragged) is None
    assert card(dragged) == "let go to update"
    assert told(dragged)[0].startswith("Your candidate is the truth")  # the slice leads to the truth, which is known
    release(app)
    settled = first_stage_of(checked(app.run()))
    assert cross(settled) == pytest.approx((0.5, 0.4), abs=0.1)
    assert not any(plot["stale"] for plot in settled["plots"])


def test_basins_measure_from_the_lowest_loss_and_their_starts_that_find_it_are_counted(visit):
    app = visit("landscape", beside="basins", t_end=20, explored="grid-10")
    app.session_state["wish"] = "explore"
    app = checked(app.run())
    task = app.session_state["scene"].holdings.basins.exploration.task
    while task.progress().active:
        task.wait(1)
    stage = first_stage_of(checked(app.run()))
    found = app.session_state["scene"].holdings.basins.found
    gap = found.minima[0].loss - number(card(stage))
    assert float(stage["table"][1][2].replace(",", "")) == pytest.approx(max(gap, 0), abs=0.06)
    release(app, beside="fit")
    counted = re.search(
        r"Of 100 starts of L-BFGS-B, (\d+) finds? the best fit\.", " ".join(told(first_stage_of(checked(app.run()))))
    )
    assert int(counted[1]) == pytest.approx(np.sum(found.losses <= found.minima[0].loss + 0.5), abs=2)
    release(app, beside="basins")
    drag(app, theta0=0.5)
    dragged = first_stage_of(checked(app.run()))
    assert dragged["stale"]
    assert told(dragged) == told(stage)
    assert dragged["table"] == stage["table"]
    assert [plot["stale"] for plot in dragged["plots"]] == [False, True, True]
