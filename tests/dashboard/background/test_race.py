import threading
import time
from dataclasses import replace

import numpy as np

from core.optimisation.methods import descend
from dashboard.background import race as background
from dashboard.background import task
from dashboard.background.race import Race, attended, race
from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import observe
from dashboard.scene.problem import problem_of

EXPERIMENT = Experiment(t_end=20)


def problem(**changes):
    experiment = replace(EXPERIMENT, **changes)
    return problem_of(experiment, observe(experiment, None))


PROBLEM = problem()
STARTS, METHODS = ((0.1, 0.9), (0.7, 0.2)), ("Nelder–Mead", "L-BFGS-B")
RUNS = ((STARTS[0], "Nelder–Mead"), (STARTS[0], "L-BFGS-B"), (STARTS[1], "Nelder–Mead"))
LONG = 60.0  # s, more than anything here takes


def test_each_run_is_the_descent_from_its_start():
    computed = race(PROBLEM, RUNS)
    assert computed.wait(LONG)
    assert computed.progress().state == "done"
    paths = computed.pieces()
    assert set(paths) == set(RUNS)
    for (start, method), path in paths.items():
        np.testing.assert_array_equal(path.positions, descend(PROBLEM, start, method).positions)


def blocked(monkeypatch):
    """Let runs end only once the event that is returned is set; gives the list of those that have begun too."""
    free, begun = threading.Event(), []

    def run(problem, start, method):
        begun.append((start, method))
        return free.wait(LONG) and descend(problem, start, method)

    monkeypatch.setattr(background, "optimised", run)
    return free, begun


def until(holds):
    end = time.monotonic() + LONG
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)  # the pause between two looks


def test_what_had_not_begun_when_it_is_stopped_never_does(monkeypatch):
    free, begun = blocked(monkeypatch)
    computed = race(PROBLEM, RUNS)
    until(lambda: len(begun) == 2)
    assert computed.pieces() == {}
    computed.stop()
    free.set()
    assert computed.wait(LONG)
    assert set(begun) == set(RUNS[:2])


def test_what_nobody_asks_about_does_not_begin(monkeypatch):
    monkeypatch.setattr(task, "PATIENCE", 0.2)
    free, begun = blocked(monkeypatch)
    computed = race(PROBLEM, RUNS)
    time.sleep(0.3)  # nobody asks
    free.set()
    assert computed.wait(LONG)
    assert set(begun) == set(RUNS[:2])


def ended(held, starts=STARTS, methods=METHODS, at=PROBLEM):
    """Return the race once nothing is computed any more."""
    while held.task is not None:
        held.task.wait(LONG)
        held = attended(held, at, starts, methods, False)
    return held


def test_a_race_is_shown_once_it_is_complete_and_only_what_is_missing_is_run(monkeypatch):
    held = ended(attended(Race(), PROBLEM, STARTS[:1], METHODS, False), STARTS[:1])
    assert [path.method for path in held.shown_for(PROBLEM)] == list(METHODS)
    free, begun = blocked(monkeypatch)
    monkeypatch.setattr(background, "SOON", 0.0)
    more = attended(held, PROBLEM, STARTS, METHODS, False)
    assert more.task is not None
    assert more.shown == held.shown
    until(lambda: len(begun) == 2)
    assert {start for start, _ in begun} == {STARTS[1]}
    free.set()
    more = ended(more)
    assert len(more.shown) == 4
    assert more.shown[:2] == held.shown
    assert more.starts == STARTS


def test_a_race_on_another_problem_is_dropped():
    held = ended(attended(Race(), PROBLEM, STARTS, METHODS, False))
    other = problem(theta0=0.41)
    assert held.shown_for(other) == ()
    fresh = attended(held, other, STARTS, METHODS, False)
    assert not set(map(id, fresh.shown)) & set(map(id, held.shown))
    assert attended(fresh, None, STARTS, METHODS, False).shown == ()


def test_a_race_that_is_given_up_is_not_begun_again_until_something_else_is_wanted(monkeypatch):
    free, begun = blocked(monkeypatch)
    monkeypatch.setattr(background, "SOON", 0.0)
    held = attended(Race(), PROBLEM, STARTS, METHODS, False)
    until(lambda: len(begun) == 2)
    given_up = attended(held, PROBLEM, STARTS, METHODS, True)
    assert (given_up.task, given_up.missing) == (None, 4)
    free.set()
    assert attended(given_up, PROBLEM, STARTS, METHODS, False).task is None
    monkeypatch.undo()
    anew = ended(attended(given_up, PROBLEM, STARTS[:1], METHODS, False), STARTS[:1])
    assert (len(anew.shown), anew.missing) == (2, 0)
    assert held.task.wait(LONG)


def test_a_race_that_fails_is_not_begun_again_and_again(monkeypatch):
    def fail(problem, start, method):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(background, "optimised", fail)
    held = ended(attended(Race(), PROBLEM, STARTS, METHODS, False))
    assert (held.shown, held.missing) == ((), 4)
