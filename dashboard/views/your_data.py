"""The page Your data: what can be said about a trace of one's own?"""

import csv
import io
import json

import streamlit as st

from dashboard import session
from dashboard.maps import inverse_maps
from dashboard.panels.sidebar import beside_sidebar
from dashboard.panels.stage import head, stage
from dashboard.pictures.shown import Shown
from dashboard.pictures.your_data import estimates, picture
from dashboard.scene.observation import Observation
from dashboard.scene.scene import Scene
from dashboard.scene.upload import read_trace
from dashboard.views.states_fit import section

QUESTION = "What can be said about a trace of your own?"


def _take_upload() -> None:
    """Put a newly uploaded trace on screen; one that cannot be read leaves what was there."""
    file = session.take_file()
    if file is None:
        return
    name, content = file
    try:
        trace = read_trace(name, content)
    except ValueError as error:
        session.say(f"{name}: {error} What was on screen stays.")
        return
    if trace.complete:
        session.use_upload(trace)
    else:
        session.use_recording(trace)


def _source(scene: Scene) -> None:
    """Ask for a recording, and say what is on screen."""
    left, right = st.columns([3, 2], vertical_alignment="center")
    left.file_uploader(
        "A recording as CSV or other text: time, u and, if observed, v; a cell may be empty. A first row may name "
        "the columns and the unit of the time, as in time (s), u; without a unit it is ms.",
        type=["csv", "txt", "tsv", "dat"],
        key=session.uploader_key(),
        on_change=_take_upload,
    )
    upload, recording = scene.holdings.upload, scene.holdings.recording
    if recording is not None:
        right.text(f"On screen now, on this page alone: {recording.name}\n{recording.reading}")
        before = "simulated data" if upload is None else upload.name
        right.button(f"Back to {before}", on_click=session.use_recording, args=(None,))
    elif upload is not None:
        right.text(f"On screen now, on every page: {upload.name}\n{upload.reading}")
        right.button("Back to simulated data", on_click=session.drop_upload)
    else:
        right.caption(
            "On screen now: the simulated data of the sidebar. Uploaded data would take their place on every page."
        )


def _csv(observation: Observation) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = {"time [ms]": observation.times, "u": observation.data}
    writer.writerow(columns)
    writer.writerows(zip(*(values.tolist() for values in columns.values()), strict=True))
    return text.getvalue()


def _downloads(scene: Scene) -> None:
    content = {
        "estimates": {
            name: dict(zip(("theta0", "theta1"), map(float, each.mean[0]), strict=True))
            for name, each in estimates(scene, inverse_maps()[0]).items()
        },
        "experiment": session.address(),
    }
    with st.container(horizontal=True):
        data, text = _csv(scene.observation), json.dumps(content, indent=2)
        st.download_button("Data as CSV", data, "inverse-lab-data.csv", "text/csv", on_click="ignore")
        st.download_button(
            "Estimates as JSON", text, "inverse-lab-estimates.json", "application/json", on_click="ignore"
        )
        st.caption("Figures: the camera at a plot’s upper right corner saves it as PNG, on every page.")


@st.fragment
def _body() -> None:
    scene = session.scene()
    with beside_sidebar("your_data", follows=True):
        head("your_data", Shown("head", question=QUESTION))
        _source(scene)
        shown = picture(scene)
        if shown is not None:
            stage("your_data", shown)
            if not scene.observation.usable:
                return
            _downloads(scene)
        section(scene)


def show() -> None:
    """Show the page."""
    _body()
