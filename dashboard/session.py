"""What one visitor's session holds: the experiment, an uploaded trace, sentences to show, the change being answered."""

from dataclasses import replace
from typing import Any

import streamlit as st

from dashboard.maps import with_chosen, with_renamed
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
from dashboard.scene.training import Form
from dashboard.session_keys import ASKED, OF_STRIP, OF_WHOLE_PAGE

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


def follow_map(name: str, renamed: str) -> None:
    """Keep showing a map that was renamed, and no longer one that was deleted, whose new name is ""."""
    _show(replace(experiment(), own_maps=with_renamed(experiment().own_maps, name, renamed)))


def put_form(form: Form, zeta: float, gamma: float) -> None:
    """Fill in the form of the page Train, with the ζ and γ that it needs in the sidebar."""
    scene().holdings.training = form
    _show(replace(experiment(), zeta=zeta, gamma=gamma))


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
