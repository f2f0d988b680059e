"""The stage of a page: its question, its live plots, and the sentences above them."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from dashboard import live, session
from dashboard.figures.style import TRAINED_CLEAN


def question(text: str) -> None:
    """Say in one line what question the page answers."""
    st.markdown(f"#### {text}")


def stage(key: str, layout: str, plots: Sequence[live.Plot], **more: Any) -> None:
    """Show the live plots of a page, with the session's sentences above them."""
    notes = [*st.session_state.sentences, *more.pop("notes", ())]
    live.plots(
        f"{key}_stage",
        layout,
        plots,
        partial(session.receive, f"{key}_stage"),
        answers=st.session_state.answering,
        settled=st.session_state.settled,
        notes=[note for note in notes if note],
        **more,
    )


def map_cell(name: str, colour: str) -> live.Cell:
    """Return the cell that names an inverse map in a table."""
    return {"text": name, "colour": colour, "hollow": name in TRAINED_CLEAN}
