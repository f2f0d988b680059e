"""The page of lessons: what do you want to understand?"""

import streamlit as st

from dashboard import links, session
from dashboard.lessons.cards import picture
from dashboard.panels import lesson
from dashboard.panels.stage import poster


@st.fragment
def _body() -> None:
    chosen = session.take_asked("lesson_asked")
    if chosen:
        lesson.attend(str(chosen))
        st.rerun(scope="app")
    poster("lessons", picture(), links.address())


def show() -> None:
    """Show the page."""
    _body()
