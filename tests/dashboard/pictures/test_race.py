import numpy as np
import pytest

from core.learned_optimiser.kind import LEARNED
from core.optimisation.path import Ending, OptimiserPath
from dashboard.background.optimisers import KINDS
from dashboard.pictures import race
from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import observe
from dashboard.scene.problem import problem_of


def path(method, gap, evaluations, ending=Ending.CONVERGED, start=(0.1, 0.2)):
    """Return a path of two points that ends at a loss of 100 plus the gap."""
    losses = np.array([5000.0, 100 + gap])
    positions = np.array([start, (0.4, -0.4)])
    return OptimiserPath(method, positions, losses, np.ones(2), np.array([1, evaluations]), ending, False)


RUNS = [
    path("Gradient descent", 1234.4, 400, Ending.BUDGET_SPENT),
    path("Adam", 0.1, 400),
    path("L-BFGS-B", 0, 28),
    path("Newton", 51.26, 17),
    path("Nelder–Mead", 812.3, 94),
]


def test_it_is_said_how_many_reached_the_lowest_loss_which_was_first_and_what_became_of_the_others():
    assert race.sentences(RUNS, 100.0)[0] == (
        "2 of 5 runs found the best fit; L-BFGS-B needed only 28 evaluations. 2 are stuck in another valley, 1 reached "
        "no minimum."
    )


def test_no_method_is_named_in_two_lists():
    """One method can reach it from one start and not from another: the table tells which."""
    runs = [*RUNS, path("L-BFGS-B", 40, 30, start=(0.9, 0.9)), path("Adam", 40, 30, start=(0.9, 0.9))]
    (said, *why) = race.sentences(runs, 100.0)
    assert said.startswith("2 of 7 runs found the best fit; L-BFGS-B needed only 28 evaluations. 4 are stuck")
    assert sum(" ".join([said, *why]).count(method) for method in KINDS) == 1
    assert len(said) <= 135  # two lines beside the equations


def test_the_last_evaluation_within_reach_counts_and_one_beyond_does_not():
    said = race.sentences([path("Adam", 0.4, 1), path("Newton", 0.6, 2)], 100.0)[0]
    assert said == "1 of 2 runs found the best fit; Adam needed only 1 evaluation. 1 is stuck in another valley."


def test_where_none_reaches_it_that_is_said():
    said = race.sentences([path("Adam", 7.0, 3), path("Newton", np.inf, 1, Ending.LOSS_INFINITE)], 100.0)[0]
    assert said == "None of 2 runs found the best fit. 1 is stuck in another valley, 1 reached no minimum."


def test_runs_that_were_given_up_are_counted():
    assert "missing" not in race.sentences([path("Adam", 0, 3)], 100.0)[0]
    assert race.sentences([path("Adam", 0, 3)], 100.0, 1)[0].endswith("The race was stopped: 1 run is missing.")
    assert race.sentences([path("Adam", 0, 3)], 100.0, 4)[0].endswith("The race was stopped: 4 runs are missing.")


@pytest.mark.parametrize(("gap", "shown"), [(0, "0"), (1.57e-10, "0"), (0.126, "0.13"), (1768.4, "1,768")])
def test_the_table_holds_what_each_run_cost_and_where_it_ended(gap, shown):
    head, row = race.table([path("Adam", gap, 1234)], 100.0)
    assert len(head) == len(row)
    assert head[1] == "0.10, 0.20"
    assert row[0]["text"] == "Adam"
    assert row[1]["text"] == ("✓ 1,234" if gap < 0.5 else "○ 1,234")
    assert row[1]["until"] == 1234
    assert f"Converged. J − lowest {shown} at (0.400, −0.400)" in row[1]["help"]


def test_the_table_has_a_row_for_each_method_and_a_column_for_each_start():
    runs = [*RUNS[:2], path("Adam", 9, 30, start=(0.9, 0.9))]
    head, *rows = race.table(runs, 100.0)
    assert head == ["✓ best fit, ○ other valley, ✕ no minimum", "0.10, 0.20", "0.90, 0.90"]
    shown = [[cell if isinstance(cell, str) else cell["text"] for cell in row] for row in rows]
    assert shown == [["Gradient descent", "✕ 400", ""], ["Adam", "✓ 400", "○ 30"]]
    assert race.table([], 100.0) == []


def said(**changes):
    """Return what the page says of the learned optimiser in a race from one start."""
    experiment = Experiment(**{"methods": ("Adam", LEARNED), "starts": ((0.1, 0.2),), **changes})
    return race.unknown_to_learned(experiment, problem_of(experiment, observe(experiment, None)))


def test_the_page_says_in_what_its_problem_is_not_one_that_the_learned_optimiser_knows():
    assert said() == ""
    assert said(gamma=3.5, methods=("Adam",)) == ""
    assert said(gamma=3.5, starts=()) == ""
    assert said(gamma=3.5).endswith("and the unknown parameters and the values of the known ones of this one differ.")
    assert said(t_end=100.0).endswith("and the times of the samples of this one differ.")
    assert said(misfit="white").endswith("and the noise of this one differ.")
    assert said(regularised=False).endswith("and the prior of this one differ.")
