"""The stage of a page: its question, its live plots, and the sentences above them."""

from dataclasses import replace
from functools import partial

import streamlit as st

from dashboard import live, session
from dashboard.pictures.shown import Shown


def question(text: str) -> None:
    """Say in one line what question the page answers."""
    st.markdown(f"#### {text}")


def stage(key: str, shown: Shown) -> None:
    """Show the live plots of a page, with the session's sentences above them."""
    name = f"{key}_stage"
    noted = replace(shown, notes=[*session.sentences(), *shown.notes])
    live.plots(name, noted, partial(session.receive, name), session.answering(), not session.scene().dragging)
