import threading
import time

import numpy as np

from core.optimisation.methods import descend
from dashboard.background import racing
from dashboard.background.racing import Racing
from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import observe
from dashboard.scene.problem import problem_of

EXPERIMENT = Experiment(t_end=20)
PROBLEM = problem_of(EXPERIMENT, observe(EXPERIMENT, None))
RUNS = [((0.1, 0.9), "Nelder–Mead"), ((0.1, 0.9), "L-BFGS-B"), ((0.7, 0.2), "Nelder–Mead")]
LONG = 60.0  # s, more than anything here takes


def test_each_run_is_the_descent_from_its_start():
    race = Racing(PROBLEM, RUNS)
    race.wait(LONG)
    paths = race.ended()
    assert not race.active
    assert list(paths) == RUNS
    for (start, method), path in paths.items():
        np.testing.assert_array_equal(path.positions, descend(PROBLEM, start, method).positions)


def until_over(race):
    end = time.monotonic() + LONG
    while race.active:
        assert time.monotonic() < end
        time.sleep(0.005)  # the pause between two looks


def blocked(monkeypatch):
    """Let runs end only once the event that is returned is set."""
    free = threading.Event()
    monkeypatch.setattr(racing, "descend", lambda problem, start, method: free.wait(LONG) and method)
    return free


def test_what_had_not_begun_when_it_is_stopped_never_does(monkeypatch):
    free = blocked(monkeypatch)
    race = Racing(PROBLEM, RUNS)
    race.wait(0.05)
    assert race.ended() == {}
    assert race.active
    race.stop()
    free.set()
    # The two under way end; the third was cancelled.
    until_over(race)
    assert list(race.ended()) == RUNS[:2]


def test_what_nobody_asks_about_does_not_begin(monkeypatch):
    monkeypatch.setattr(racing, "PATIENCE", 0.2)
    free = blocked(monkeypatch)
    race = Racing(PROBLEM, RUNS)
    time.sleep(0.3)  # nobody asks
    free.set()
    until_over(race)
    assert list(race.ended()) == RUNS[:2]
