"""The lesson that a session attends: which step is shown, what was answered, and the page that it stands on."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from dashboard import links, live, rooms, session
from dashboard.lessons.attendance import Attendance, attendance_from, begun, experiment_of
from dashboard.lessons.class_answers import OfClass, given, of_class
from dashboard.lessons.lesson import Step
from dashboard.lessons.question import Question
from dashboard.lessons.strip import as_json
from dashboard.lessons.table import LESSONS
from dashboard.scene.experiment import Experiment

STRIP = "lesson_strip"  # the name of its component
NOT_COLLECTED = "Your answer was judged, but could not be collected for your class."
BEAT = 2.0  # s between two looks at the answers of a class


def attendance() -> Attendance | None:
    """Return how far the visitor is in a lesson, or None outside of one."""
    return st.session_state.get("lesson")


def attend(text: str, opens: bool = True) -> None:
    """Go to the step of a lesson that a text names; what names none becomes a sentence.

    opens: the step opens its experiment and its page; otherwise those on screen stay.
    """
    try:
        to = attendance_from(text)
    except ValueError as error:
        session.say(str(error))
        return
    if opens:
        _turn(to)
    else:
        st.session_state.lesson = to


def _turn(to: Attendance) -> None:
    """Show a step, with the experiment that it opens, on its page."""
    st.session_state.lesson, st.session_state.lesson_held = to, None
    _put(to.shown, experiment_of(to.shown, session.experiment(), to.is_answered))
    st.session_state.turn_page = to.shown.page


def _put(step: Step, experiment: Experiment) -> None:
    """Put an experiment on screen, with the recording that a step brings."""
    session.put(experiment)
    if step.trace is not None:
        session.use_upload(step.trace())


def _act() -> None:
    """Do what the strip has reported, after the settings that came with it are taken."""
    now, asked = attendance(), session.take_asked("lesson_report")
    if now is None or not asked:
        return
    if "lesson_leave" in asked:
        st.session_state.lesson = None
        if now.shown.trace is not None:
            session.drop_upload()
    elif "lesson_next" in asked:
        following = list(LESSONS.values())[list(LESSONS).index(now.lesson.name) + 1 :]
        if following:
            _turn(begun(following[0]))
    elif "lesson_step" in asked:
        _turn(now.at(_index(asked["lesson_step"])))
    elif "lesson_again" in asked:
        _turn(now.again())
    elif now.shown.question is not None and ("lesson_reveal" in asked or not now.is_answered):
        st.session_state.lesson = to = _answered(now, now.shown.question, asked)
        if to.is_answered and not now.is_answered and now.shown.then:
            _put(now.shown, replace(session.experiment(), **now.shown.then))


def _index(value: object) -> int:
    return int(value) if isinstance(value, int | float) else -1


def _answered(now: Attendance, question: Question, asked: Mapping[str, Any]) -> Attendance:
    """Return the same after an answer that the strip has reported, or once the right one is to be seen."""
    try:
        if "lesson_reveal" in asked:
            return now.revealed(question.solution(session.scene()))
        answer = str(asked["lesson_answer"])
        to = now.answered(question.judge(session.scene(), answer))
    except ValueError as error:
        return now.noted(str(error))
    room = session.room()
    if room is None or room.watches or room.question != now.asked:
        return to
    kept = rooms.keep(room, links.browser(), given(question, session.scene(), answer))
    return to if kept else to.noted(NOT_COLLECTED)


def strip(page: str, is_new: bool) -> None:
    """Show the strip of the lesson above a page, where one is attended; turn to its page where a step asks for it.

    is_new: whether another page was shown before.
    """
    # The place is there in every run: an element less would mount the page below it anew.
    place = st.container(key="lab_lesson")
    opened, is_complete = session.take_asked("lesson_opened") or ("", False)
    if opened:
        attend(opened, opens=not is_complete)
    _act()
    turn_page = session.take_asked("turn_page")
    if turn_page and turn_page != page:
        session.switch_page(turn_page)
    now = attendance()
    if now is None:
        return
    if is_new and not turn_page:
        _keep_experiment(now, page)
    room = session.room()
    if room is None or not room.watches or room.question != now.asked:
        with place:
            _show(now, page)
        return

    def watched() -> None:
        if session.concerns_whole_page():
            st.rerun()
        question = now.shown.question
        others = None if question is None else of_class(question, rooms.answers(room))
        _show(now, page, others)

    with place:
        st.fragment(watched, run_every=BEAT)()


def _show(now: Attendance, page: str, others: OfClass | None = None) -> None:
    live.lesson(STRIP, as_json(now, page, others), partial(session.receive, STRIP))


def _keep_experiment(now: Attendance, page: str) -> None:
    """Hold the experiment of the step while its page is left, and put it back where one returns."""
    held = st.session_state.get("lesson_held")
    if page != now.shown.page:
        st.session_state.lesson_held = held or session.experiment()
    elif held is not None:
        st.session_state.lesson_held = None
        _put(now.shown, held)
