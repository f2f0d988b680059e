from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from dashboard import session
from dashboard.scene.exercise import Exercise, Sitting
from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import Trace
from dashboard.scene.scene import Scene


@pytest.fixture
def state(monkeypatch):
    """Put a plain session in the place of Streamlit's."""

    class State(dict):
        __getattr__, __setattr__ = dict.__getitem__, dict.__setitem__

    state = State(scene=Scene(Experiment(), Experiment()), sentences=(), answering=0)
    monkeypatch.setattr(session.st, "session_state", state)
    return state


def test_a_report_changes_the_experiment(state):
    state["sidebar"] = SimpleNamespace(change={"sequence": 3, "final": False, "changes": {"zeta": -0.3}})
    session.receive("sidebar")
    assert (state.scene.experiment.zeta, state.answering, state.scene.dragging) == (-0.3, 3, True)
    assert state.scene.released == Experiment()


def test_a_malformed_report_becomes_a_sentence_and_changes_nothing(state):
    for change in ({"sequence": [], "final": True, "changes": {"zeta": 0}}, {"changes": []}, "zeta", 7, ["zeta"]):
        state.sentences = ()
        state["sidebar"] = SimpleNamespace(change=change)
        session.receive("sidebar")
        assert state.sentences == ("A change could not be read and was dropped: reload the page, and make it again.",)
        assert (state.scene.experiment, state.answering, state.scene.dragging) == (Experiment(), 0, False)


def send(state, final=True, **changes):
    """Report changes as a browser does."""
    state["sidebar"] = SimpleNamespace(change={"sequence": 1, "final": final, "changes": changes})
    session.receive("sidebar")


def undo(state, **more):
    send(state, undo=len(session.past()), **more)


def test_changes_are_undone_one_by_one_and_a_drag_is_one_change(state):
    session.turn_to("Neuron")
    for final, value in ((False, -0.3), (False, -0.2), (True, -0.1)):
        send(state, final, zeta=value)
    send(state, theta0=0.7)
    send(state, theta0=0.7)  # no change
    send(state, hidden=True)  # what is shown to a class is not undone
    assert len(session.past()) == 2
    seen = []
    for _ in range(3):
        undo(state)
        seen.append((state.scene.experiment.theta0, state.scene.experiment.zeta, state.scene.experiment.hidden))
    assert seen == [(0.4, -0.1, True), (0.4, -0.4, True), (0.4, -0.4, True)]
    assert state.scene.released == state.scene.experiment


def test_an_undo_that_is_sent_again_with_another_change_undoes_nothing_more(state):
    session.turn_to("Neuron")
    for value in (0.5, 0.6, 0.7):
        send(state, theta0=value)
    send(state, undo=3)
    assert state.scene.experiment.theta0 == 0.6
    send(state, undo=3, zeta=-0.2)
    assert (state.scene.experiment.theta0, state.scene.experiment.zeta) == (0.6, -0.2)


def test_the_form_of_a_training_and_an_upload_are_undone_too(state):
    session.turn_to("Train")
    send(state, train_samples="500")
    session.use_upload(TRACE)
    assert state.scene.experiment.upload == "mine.csv"
    undo(state)
    assert (state.scene.experiment.upload, state.scene.holdings.upload) == ("", None)
    assert state.scene.holdings.training.typed["train_samples"] == "500"
    undo(state)
    assert "train_samples" not in state.scene.holdings.training.typed
    assert session.past() == ()


def test_no_more_changes_are_kept_than_can_be_undone(state):
    session.turn_to("Neuron")
    for seed in range(session.MOST_PAST + 5):
        send(state, seed=seed)
    assert [each.experiment.seed for each in session.past()] == list(range(4, session.MOST_PAST + 4))


def test_a_report_names_no_upload_and_no_map_by_a_path(state):
    state["sidebar"] = SimpleNamespace(
        change={"sequence": 1, "final": True, "changes": {"upload": "a.csv", "own_maps": "../x", "zeta": "-0.3"}}
    )
    session.receive("sidebar")
    assert state.scene.experiment == Experiment(zeta=-0.3)
    assert len(state.sentences) == 2
    assert ["upload" in state.sentences[0], "“../x” is no name of a map" in state.sentences[1]] == [True, True]


def test_a_report_chooses_five_maps_and_no_more(state):
    names = [f"map {i}" for i in range(6)]
    send(state, own_maps=",".join(names[:5]))
    assert state.scene.experiment.own_maps == "map 0,map 1,map 2,map 3,map 4"
    send(state, own_maps=",".join(names))
    assert state.scene.experiment.own_maps == "map 0,map 1,map 2,map 3,map 4"
    assert state.sentences == ("At most 5 maps trained here are shown at once; these are 6. What was there stays.",)
    send(state, own_maps="-")
    assert state.scene.experiment.own_maps == "-"
    assert session.past() == ()  # which maps are shown is not undone


def test_a_report_from_a_page_that_was_left_is_dropped(state):
    session.receive("sidebar")
    state["sidebar"] = SimpleNamespace(change=None)
    session.receive("sidebar")
    assert state.scene.experiment == Experiment()


TRACE = Trace("mine.csv", np.arange(20.0), np.zeros(20))


def test_neither_a_preset_nor_another_truth_takes_an_upload_off(state):
    session.use_upload(TRACE)
    send(state, preset="Excited")
    assert state.scene.holdings.upload is TRACE
    assert state.scene.experiment == Experiment(upload="mine.csv")
    assert state.sentences == ("The upload mine.csv stays on screen: take it off to see simulated data.",)
    assert session.set_truth({"theta0": 0.1}) == state.sentences
    assert state.scene.experiment == Experiment(upload="mine.csv")
    send(state, upload="")
    assert (state.scene.holdings.upload, state.scene.experiment) == (None, Experiment())
    send(state, preset="Excited")
    assert (state.scene.experiment.theta0, state.sentences) == (0.95, ())


def test_a_report_cannot_name_an_upload_that_there_is_not(state):
    send(state, upload="never sent.csv")
    assert (state.scene.holdings.upload, state.scene.experiment) == (None, Experiment())


def test_a_release_is_the_experiment_that_the_next_drag_starts_from(state):
    for zeta, final in ((-0.3, False), (-0.2, True), (-0.1, False)):
        state["sidebar"] = SimpleNamespace(change={"sequence": 1, "final": final, "changes": {"zeta": zeta}})
        session.receive("sidebar")
    assert (state.scene.released.zeta, state.scene.experiment.zeta) == (-0.2, -0.1)


def test_an_exercise_with_a_sealed_truth_takes_no_upload_and_knows_neither_desk_nor_lessons(state):
    exercise = Exercise("theta0=0.317283", ("Neuron",), sealed=True, word="tulips")
    session.sit(Sitting(exercise, "token"))
    session.use_upload(TRACE)
    session.use_recording(TRACE)
    assert (session.upload(), session.recording()) == (None, None)
    assert "nothing can be uploaded" in session.sentences()[0]
    send(state, desk=True, lesson_reveal=True, lesson_leave=True, theta0=0.9)
    assert not session.concerns_whole_page()
    assert state.scene.experiment.theta0 == 0.317283
    session.sit(replace(session.sitting(), is_open=True))
    session.use_upload(TRACE)
    assert session.upload() is TRACE
