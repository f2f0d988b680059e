"""The page Your data: what can be said about a trace of one's own?"""

import csv
import io
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard import links, session
from dashboard.maps import inverse_maps
from dashboard.panels import uploaded_file
from dashboard.panels.sidebar import OF_SIMULATED_DATA, beside_sidebar
from dashboard.panels.stage import head, stage
from dashboard.pictures.shown import Shown
from dashboard.pictures.your_data import estimates, picture
from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import Observation, Trace, observe
from dashboard.scene.scene import Scene
from dashboard.scene.text_table import MAX_FILE_BYTES
from dashboard.views import reading
from dashboard.views.reading import ask_again, file_of, take_upload
from dashboard.views.states_fit import section
from dashboard.wording.numbers import compact

QUESTION = "What can be said about a trace of your own?"
STYLE = Path(__file__).with_suffix(".css")
HINT = (
    "Each row is a time point: the time, the potential u and, if it was measured, the recovery variable v. An empty "
    "cell is a gap. A heading may give the unit of the time."
)


@cache
def example() -> Observation:
    """Return the recording of the example file: θ₀ = 0.3 and θ₁ = 0.6, with the published noise."""
    return observe(Experiment(theta0=0.3, theta1=0.6, seed=3), None)


def _format() -> str:
    """Return the first rows of the example file as a table."""
    head, *rows = (line.split(",") for line in _csv(example()).splitlines()[:4])
    cells = "".join(f"<tr>{''.join(f'<td>{compact(float(cell), 3)}</td>' for cell in row)}</tr>" for row in rows)
    return f'<table class="lab-cells"><tr>{"".join(f"<th>{name}</th>" for name in head)}</tr>{cells}</table>'


def _source(scene: Scene) -> None:
    """Ask for a recording, and say what is on screen, or what a file looks like."""
    left, right = st.columns([3, 2], gap="medium")
    with left.container(key="lab_drop"):
        st.file_uploader(
            "A recording: a text file with the time, u and, if observed, v",
            type=["csv", "txt", "tsv", "dat"],
            key=uploaded_file.uploader_key(),
            on_change=take_upload,
            max_upload_size=MAX_FILE_BYTES // 2**20,
            label_visibility="collapsed",
        )
    upload, recording = scene.holdings.upload, scene.holdings.recording
    with right.container(key="lab_source", gap="small"):
        if recording is not None:
            st.text(f"On screen now, on this page alone: {recording.name}\n{recording.reading}")
            before = "simulated data" if upload is None else upload.name
            _buttons(recording, f"Back to {before}", session.use_recording, None)
        elif upload is not None:
            st.text(f"On screen now, on every page: {upload.name}\n{upload.reading}")
            _buttons(upload, "Back to simulated data", session.drop_upload)
        else:
            with st.container(horizontal=True, vertical_alignment="bottom"):
                st.html(_format(), width=180)
                st.download_button("Example file", _csv(example()), "example.csv", "text/csv", on_click="ignore")
            st.caption(HINT)
            st.markdown("**On screen now: the simulated data of the sidebar.**")


def _buttons(trace: Trace, back: str, go_back: Callable[..., None], *args: Any) -> None:
    file = file_of(trace)
    if file is None:  # since the page was loaded again
        st.caption("To read it in another way, upload the file again.")
    with st.container(horizontal=True):
        if file is not None:
            st.button("Change how it is read", on_click=ask_again, args=file)
        st.button(back, on_click=go_back, args=args)


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
            name: dict(zip(each.names, map(float, each.mean[0]), strict=True))
            for name, each in estimates(scene, inverse_maps(scene.experiment.own_maps)[0]).items()
        },
        "experiment": links.address(),
    }
    with st.container(key="lab_downloads", horizontal=True, vertical_alignment="center"):
        data, text = _csv(scene.observation), json.dumps(content, indent=2)
        st.download_button("Data as CSV", data, "inverse-lab-data.csv", "text/csv", on_click="ignore")
        st.download_button(
            "Estimates as JSON", text, "inverse-lab-estimates.json", "application/json", on_click="ignore"
        )
        st.caption("Figures: the toolbar at a plot’s lower right corner saves it as PNG or SVG, on every page.")


@st.fragment
def _body() -> None:
    scene = session.scene()
    # A recording with gaps has no truth, and its noise is typed in the fit.
    idle = () if scene.holdings.recording is None else OF_SIMULATED_DATA
    with beside_sidebar("your_data", follows=True, without=idle):
        head("your_data", Shown("head", question=QUESTION))
        _source(scene)
        reading.section()
        above = st.container(gap="small")
        section(scene)  # first, since a new fit changes the verdict above it
        with above:
            shown = picture(scene)
            if shown is not None:
                stage("your_data", shown)
                if scene.observation.usable:
                    _downloads(scene)


def show() -> None:
    """Show the page."""
    st.html(STYLE)
    _body()
