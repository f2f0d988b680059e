"""What the address of a page holds: read when a session starts, written anew with each change."""

import hashlib
import json
from dataclasses import replace
from urllib.parse import urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dashboard import session, trainings, visitors
from dashboard.exercise_token import exercise_in
from dashboard.maps import missing
from dashboard.rooms import room_of
from dashboard.scene.exercise import Sitting
from dashboard.scene.experiment import Experiment
from dashboard.scene.holdings import Holdings, keep
from dashboard.sealed_address import from_sealed_address, to_sealed_address

# The parts of an address that hold no setting.
OF_LESSON = "lesson"  # names the step of a lesson
OF_START = "start"  # says that the address is one of the start page
OF_EXERCISE = "exercise"  # its token
OF_STUDENT = "student"  # the number of a student in the list of an exercise
OF_ROOM = "room"  # the token with which answers to a lesson are given, or seen
KEPT_PARTS = ("trace", "recording")  # names of uploads that the server keeps for a browser

NO_ROOM = (
    "The answers of your class are not collected here: this server has not made the link. The lesson itself works."
)


def begin() -> None:
    """Take the experiment from the address when a session starts, and the uploads that a reload left behind."""
    if session.has_started():
        return
    query = st.query_params.to_dict()
    query.pop(OF_START, None)
    lesson = query.pop(OF_LESSON, "")
    st.session_state.room_token, st.session_state.room = query.pop(OF_ROOM, ""), None
    names = {part: query.pop(part, "") for part in KEPT_PARTS}
    if OF_EXERCISE in query:
        # The answers of a lesson, and what stands beside an upload, would give a sealed truth away.
        lesson, names = "", dict.fromkeys(KEPT_PARTS, "")
    upload, recording = (visitors.kept(_visitor(), names[part]) for part in KEPT_PARTS)
    if upload is not None:
        query.pop("upload", None)
    st.session_state.lesson_opened = lesson, bool(query)
    holdings = Holdings(upload, recording, session=_session())
    st.session_state.live_key = keep(holdings)
    holdings.owner = trainings.owner_of(browser())
    experiment, sentences = _exercise(query, holdings) if OF_EXERCISE in query else _experiment(query, holdings)
    if st.session_state.room_token:
        try:
            st.session_state.room = room_of(st.session_state.room_token)
        except ValueError:
            sentences += (NO_ROOM,)
    if names["recording"] and recording is None:
        sentences += ("The recording on the page Your data is not kept here for this browser: upload it again.",)
    session.start(experiment if upload is None else replace(experiment, upload=upload.name), holdings, sentences)


def _experiment(query: dict[str, str], holdings: Holdings) -> tuple[Experiment, tuple[str, ...]]:
    """Return the experiment that the parts of an address hold, and sentences about what is not here.

    An address that names no map trained here shows the newest ones.
    """
    experiment, sentences = from_sealed_address(urlencode(query)) if query else (Experiment(), ())
    absent = missing(experiment.own_maps)
    here = ",".join(name for name in experiment.own_maps.split(",") if name not in absent)
    experiment = replace(experiment, own_maps=here or trainings.newest_maps(holdings.owner))
    if not absent:
        return experiment, sentences
    named = ", ".join(f"“{name[:40]}”" for name in absent[:5]) + (" and others" if len(absent) > 5 else "")
    said = f"The sender also had these maps, which this machine lacks: {named}. Train them on the page Train."
    return experiment, (*sentences, said)


def _exercise(query: dict[str, str], holdings: Holdings) -> tuple[Experiment, tuple[str, ...]]:
    """Attend the exercise that the parts of an address name, and return its experiment and sentences about it."""
    token, number = query.pop(OF_EXERCISE), query.pop(OF_STUDENT, "")
    try:
        exercise = exercise_in(token)
    except ValueError as error:
        return Experiment(), (str(error),)
    is_number = number.isdecimal() and len(number) < 4 and 1 <= int(number) <= len(exercise.names)
    sitting = Sitting(exercise, token, int(number) - 1 if is_number else None)
    holdings.sitting = sitting
    return sitting.experiment(urlencode(query))


def live(page: str) -> dict[str, str] | None:
    """Return what the browser needs to ask the live route for a page, or None while a control is dragged."""
    if session.scene().dragging:
        return None
    keep(session.scene().holdings, st.session_state.live_key)  # which may have been forgotten meanwhile
    experiment, sitting = session.experiment(), session.sitting()
    address = to_sealed_address(experiment) if sitting is None else sitting.address(experiment)
    return {"page": page, "key": st.session_state.live_key, "address": address}


def address() -> str:
    """Return the query string of what is on screen: the experiment, the step of a lesson, an exercise, uploads.

    Uploads do not travel in it: their names open them for the browser that sent them alone.
    """
    visitor = _visitor()
    traces = dict(zip(KEPT_PARTS, (session.upload(), session.recording()), strict=True))
    parts = {part: visitors.keep(visitor, trace) for part, trace in traces.items() if trace is not None}
    lesson, sitting = st.session_state.get("lesson"), session.sitting()
    if lesson is not None:
        parts[OF_LESSON] = lesson.text
    if session.room() is not None:
        parts[OF_ROOM] = st.session_state.room_token
    if sitting is None:
        shown = session.experiment()
        own = shown.own_maps or trainings.newest_maps(session.scene().holdings.owner)
        query = to_sealed_address(replace(shown, own_maps=own))
    else:
        query, parts[OF_EXERCISE] = sitting.address(session.experiment()), sitting.token
        if sitting.student is not None:
            parts[OF_STUDENT] = str(sitting.student + 1)
    return "&".join(filter(None, (query, urlencode(parts))))


def start_address() -> str:
    """Return the query string of the start page, which says that it is that page's."""
    return f"{OF_START}=1&{address()}"


def is_opened_by_old_link() -> bool:
    """Say whether a session starts with an experiment at the address of the start page, where the Neuron page was."""
    parts = set(st.query_params)
    holds_settings = bool(parts - {OF_START, OF_LESSON, OF_ROOM}) and not parts & {OF_START, OF_EXERCISE}
    return "page" not in st.session_state and holds_settings


def browser() -> str:
    """Return what tells a visitor from others: the login, else the cookie, or the session where there is neither."""
    return _visitor() or st.session_state.live_key


def _session() -> str:
    context = get_script_run_ctx()
    return "" if context is None else context.session_id


def _visitor() -> str:
    """Return who asks: the user where a login names one, since browsers are shared, and otherwise the cookie."""
    if st.user.get("is_logged_in"):
        issuer, subject = st.user.get("iss"), st.user.get("sub")
        named = json.dumps([issuer, subject])
        return hashlib.sha256(named.encode()).hexdigest()[:32] if issuer and subject else ""
    return visitors.checked(st.context.cookies.get(visitors.COOKIE))
