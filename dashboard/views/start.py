"""The start page: which θ made this?"""

import streamlit as st

from dashboard import links, session
from dashboard.panels.stage import poster
from dashboard.pictures.start import DOORS, picture


def _go_in() -> None:
    """Go through the door that was clicked, if one was, with its preset on screen."""
    page, _, preset = str(session.take_asked("door") or "").partition("|")
    if not any((page, preset) == door[2:] for door in DOORS):
        return
    if preset:
        session.say(*session.load_preset(preset))
    session.switch_page(page)


@st.fragment
def _body() -> None:
    _go_in()
    poster("start", picture(session.scene()), links.start_address())


def show() -> None:
    """Show the page."""
    _body()
