"""The page of lessons: what do you want to understand?"""

import streamlit as st

from dashboard import attending, session
from dashboard.panels.stage import poster
from dashboard.pictures.lessons import picture


@st.fragment
def _body() -> None:
    chosen = session.take_asked("lesson_asked")
    if chosen:
        attending.attend(str(chosen))
        st.rerun(scope="app")
    poster("lessons", picture(), session.address())


def show() -> None:
    """Show the page."""
    _body()
