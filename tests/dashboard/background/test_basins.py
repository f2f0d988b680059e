from dataclasses import replace

import numpy as np
import pytest

from core.optimisation.basins import basins, start_grid
from core.optimisation.methods import descend
from dashboard.background.basins import Explored, StartSet, attended, coarse_to_fine, exploration
from dashboard.background.wish import Wish
from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import observe
from dashboard.scene.problem import problem_of
from dashboard.scene.settings import CHOICES, START_SETS

EXPERIMENT = Experiment(t_end=20)
LONG = 60.0  # s, more than anything here takes


def problem(**changes):
    experiment = replace(EXPERIMENT, **changes)
    return problem_of(experiment, observe(experiment, None))


PROBLEM = problem()
STARTS = start_grid(PROBLEM.bounds, 3)


@pytest.mark.parametrize(
    ("name", "label", "n"),
    [("grid-10", "10 × 10 starts", 100), ("grid-30", "30 × 30 starts", 900),
     ("prior-100", "100 draws of the prior", 100), ("prior-400", "400 draws of the prior", 400)],
)  # fmt: skip
def test_a_choice_of_starts_has_as_many_as_its_label_says(name, label, n):
    assert CHOICES["explored"][name] == label
    points = START_SETS[name].points(PROBLEM, 7)
    assert points.shape == (n, 2)
    assert np.all((points >= PROBLEM.bounds[:, 0]) & (points <= PROBLEM.bounds[:, 1]))


def look(held, at=PROBLEM, wish=None):
    return attended(held, at, "L-BFGS-B", StartSet("grid", 3), 7, wish)


def ended(held):
    """Look at an exploration until it has ended: one that nobody asks for ends early, as while code is compiled."""
    while not held.exploration.task.wait(1.0):
        held = look(held)
    return look(held)


def test_what_is_found_is_what_each_start_leads_to():
    held = look(Explored(), wish=Wish.EXPLORE)
    assert held.is_active or held.exploration.task.progress().state == "done"
    held = ended(held)
    assert not held.is_active
    ends = {i: descend(PROBLEM, start, "L-BFGS-B", i) for i, start in enumerate(STARTS)}
    expected = basins(PROBLEM, "L-BFGS-B", STARTS, ends)
    found = held.found_for(PROBLEM)
    np.testing.assert_array_equal(found.labels, expected.labels)
    np.testing.assert_array_equal(found.losses, expected.losses)
    assert look(held).found is found


def test_starts_run_from_coarse_to_fine():
    starts = start_grid(PROBLEM.bounds, 15)
    order = coarse_to_fine(starts)
    assert sorted(order) == list(range(225))
    rows, columns = order // 15, order % 15
    assert (rows[0], columns[0]) == (7, 7)
    assert {(0, 0), (0, 14), (14, 0), (14, 14)} <= set(zip(rows[:5].tolist(), columns[:5].tolist(), strict=True))
    # The first quarter of the starts leaves no 5 × 5 cells without one.
    first = np.zeros((15, 15), dtype=bool)
    first[rows[:56], columns[:56]] = True
    assert all(first[row : row + 5, column : column + 5].any() for row in range(11) for column in range(11))
    assert sorted(coarse_to_fine(np.full((4, 2), 0.3))) == [0, 1, 2, 3]


def test_an_exploration_of_another_problem_is_dropped():
    held = look(Explored(), wish=Wish.EXPLORE)
    other = problem(theta0=0.41)
    assert held.found_for(other) is None
    dropped = look(held, other)
    assert held.exploration.task.wait(LONG)
    assert (dropped.exploration, dropped.found, dropped.gone) == (None, None, True)
    anew = look(dropped, other, Wish.EXPLORE)
    assert not anew.gone
    assert look(anew, None).gone
    assert anew.exploration.task.wait(LONG)


def test_it_is_stopped_when_asked_to():
    held = attended(Explored(), problem(t_end=400), "Adam", START_SETS["grid-30"], 7, Wish.EXPLORE)
    stopped = attended(held, held.exploration.problem, "Adam", START_SETS["grid-30"], 7, Wish.STOP_EXPLORING)
    assert not stopped.is_active
    assert stopped.exploration.task.wait(LONG)
    assert stopped.exploration.task.progress().state == "stopped"


def test_draws_of_the_prior_are_those_of_the_seed():
    one, same, other = (
        attended(Explored(), PROBLEM, "Nelder–Mead", START_SETS["prior-100"], seed, Wish.EXPLORE).exploration
        for seed in (7, 7, 8)
    )
    for each in (one, same, other):
        each.task.stop()
    assert one.starts.shape == (100, 2)
    np.testing.assert_array_equal(one.starts, same.starts)
    assert not np.array_equal(one.starts, other.starts)
    assert all(each.task.wait(LONG) for each in (one, same, other))


def test_explorations_run_one_at_a_time():
    long = problem(t_end=400)
    first, second = (exploration(long, "Adam", start_grid(long.bounds, 30)) for _ in range(2))
    assert {first.task.progress().state, second.task.progress().state} <= {"running", "waiting"}
    assert second.task.progress().state == "waiting"
    for each in (second, first):
        each.task.stop()
        assert each.task.wait(LONG)


@pytest.mark.parametrize(
    "changes",
    [
        {"theta0": 0.41}, {"seed": 8}, {"sigma": 0.08}, {"rho": 0.7}, {"zeta": -0.3}, {"t_end": 22},
        {"misfit": "white"}, {"regularised": False}, {"axis_x": "gamma"},
    ],
    ids=lambda changes: next(iter(changes)),
)  # fmt: skip
def test_another_problem_is_told_from_the_one_explored(changes):
    assert problem(**changes).identity != PROBLEM.identity


@pytest.mark.parametrize(
    "changes", [{"candidate_theta0": 0.1}, {"hidden": True}, {"grid": "200"}, {"methods": ("Adam",)}]
)
def test_what_does_not_change_the_problem_leaves_it_the_same(changes):
    assert problem(**changes).identity == PROBLEM.identity
