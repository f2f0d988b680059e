from types import SimpleNamespace

import pytest

from dashboard import session
from dashboard.state import Experiment


@pytest.fixture
def state(monkeypatch):
    """Put a plain session in the place of Streamlit's."""

    class State(dict):
        __getattr__, __setattr__ = dict.__getitem__, dict.__setitem__

    state = State(experiment=Experiment(), sentences=(), answering=0, settled=True)
    monkeypatch.setattr(session.st, "session_state", state)
    return state


def test_a_report_changes_the_experiment(state):
    state["rail"] = SimpleNamespace(change={"sequence": 3, "final": False, "changes": {"zeta": -0.3}})
    session.receive("rail")
    assert (state.experiment.zeta, state.answering, state.settled) == (-0.3, 3, False)


def test_a_report_from_a_page_that_was_left_is_dropped(state):
    session.receive("rail")
    state["rail"] = SimpleNamespace(change=None)
    session.receive("rail")
    assert state.experiment == Experiment()
