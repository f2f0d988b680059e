"""What one visitor's session holds: the experiment, an uploaded trace, sentences to show, the change being answered."""

from dataclasses import replace
from typing import Any

import streamlit as st

from dashboard.maps import with_chosen
from dashboard.rooms import Room
from dashboard.scene.changes import change
from dashboard.scene.exercise import Sitting
from dashboard.scene.experiment import Experiment
from dashboard.scene.holdings import Holdings
from dashboard.scene.moment import Moment
from dashboard.scene.observation import Trace
from dashboard.scene.presets import PRESET_FIELDS, PRESETS
from dashboard.scene.report import read_report
from dashboard.scene.scene import Scene

# Every key of the session's state that is neither a widget's nor a component's.
KEYS = {
    "scene": "what is on screen: experiment, uploads, what is dragged",
    "moment": "what was set at the last release of a control",
    "past": "the moments before the last changes, the newest last, to go back to",
    "sentences": "about the last change",
    "live_key": "by which the live route finds the session's holdings",
    "answering": "sequence number of the change that this run answers",
    "page": "title of the page that is shown",
    "door": "which way in the start page is asked to open, once",
    "lesson": "how far the visitor is in a lesson; None outside of one",
    "lesson_asked": "the lesson that a card asks for, once",
    "lesson_opened": "the step of a lesson that the address names, once, and whether it holds an experiment too",
    "lesson_report": "what the strip of a lesson reports, once",
    "lesson_held": "the experiment of a step whose page was left",
    "turn_page": "title of the page that a step of a lesson stands on, once",
    "pages": "by title, to switch to",
    "room_token": "of that room, in the address",
    "room": "where the answers of a class are collected, if they are",
    "desk": "whether the teacher's desk is asked for, once",
    "desk_word": "the code word that the desk proposes",
    "desk_room": "the name of the room that the desk proposes",
    "desk_made": "the link that the desk made last",
    "student": "the name that a student of an exercise has chosen, once",
    "code_word": "what was typed to open the truth of an exercise, once",
    "code_word_problem": "what is wrong with it",
    "n_files": "that were uploaded: the uploader of each has a key of its own",
    "beating": "whether the Landscape page looks again and again at what is computed in the background",
    "wish": "what the Landscape page is asked to do, once",
    "sample": "which test sample the Inverse map page is asked to open, once",
    "fence": "whether the Train page is asked to drag the truth across the narrow map’s fence, once",
    "train_start": "whether the Train page is asked to start a training, once",
    "train_stop": "the training that the Train page is asked to stop, once",
    "train_watched": "the training that the Train page is asked to show, once",
    "train_refused": "why the last training was not started, until the form changes",
    "watched_run": "the training that the Train page shows",
    "seen_active": "the training that was last seen at work",
    "file": "name and content of the upload on screen, to read it in another way",
    "asked": "a file of which it is asked how it is read",
    "fit_typed": "what stands in the form of the fit, which outlasts a visit to another page",
    "fit_source": "the recording for which the form has chosen a box",
}
# Of a page, once; "door": which way in from the start page.
ASKED = (
    "wish", "sample", "door", "lesson_asked", "fence", "train_start", "train_stop", "train_watched", "desk",
    "code_word", "student",
)  # fmt: skip
OF_STRIP = (  # what its buttons ask for
    "lesson_leave", "lesson_next", "lesson_step", "lesson_again", "lesson_reveal", "lesson_answer",
)  # fmt: skip
OF_WHOLE_PAGE = ("lesson_report", "desk", "code_word")  # asked of more than the part whose control reported it
MOST_PAST = 50  # changes that can be undone


def turn_to(page: str) -> bool:
    """Note which page is shown, and say whether it is a new one: no control of it is being dragged then."""
    is_new = st.session_state.get("page") != page
    if is_new:
        st.session_state.page = page
        _show(experiment())
    return is_new


def scene() -> Scene:
    """Return the scene on screen."""
    return st.session_state.scene


def start(experiment: Experiment, holdings: Holdings, sentences: tuple[str, ...]) -> None:
    """Put the first experiment of a session on screen, with sentences about it."""
    st.session_state.sentences = sentences
    st.session_state.n_files = 0
    st.session_state.answering = 0
    _show(experiment, holdings)


def has_started() -> bool:
    """Say whether there is an experiment on screen."""
    return "scene" in st.session_state


def sitting() -> Sitting | None:
    """Return the exercise that a student attends here, if there is one."""
    return scene().holdings.sitting


def room() -> Room | None:
    """Return the room whose class answers the questions of a lesson, if there is one."""
    return st.session_state.get("room")


def sit(sitting: Sitting) -> None:
    """Attend an exercise as it is now."""
    scene().holdings.sitting = sitting
    _show(experiment() if sitting.is_open else sitting.start)


def code_word_problem() -> str:
    """Return what is wrong with the code word that was typed last, "" where nothing is."""
    return st.session_state.get("code_word_problem", "")


def concerns_whole_page() -> bool:
    """Say whether more is asked for than the part of the page can do whose control asked for it."""
    return any(st.session_state.get(asked) for asked in OF_WHOLE_PAGE)


def _show(experiment: Experiment, holdings: Holdings | None = None, dragging: bool = False) -> None:
    """Put an experiment on screen; dragging: a hand is on a control, and the last release stays what it was."""
    if holdings is None:
        holdings = scene().holdings
    if holdings.sitting is not None:
        experiment = holdings.sitting.over(experiment)
    st.session_state.scene = Scene(experiment, scene().released if dragging else experiment, dragging, holdings)
    if not dragging:
        before, now = st.session_state.get("moment"), Moment.of(scene())
        if before is not None and not now.is_like(before):
            st.session_state.past = (*past(), before)[-MOST_PAST:]
        st.session_state.moment = now


