"""The stage of a page: its question and answer, its controls and live plots, and the sentences above them."""

from functools import partial

import streamlit as st

from dashboard import live, session
from dashboard.pictures.shown import Shown


def stage(key: str, shown: Shown) -> None:
    """Show the live plots of a page, with the session's sentences above them."""
    name = f"{key}_stage"
    noted = shown.after(session.sentences())
    live.plots(name, noted, partial(session.receive, name), session.answering(), not session.scene().dragging)


def poster(page: str, shown: Shown) -> None:
    """Show the live plots of a page without a sidebar."""
    name = f"{page}_stage"
    noted = shown.after(session.sentences())
    released = not session.scene().dragging
    with st.container(key="lab_stage", width="stretch", gap="small"):
        live.plots(
            name,
            noted,
            partial(session.receive, name),
            session.answering(),
            released,
            address=session.start_address() if released else "",
            live=session.live(page),
        )


def head(key: str, shown: Shown) -> None:
    """Show the question of a page and its answer alone, above what Streamlit shows."""
    name = f"{key}_head"
    live.plots(name, shown, partial(session.receive, name), answers=0, released=True)
