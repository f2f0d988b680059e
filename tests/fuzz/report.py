"""Reports of the live component, as a session takes them: one after the other, over what stands there."""

from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from hypothesis import strategies as st

from dashboard import session
from dashboard.scene.experiment import Experiment
from dashboard.scene.holdings import Holdings
from dashboard.scene.training import FIELDS
from tests.fuzz.address import assert_experiment, changes
from tests.fuzz.parser import Parser
from tests.fuzz.strategies import SCALARS, STRANGE, changed

OWN = ["undo", "preset", "start", "upload", "own_maps", *session.ASKED, *session.OF_STRIP, *FIELDS]
OTHERS = st.dictionaries(st.sampled_from(sorted(OWN)), SCALARS, max_size=3)
CHANGES = st.builds(lambda one, other: {**one, **other}, changes(4), st.just({}) | OTHERS)
SOUND = st.fixed_dictionaries({"sequence": st.integers(0, 2**53), "final": st.booleans(), "changes": CHANGES})
REPORTS = st.one_of(SOUND, SOUND, SOUND, SOUND.flatmap(changed), STRANGE)
VALID = [{"sequence": 1_764_000_000_000, "final": False, "changes": {"theta0": "0.5", "hidden": True, "sample": 7}}]


class State(dict[str, Any]):
    """A session's state, as Streamlit has it: entries are attributes too."""

    __getattr__ = dict.__getitem__
    __setattr__ = dict.__setitem__


def read(reports: list[Any]) -> tuple[str, ...]:
    """Let a new session receive reports, and return what it says of the last."""
    state = State()
    with patch.object(session, "st", SimpleNamespace(session_state=state)):
        session.start(Experiment(), Holdings(), ())
        for content in reports:
            state["stage"] = SimpleNamespace(change=content)
            session.receive("stage")
            assert_experiment(session.experiment())
    return state.sentences


REPORT = Parser("report of the live component", st.lists(REPORTS, min_size=1, max_size=4), (VALID,), read)