def experiment() -> Experiment:
    """Return the experiment on screen."""
    return scene().experiment


def put(experiment: Experiment) -> None:
    """Put an experiment on screen, without an upload."""
    scene().holdings.upload = None
    _show(experiment)
    st.session_state.sentences = ()


def show_map(name: str) -> None:
    """Show a map beside the shipped ones as soon as its training has ended."""
    _show(replace(experiment(), own_maps=with_chosen(experiment().own_maps, name)))


def sentences() -> tuple[str, ...]:
    """Return what to say about the last change: what was refused, and why."""
    return st.session_state.sentences


def say(*sentences: str) -> None:
    """Show sentences above the page in place of those about the last change."""
    st.session_state.sentences = sentences


def take_asked(name: str) -> Any:
    """Return what a component asked the page for under a name, once; None where it asked for nothing."""
    return st.session_state.pop(name, None)


def switch_page(title: str) -> None:
    """Turn to another page, unless the exercise has taken it away."""
    if title in st.session_state.pages:
        st.switch_page(st.session_state.pages[title])


def answering() -> int:
    """Return the sequence number of the change that this run answers."""
    return st.session_state.answering


def upload() -> Trace | None:
    """Return the uploaded trace that stands in place of the simulated data, if there is one."""
    return scene().holdings.upload


def recording() -> Trace | None:
    """Return the uploaded recording that the page Your data alone can take, if there is one."""
    return scene().holdings.recording


def _takes_no_upload() -> bool:
    """Say whether an exercise is attended whose truth an upload would uncover, and refuse the upload then."""
    attended = sitting()
    if attended is None or not attended.hides:
        return False
    say("In this exercise the data are given: nothing can be uploaded until the truth is open.")
    return True


def use_upload(trace: Trace) -> None:
    """Put an uploaded trace in the place of the simulated data, where it stays until it is taken off."""
    if _takes_no_upload():
        return
    holdings = scene().holdings
    holdings.upload, holdings.recording = trace, None
    _show(replace(experiment(), upload=trace.name, starts=()))
    st.session_state.sentences = ()


def use_recording(trace: Trace | None) -> None:
    """Put a recording with gaps or unequal steps on the page Your data, or take it off; other pages keep their data."""
    if trace is not None and _takes_no_upload():
        return
    scene().holdings.recording = trace
    _show(experiment())
    st.session_state.sentences = ()


def put_on_screen(trace: Trace) -> None:
    """Put an uploaded trace where it can stand: on every page, or on the page Your data alone."""
    if trace.complete:
        use_upload(trace)
    else:
        use_recording(trace)


def drop_upload() -> None:
    """Put the simulated data back in their place."""
    scene().holdings.upload = None
    _show(replace(experiment(), upload=""))
    st.session_state.sentences = ()


def receive(key: str) -> None:
    """Apply the change that the live component of this key reports; what cannot be read becomes a sentence.

    A report that arrives after its page was left finds no component any more, and is dropped.
    """
    component = st.session_state.get(key)
    content = component and component.change
    if not content:
        return
    try:
        report = read_report(content)
    except ValueError as error:
        st.session_state.sentences = (str(error),)
        return
    st.session_state.answering = report.sequence
    holdings = scene().holdings
    holdings.training, changes = holdings.training.taking(report.changes)
    # A report that is sent again undoes nothing more.
    if changes.pop("undo", 0) == len(past()) > 0:
        _undo()
    if sitting() is not None:  # which has neither a desk nor lessons
        changes = {name: value for name, value in changes.items() if name not in (*OF_STRIP, "desk")}
    for asked in ASKED:
        if asked in changes:
            st.session_state[asked] = changes.pop(asked)
    # A report can hold what a slider and the strip of a lesson had to say meanwhile.
    of_strip = {name: changes.pop(name) for name in OF_STRIP if name in changes}
    if of_strip:
        st.session_state.lesson_report = of_strip
    if changes.get("upload") == "":  # a browser can take an upload off, and not name one that there is not
        del changes["upload"]
        drop_upload()
    preset = changes.pop("preset", None)
    said = load_preset(str(preset)) if preset in PRESETS else ()
    changed, refused = change(experiment(), changes)
    _show(changed, dragging=not report.final)
    st.session_state.sentences = said + refused


def past() -> tuple[Moment, ...]:
    """Return the moments before the last changes, the newest last."""
    return st.session_state.get("past", ())


def _undo() -> None:
    """Go back to the moment before the last change."""
    *earlier, before = past()
    _show(before.back_in(scene()))
    st.session_state.past = tuple(earlier)


def load_preset(name: str) -> tuple[str, ...]:
    """Set truth, noise and window as the preset has them; return a sentence where an upload stands in their place."""
    preset = PRESETS[name][1]
    return set_truth({field: getattr(preset, field) for field in PRESET_FIELDS})


def set_truth(fields: dict[str, Any]) -> tuple[str, ...]:
    """Set truth, noise and window by field; return a sentence where an upload stands in their place, and stays."""
    standing = upload()
    if standing is not None:
        return (f"The upload {standing.name} stays on screen: take it off to see simulated data.",)
    _show(replace(experiment(), **fields, starts=()))
    return ()
