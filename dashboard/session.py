"""What one visitor's session holds: the experiment, an uploaded trace, sentences to show, the change being answered."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from dashboard import registry
from dashboard.observation import Observation, Trace, observe
from dashboard.report import read_report
from dashboard.state import PRESET_FIELDS, PRESETS, Experiment, change, from_address, to_address


def begin() -> None:
    """Take the experiment from the address when a session starts."""
    if "experiment" not in st.session_state:
        query = urlencode(st.query_params.to_dict())
        experiment, sentences = from_address(query) if query else (Experiment(), ())
        missing = [name for name in experiment.own_maps.split(",") if name and name not in registry.own_maps()]
        if missing:
            names = ", ".join(f"“{name[:40]}”" for name in missing[:5]) + (" and others" if len(missing) > 5 else "")
            sentences += (
                f"The link was made beside maps that are not on this machine: {names}. Train them on the page Train.",
            )
        st.session_state.experiment = experiment
        st.session_state.sentences = sentences
        st.session_state.upload = None
        st.session_state.recording = None
        st.session_state.answering = 0
        st.session_state.settled = True


def turn_to(page: str) -> None:
    """Note which page is shown: on a new one no slider is being dragged, whatever the last one had to say."""
    if st.session_state.get("page") != page:
        st.session_state.page = page
        st.session_state.settled = True


def experiment() -> Experiment:
    """Return the experiment on screen."""
    return st.session_state.experiment


def upload() -> Trace | None:
    """Return the uploaded trace that stands in place of the simulated data, if there is one."""
    return st.session_state.upload


def recording() -> Trace | None:
    """Return the uploaded recording that the page Your data alone can take, if there is one."""
    return st.session_state.recording


def observation() -> Observation:
    """Return the data on screen."""
    return observe(experiment(), upload())


def address() -> str:
    """Return the query string of the experiment on screen, with the names of what does not travel in it."""
    return to_address(replace(experiment(), own_maps=",".join(registry.own_maps())))


def use_upload(trace: Trace) -> None:
    """Put an uploaded trace in the place of the simulated data."""
    st.session_state.upload = trace
    st.session_state.recording = None
    st.session_state.experiment = replace(experiment(), upload=trace.name, starts=())
    st.session_state.sentences = ()


def use_recording(trace: Trace | None) -> None:
    """Put a recording with gaps or unequal steps on the page Your data, or take it off; other pages keep their data."""
    st.session_state.recording = trace
    st.session_state.sentences = ()


def drop_upload() -> None:
    """Put the simulated data back in their place."""
    st.session_state.upload = None
    st.session_state.experiment = replace(experiment(), upload="")
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
    st.session_state.settled = report.final
    changes = dict(report.changes)
    for asked in ("wish", "sample"):  # what the Landscape page is asked to do, and which test sample to open, once
        if asked in changes:
            st.session_state[asked] = changes.pop(asked)
    preset = changes.pop("preset", None)
    if preset in PRESETS:
        load_preset(str(preset))
    st.session_state.experiment, st.session_state.sentences = change(experiment(), changes)


def load_preset(name: str) -> None:
    """Set truth, noise and window as the preset has them; simulated data take the place of an upload."""
    preset = PRESETS[name][1]
    set_truth({field: getattr(preset, field) for field in PRESET_FIELDS})


def set_truth(fields: dict[str, Any]) -> None:
    """Set truth, noise and window by field; simulated data take the place of an upload."""
    st.session_state.experiment = replace(experiment(), **fields, upload="", starts=())
    st.session_state.upload = st.session_state.recording = None
