"""The part of the page Trust about a learned optimiser."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.experiments.estimators import STEPS
from core.experiments.records import Key, stored
from core.posterior.exact import posterior
from dashboard.pictures import trust_steps
from dashboard.pictures.trust import picture
from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import observe
from dashboard.scene.problem import theta_problem
from dashboard.scene.scene import Scene
from dashboard.wording import entries, learned_steps
from dashboard.wording.numbers import significant
from tests.dashboard.conftest import decoded

AT_2 = Experiment(trust="steps", learned_steps=2)


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def at_rest(experiment):
    return picture(Scene(experiment, experiment))


def trace(shown, plot, name):
    """Return the x and y of a line of a plot."""
    figure = next(each.figure for each in shown.plots if each.id == plot)
    found = next(each for each in figure["data"] if each["name"] == name and "x" in each)
    return decoded(found["x"]), decoded(found["y"])


def test_the_answer_has_the_distances_from_the_exact_posterior_mean_of_what_is_drawn():
    shown = at_rest(AT_2)
    problem = theta_problem(AT_2, observe(AT_2, None))
    exact = posterior(problem)
    inverse = np.linalg.inv(exact.covariance)

    def distance(place):
        return float(np.sqrt((place - exact.mean) @ inverse @ (place - exact.mean)))

    learned = np.column_stack(trace(shown, "descent", entries.LEARNED_STEPS))
    newton = np.column_stack(trace(shown, "descent", entries.GAUSS_NEWTON_STEPS))
    assert len(learned) == len(newton) == 3
    assert np.array_equal(learned[0], newton[0])
    distances = [distance(learned[0]), distance(learned[-1]), distance(newton[-1])]
    assert shown.answer == learned_steps.answer(2, *distances)
    assert all(each < 1.5 for each in distances)  # the posterior of this trace is in one piece


def test_the_slider_adds_a_step_and_keeps_the_frame():
    two, four = at_rest(AT_2), at_rest(replace(AT_2, learned_steps=4))
    x, _ = trace(two, "descent", entries.LEARNED_STEPS)
    more, _ = trace(four, "descent", entries.LEARNED_STEPS)
    assert len(more) == 5
    assert np.array_equal(more[:3], x)
    frames = [each.plots[0].figure["layout"]["xaxis"]["range"] for each in (two, four)]
    assert frames[0] == frames[1]


def test_the_errors_are_those_that_were_measured():
    shown, found = at_rest(AT_2), stored("unrolled")
    measured = [found.value(Key(STEPS, "rmse_over_limit", "mean", "fresh", at=float(k))) for k in range(5)]
    spent, values = trace(shown, "errors", entries.LEARNED_STEPS)
    assert spent.tolist() == [0, 1, 2, 3, 4]
    assert values == pytest.approx(measured, rel=1e-6)
    assert f"after K = 2 is {significant(measured[2], 4)} times" in shown.said[0]


def test_a_problem_that_the_steps_do_not_know_is_named():
    for changes in ({"gamma": 3.5}, {"t_end": 100.0}):
        shown = at_rest(replace(AT_2, **changes))
        assert shown.answer.endswith("of this one differ.")
        assert not shown.plots


def test_before_the_experiment_it_says_what_to_run(monkeypatch):
    monkeypatch.setattr(trust_steps, "stored", lambda _: None)
    shown = at_rest(AT_2)
    assert shown.said == [learned_steps.RUN]
    assert [each.id for each in shown.plots] == ["descent"]


def test_the_number_of_steps_moves_under_the_hand_and_the_rest_waits():
    under_hand = picture(Scene(replace(AT_2, learned_steps=1), AT_2, dragging=True))
    assert under_hand.answer.startswith("After 1 learned step the estimate")
    waiting = picture(Scene(replace(AT_2, theta0=0.45), AT_2, dragging=True))
    assert waiting.answer == at_rest(AT_2).answer
    assert all(each.stale for each in waiting.plots)
