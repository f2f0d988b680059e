import numpy as np
import pytest

from core.optimisation.path import Ending, OptimiserPath
from dashboard.pictures import race


def path(method, gap, evaluations, ending=Ending.CONVERGED, start=(0.1, 0.2)):
    """Return a path of two points that ends at a loss of 100 plus the gap."""
    losses = np.array([5000.0, 100 + gap])
    positions = np.array([start, (0.4, -0.4)])
    return OptimiserPath(method, positions, losses, np.ones(2), np.array([1, evaluations]), ending, False)


def test_it_is_said_who_reached_the_lowest_loss_first_and_who_did_not():
    said = race.sentences(
        [
            path("Gradient descent", 1234.4, 400, Ending.BUDGET_SPENT),
            path("Adam", 0.1, 400),
            path("L-BFGS-B", 0, 28),
            path("Newton", 51.26, 17),
            path("Nelder–Mead", 812.3, 94),
        ],
        100.0,
    )[0]
    assert "Adam and L-BFGS-B reached the lowest loss known, L-BFGS-B first, after 28 evaluations." in said
    assert (
        "Caught in other minima, which no step downhill leaves: Newton and Nelder–Mead, 51.3 to 812 above it." in said
    )
    assert "Stopped short of any minimum: Gradient descent, 1,234 above it." in said


def test_one_that_reaches_it_alone_needs_no_first():
    (said, _) = race.sentences([path("Adam", 0.4, 1), path("Newton", 0.6, 2)], 100.0)
    assert said.startswith("Adam reached the lowest loss known, after 1 evaluation.")
    assert "Newton, 0.6 above it" in said


def test_where_none_reaches_it_that_is_said():
    (said, _) = race.sentences([path("Adam", 7.0, 3), path("Newton", np.inf, 1, Ending.LOSS_INFINITE)], 100.0)
    assert said.startswith("None reached the lowest loss known")
    assert "Stopped short of any minimum: Newton, ∞ above it." in said


def test_runs_that_were_given_up_are_counted():
    assert "missing" not in race.sentences([path("Adam", 0, 3)], 100.0)[0]
    assert race.sentences([path("Adam", 0, 3)], 100.0, 1)[0].endswith("The race was stopped: 1 run is missing.")
    assert race.sentences([path("Adam", 0, 3)], 100.0, 4)[0].endswith("The race was stopped: 4 runs are missing.")


def test_several_starts_are_counted():
    runs = [path("Adam", 0, 30), path("Adam", 0, 20, start=(0.5, 0.5)), path("Newton", 9, 5, start=(0.9, 0.9))]
    (said, _) = race.sentences(runs, 100.0)
    assert said.startswith("2 of 3 runs from 3 starts reached the lowest loss known: Adam, after 20 evaluations.")


@pytest.mark.parametrize(("gap", "shown"), [(0, "0"), (1.57e-10, "0"), (0.126, "0.13"), (1768.4, "1,768")])
def test_the_table_holds_what_each_run_cost_and_where_it_ended(gap, shown):
    head, row = race.table([path("Adam", gap, 1234)], 100.0)
    assert len(head) == len(row)
    assert row[1:5] == ["0.100, 0.200", "0.400, −0.400", shown, "1,234"]
    assert row[-1] == "Converged."
