"""The stage of a page: its question and answer, its controls and live plots, and the sentences above them."""

from functools import partial
from typing import Any

import streamlit as st

from dashboard import links, live, session
from dashboard.pictures.restricted import restricted
from dashboard.pictures.shown import Shown


def stage(key: str, shown: Shown, **without_sidebar: Any) -> None:
    """Show the live plots of a page, with the session's sentences above them.

    without_sidebar: what the sidebar otherwise tells the browser, the address and what the live route needs.
    """
    name = f"{key}_stage"
    noted, released = restricted(shown, session.sitting()).after(session.sentences()), not session.scene().dragging
    live.plots(name, noted, partial(session.receive, name), session.answering(), released, **without_sidebar)


def poster(page: str, shown: Shown, address: str) -> None:
    """Show a page without a sidebar; address: its query string."""
    if session.concerns_whole_page():
        st.rerun()
    with st.container(key="lab_stage", width="stretch", gap="small"):
        stage(page, shown, address="" if session.scene().dragging else address, live=links.live(page))


def head(key: str, shown: Shown) -> None:
    """Show the question of a page and its answer alone, above what Streamlit shows."""
    name = f"{key}_head"
    live.plots(name, shown, partial(session.receive, name), answers=0, released=True)
