import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from core.optimisation.basins import basins, start_grid
from core.optimisation.methods import descend
from core.optimisation.path import Ending, OptimiserPath
from dashboard.background import exploration
from dashboard.background.exploration import Exploration
from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import observe
from dashboard.scene.problem import problem_of

EXPERIMENT = Experiment(t_end=20)
LONG = 60.0  # s, more than anything here takes


def problem(**changes):
    experiment = replace(EXPERIMENT, **changes)
    return problem_of(experiment, observe(experiment, None))


PROBLEM = problem()
STARTS = start_grid(PROBLEM.bounds, 3)
MANY = start_grid(PROBLEM.bounds, 40)


@pytest.fixture
def slow(monkeypatch):
    """Let each run take 5 ms, so that all take 8 s; gives an event that is set once no more are asked for."""
    closed = threading.Event()

    def explore(problem, method, starts):
        try:
            for i, start in enumerate(starts):
                time.sleep(0.005)
                yield (
                    i,
                    OptimiserPath(
                        method, start[None], np.zeros(1), np.zeros(1), np.ones(1, int), Ending.CONVERGED, False
                    ),
                )
        finally:
            closed.set()

    monkeypatch.setattr(exploration, "explore", explore)
    return closed


def ended(explored, seconds):
    """Wait for an exploration's thread, and say whether it ended in time."""
    explored.thread.join(seconds)
    return not explored.thread.is_alive()


def until(holds):
    end = time.monotonic() + LONG
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)  # the pause between two looks


def test_what_it_finds_is_what_each_start_leads_to():
    explored = Exploration(PROBLEM, "L-BFGS-B", STARTS)
    assert ended(explored, LONG)
    progress = explored.progress()
    assert (progress.state, progress.done, progress.total, progress.active) == ("done", 9, 9, False)
    ends = {i: descend(PROBLEM, start, "L-BFGS-B", i) for i, start in enumerate(STARTS)}
    expected = basins(PROBLEM, "L-BFGS-B", STARTS, ends)
    found = explored.basins()
    np.testing.assert_array_equal(found.labels, expected.labels)
    np.testing.assert_array_equal(found.losses, expected.losses)
    assert explored.basins() is found


def test_it_is_stopped_and_keeps_what_was_found(slow):
    explored = Exploration(PROBLEM, "Adam", MANY)
    until(lambda: explored.progress().done >= 2)
    running = explored.progress()
    assert running.active
    assert running.seconds_left > 0
    explored.stop()
    assert not explored.progress().active
    assert ended(explored, 1)
    assert slow.is_set()
    progress = explored.progress()
    assert (progress.state, progress.total) == ("stopped", 1600)
    assert 2 <= progress.done < 1600


def test_it_ends_when_no_page_asks_any_more(slow, monkeypatch):
    monkeypatch.setattr(exploration, "PATIENCE", 0.4)
    explored = Exploration(PROBLEM, "Adam", MANY)
    for _ in range(10):
        assert explored.progress().active
        assert not ended(explored, 0.1)
    assert ended(explored, 2)
    assert slow.is_set()
    assert explored.progress().state == "stopped"


def test_explorations_of_two_sessions_take_turns(slow):
    first, second = Exploration(PROBLEM, "Adam", MANY), Exploration(PROBLEM, "Adam", MANY)
    until(lambda: first.progress().state == "running")
    assert second.progress().state == "waiting"
    third = Exploration(PROBLEM, "Adam", MANY)
    third.stop()  # while it waits
    assert ended(third, LONG)
    assert (third.progress().state, third.progress().done) == ("stopped", 0)
    first.stop()
    until(lambda: second.progress().state == "running")
    assert first.progress().state == "stopped"
    second.stop()
    assert ended(second, LONG)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_one_that_fails_says_so_and_lets_the_next_begin(monkeypatch):
    def explore(problem, method, starts):
        yield from ()
        raise RuntimeError("out of memory")

    monkeypatch.setattr(exploration, "explore", explore)
    failed = Exploration(PROBLEM, "Adam", STARTS)
    assert ended(failed, LONG)
    assert failed.progress().state == "failed"
    monkeypatch.undo()
    assert ended(Exploration(PROBLEM, "Nelder–Mead", STARTS[:1]), LONG)


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
