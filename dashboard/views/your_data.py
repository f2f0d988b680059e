"""The page Your data: what can be said about a trace of one's own?"""

import csv
import io
import json

import numpy as np
import streamlit as st

from core.estimate import Estimate
from core.models.fitzhugh_nagumo.simulate import simulate
from core.published import published_prior, with_constants
from dashboard import live, session
from dashboard import maps as registry
from dashboard.figures import inverse_map as figures
from dashboard.figures.style import OPTIMISER
from dashboard.live import Plot
from dashboard.panels.sidebar import beside_sidebar
from dashboard.panels.stage import map_cell, question, stage
from dashboard.pictures import results, states_fit
from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import Observation, Trace
from dashboard.scene.problem import theta_problem
from dashboard.scene.upload import read_trace
from dashboard.wording import entries
from dashboard.wording.maps import about_novelty, about_training
from dashboard.wording.numbers import fixed


def _take_upload() -> None:
    """Put a newly uploaded trace on screen; one that cannot be read leaves what was there."""
    file = session.take_file()
    if file is None:
        return
    name, content = file
    try:
        trace = read_trace(name, content)
    except ValueError as error:
        st.session_state.sentences = (f"{name}: {error} What was on screen stays.",)
        return
    if trace.complete:
        session.use_upload(trace)
    else:
        session.use_recording(trace)


def _csv(observation: Observation) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = {"time [ms]": observation.times, "u": observation.data}
    writer.writerow(columns)
    writer.writerows(zip(*(values.tolist() for values in columns.values()), strict=True))
    return text.getvalue()


def _best_fit(experiment: Experiment, observation: Observation) -> Estimate | None:
    """Return the MAP estimate of θ, None where there is none, or not before a slider is let go."""
    return results.map_estimate(theta_problem(experiment, observation))


def _estimates(
    experiment: Experiment, observation: Observation, best: Estimate | None
) -> tuple[dict[str, np.ndarray], list[list[live.Cell]]]:
    """Return the estimates of θ by name, (2,), and the rows of the table; best: the MAP estimate."""
    maps, _ = registry.inverse_maps()
    colours = registry.colours(maps)
    found = {} if best is None else {entries.MAP: best}
    status = "None: no point of the prior’s box can be simulated." if best is None else best.status
    if best is None and not st.session_state.settled:
        status = "Let go to update."
    sentences = {entries.MAP: f"{status} It takes any time grid, and assumes ζ, γ, σ and ρ of the rail."}
    trace = observation.described(experiment)
    for name, each in maps.items():
        told = about_training({name: each}, trace) or ["Trained for traces like this one."]
        if each.takes(observation.times):
            found[name] = each.predict(observation.data[None])
            score = results.novelty(each, observation.data, found[name]) if st.session_state.settled else None
            if score is not None:
                told.append(about_novelty(name, score, bool(each.differences(**trace))))
        sentences[name] = " ".join(told)
    rows: list[list[live.Cell]] = [["estimator", "θ₀", "θ₁", "what to know"]]
    for name, sentence in sentences.items():
        values = found[name].mean[0] if name in found else None
        numbers = ["–", "–"] if values is None else [fixed(value, 4) for value in values]
        rows.append([map_cell(name, colours.get(name, OPTIMISER)), *numbers, sentence])
    return {name: estimate.mean[0] for name, estimate in found.items()}, rows


def _downloads(observation: Observation, estimates: dict[str, np.ndarray]) -> None:
    with st.container(horizontal=True):
        st.download_button("Data as CSV", _csv(observation), "inverse-lab-data.csv", "text/csv", on_click="ignore")
        content = {
            "estimates": {
                name: dict(zip(("theta0", "theta1"), map(float, values), strict=True))
                for name, values in estimates.items()
            },
            "experiment": session.address(),
        }
        st.download_button(
            "Estimates as JSON",
            json.dumps(content, indent=2),
            "inverse-lab-estimates.json",
            "application/json",
            on_click="ignore",
        )
        st.caption("Figures: the camera at a plot’s upper right corner saves it as PNG, on every page.")


@st.fragment
def _body() -> None:
    experiment, observation = session.experiment(), session.observation()
    with beside_sidebar("your_data"):
        left, right = st.columns([3, 2], vertical_alignment="center")
        left.file_uploader(
            "A recording as CSV or other text: time, u and, if observed, v; a cell may be empty. A first row may name "
            "the columns and the unit of the time, as in time (s), u; without a unit it is ms.",
            type=["csv", "txt", "tsv", "dat"],
            key=session.uploader_key(),
            on_change=_take_upload,
        )
        upload, recording = session.upload(), session.recording()
        if recording is not None:
            right.text(f"On screen now, on this page alone: {recording.name}\n{recording.reading}")
            before = "simulated data" if upload is None else upload.name
            right.button(f"Back to {before}", on_click=session.use_recording, args=(None,))
            notes = [*st.session_state.sentences, _what_it_lacks(recording, before), recording.warning]
            samples = states_fit.samples_of(experiment, observation, recording)
            states_fit.section(samples, [note for note in notes if note])
            return
        if upload is None:
            right.caption(
                "On screen now: the simulated data of the rail. Uploaded data would take their place on every page."
            )
        else:
            right.text(f"On screen now, on every page: {upload.name}\n{upload.reading}")
            right.button("Back to simulated data", on_click=session.drop_upload)
        if not observation.usable:
            stage("your_data", "single", [], notes=[observation.note])
            return
        best = _best_fit(experiment, observation)
        verdict = "" if best is None or best.fit is None else best.fit.sentence
        estimates, rows = _estimates(experiment, observation, best)
        colours = registry.colours(registry.inverse_maps()[0])
        theta = with_constants(np.array(list(estimates.values())).reshape(-1, 2), experiment.zeta, experiment.gamma)
        potentials = simulate(theta, observation.times)[..., 0]
        lines = {name: (colours.get(name, OPTIMISER), u) for name, u in zip(estimates, potentials, strict=True)}
        figure = figures.resimulated(observation.times, observation.data, None, lines)
        said = [*filter(None, [verdict]), _sentence(estimates)]
        plots, notes = [Plot("trace", figure)], [observation.note]
        stage("your_data", "single", plots, table=rows, said=said, notes=notes)
        _downloads(observation, estimates)
        states_fit.section(states_fit.samples_of(experiment, observation, upload))


def _what_it_lacks(recording: Trace, others: str) -> str:
    """Say why the other pages cannot take a recording, what still works, and what they show instead."""
    lacks = []
    if np.all(np.isnan(recording.u)):
        lacks.append("u was not observed")
    elif np.any(np.isnan(recording.u)):
        lacks.append("u has gaps")
    if recording.unequal:
        lacks.append("the samples are not equally far apart")
    return (
        f"{recording.name}: {' and '.join(lacks)}, so that of all estimates only the fit below can take it. "
        f"The other pages stay with {'the ' if others == 'simulated data' else ''}{others}."
    )


def _sentence(estimates: dict[str, np.ndarray]) -> str:
    maps, _ = registry.inverse_maps()
    on_edge = []
    for name, values in estimates.items():
        prior = maps[name].recipe.task.prior if name in maps else published_prior()
        if np.any((values <= np.array(prior.lower) + 1e-6) | (values >= np.array(prior.upper) - 1e-6)):
            on_edge.append(name)
    text = "The model starts at u = v = 0 at the first sample. If yours does not, use the fit below."
    if on_edge:
        text += f" On the edge of the prior’s box, so that the truth may lie beyond it: {', '.join(on_edge)}."
    return text


def show() -> None:
    """Show the page."""
    question("What can be said about a trace of your own?")
    _body()
