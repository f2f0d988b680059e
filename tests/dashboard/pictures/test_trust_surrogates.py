"""The part of the page Trust about surrogates."""

from dataclasses import replace

import numpy as np
import pytest

from core.surrogates.neuron import TIMES
from core.surrogates.surrogate import FLOW_MAP, load_surrogate
from dashboard.pictures.trust import picture
from dashboard.scene.experiment import Experiment
from dashboard.scene.scene import Scene
from dashboard.wording import entries
from dashboard.wording import surrogates as wording
from tests.dashboard.conftest import decoded
from tests.reference import reference_solution

SHOWN = Experiment(trust="surrogates")


def shown_with(experiment):
    return picture(Scene(experiment, experiment))


def curve(shown, plot, name):
    figure = next(each.figure for each in shown.plots if each.id == plot)
    return next(decoded(each["y"]) for each in figure["data"] if each["name"] == name)


@pytest.fixture(scope="module")
def shown():
    return shown_with(SHOWN)


@pytest.fixture(scope="module")
def truth():
    return reference_solution((SHOWN.theta0, SHOWN.theta1, -0.4, 3.0), TIMES)


def test_the_solver_s_trace_is_scipy_s_and_the_flow_map_s_is_its_own(shown, truth):
    assert curve(shown, "traces", entries.SOLVER) == pytest.approx(truth[:, 0], abs=1e-5)
    theta = [SHOWN.theta0, SHOWN.theta1]
    expected = load_surrogate(FLOW_MAP).model.simulate(theta, TIMES)[:, 0]
    assert curve(shown, "traces", entries.FLOW_MAP) == pytest.approx(expected, abs=1e-6)


def test_the_last_error_of_the_course_is_that_of_the_answer_and_of_the_table(shown, truth):
    u = curve(shown, "traces", entries.REGRESSION)
    expected = np.linalg.norm(u - truth[:, 0]) / np.linalg.norm(truth[:, 0])
    assert curve(shown, "course", entries.REGRESSION)[-1] == pytest.approx(expected, rel=1e-4)
    row = next(row for row in shown.table[1:] if row[0]["text"] == entries.REGRESSION)
    assert float(row[1].removesuffix("\u00a0%")) == pytest.approx(100 * expected, rel=0.06)
    assert f"the regression by {row[1]}" in shown.answer


def test_the_sliders_are_followed_under_the_hand(shown):
    moved = replace(SHOWN, theta0=SHOWN.theta0 - 0.05)
    dragged = picture(Scene(moved, SHOWN, True))
    expected = reference_solution((moved.theta0, moved.theta1, -0.4, 3.0), TIMES)[:, 0]
    assert curve(dragged, "traces", entries.SOLVER) == pytest.approx(expected, abs=1e-5)
    assert not dragged.stale


def test_every_step_of_the_cycle_has_a_mark_of_its_delay(shown):
    figure = shown.plots[2].figure
    marks = [each for each in figure["data"] if each["name"] in (entries.LATE, entries.EARLY)]
    sizes = np.concatenate([decoded(each["marker"]["size"]) for each in marks])
    assert sizes.size == 125  # every fourth of 500 states, but the last
    assert sizes.max() == pytest.approx(20.0)
    assert "arise at the knees" in shown.answer


def test_a_silent_neuron_has_no_phase():
    shown = shown_with(replace(SHOWN, theta0=1.0, theta1=0.4))
    assert wording.SILENT in shown.answer
    assert len(shown.plots) == 3


def test_what_the_networks_do_not_know_is_said():
    assert shown_with(replace(SHOWN, theta0=1.1)).answer == wording.OUTSIDE
    assert shown_with(replace(SHOWN, hidden=True)).answer == wording.HIDDEN
    assert wording.CONSTANTS in shown_with(replace(SHOWN, gamma=2.5)).notes
    assert wording.CONSTANTS not in shown_with(SHOWN).notes
