"""The exercise that a student attends: which name is theirs, and the code word that opens the truth."""

from dataclasses import replace

import streamlit as st

from dashboard import links, session
from dashboard.exercise_token import is_code_word
from dashboard.panels.answer_key import answer_key
from dashboard.panels.stage import poster
from dashboard.pictures.controls import button
from dashboard.pictures.shown import Shown
from dashboard.scene.exercise import Exercise

WRONG = "This is not the code word: ask your teacher."


def take_code_word() -> None:
    """Open the truth where the code word was typed; what is wrong with it is kept, to be shown beside its box."""
    typed, sitting = session.take_asked("code_word"), session.sitting()
    if not typed or sitting is None or not sitting.hides:
        return
    try:
        right = is_code_word(sitting.exercise, str(typed), links.browser())
        st.session_state.code_word_problem = "" if right else WRONG
    except ValueError as error:
        right, st.session_state.code_word_problem = False, str(error)
    if right:
        session.sit(replace(sitting, is_open=True))


def ask_name() -> None:
    """Show the page on which a student says which name is theirs."""
    sitting, asked = session.sitting(), session.take_asked("student")
    assert sitting is not None
    names = sitting.exercise.names
    if asked in names:
        session.sit(replace(sitting, student=names.index(asked)))
        st.rerun()
    shown = Shown("head", answer="Each has a problem of their own.")
    poster(
        "names", shown.under("Which name is yours?", [button("student", name, name) for name in names]), links.address()
    )
    with st.expander("For the teacher: the answer key"):
        _key(sitting.exercise)


def _key(exercise: Exercise) -> None:
    """Show the answer key to those who know the code word."""
    with st.form("answer_key", border=False):
        typed = st.text_input("Code word", type="password")
        if not st.form_submit_button("Show the answer key") or not typed:
            return
    try:
        right = is_code_word(exercise, typed, links.browser())
    except ValueError as error:
        st.error(str(error))
        return
    if right:
        answer_key(exercise)
    else:
        st.error("This is not the code word.")
