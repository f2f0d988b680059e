"""The part of the teacher's desk that makes a link to a question of a lesson, and one to the answers of the class."""

from dataclasses import dataclass
from urllib.parse import urlencode

import streamlit as st

from dashboard import links
from dashboard.lessons.table import LESSONS
from dashboard.panels.handout import show_handout
from dashboard.rooms import Room, token_of


@dataclass(frozen=True)
class Asked:
    """The links to a question; watched: that of the teacher's screen, "" where no answers are collected."""

    link: str
    watched: str


def question_form(base: str) -> Asked:
    """Ask which question the link is to open, and whether answers are collected; base: address of the laboratory."""
    name = st.selectbox("Lesson", LESSONS, format_func=lambda name: LESSONS[name].title)
    steps = LESSONS[name].steps
    asking = [i for i, step in enumerate(steps) if step.question is not None]
    i = st.selectbox("Question", asking, format_func=lambda i: f"{i + 1} · {steps[i].title}")
    question = steps[i].question
    st.caption(question.ask if question else "")
    collects = st.toggle(
        "Collect the answers",
        help="The first answer of each student, without a name, appears on your screen. After a day none is kept.",
    )
    asked = f"{name}.{i + 1}"
    address = {links.OF_LESSON: asked}
    if not collects:
        return Asked(f"{base}?{urlencode(address)}", "")
    to_answer, to_watch = (
        f"{base}?{urlencode({**address, links.OF_ROOM: token_of(Room(st.session_state.desk_room, asked, watches))})}"
        for watches in (False, True)
    )
    return Asked(to_answer, to_watch)


def show_question(asked: Asked) -> None:
    """Show the links to a question: that for the class in every form in which it can be handed on."""
    show_handout(asked.link)
    if asked.watched:
        st.link_button("Open your screen", asked.watched, help="The question with the answers of the class as dots.")
