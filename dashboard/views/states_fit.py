"""The part of the page Your data that fits parameters and start by least squares on u and v: its form."""

from typing import Any

import numpy as np
import streamlit as st

from core.symbols import symbol_of
from dashboard.panels.below import stage_below
from dashboard.panels.boxes import number_box
from dashboard.panels.stage import stage
from dashboard.panels.waiting import waiting
from dashboard.pictures.states_fit import as_json, fit_on_screen, picture, samples_on_screen
from dashboard.scene.experiment import Experiment
from dashboard.scene.kinds import Number
from dashboard.scene.scene import Scene
from dashboard.scene.settings import DEFAULTS
from dashboard.scene.states_fit import (
    BOXES,
    FROM_SIDEBAR,
    NAMES,
    NARROW,
    WIDE,
    Fitting,
    Samples,
    Settings,
    fit,
    problem_for,
    too_long,
)
from dashboard.wording.numbers import compact, rounded

SHORT = 50.0  # ms, up to which a recording is searched in the wide box
SMALLEST_SD, LARGEST_SD = 1e-4, 1e3
KNOWN = {  # what is typed here where it is not unknown
    name: Number(
        name=f"fit_known_{name}", symbol=symbol_of(name), label=f"{symbol_of(name)}, known",
        default=DEFAULTS.get(name, 0.0), least=-100, most=100,
    )
    for name in ("theta0", "theta1", "u0", "v0")
}  # fmt: skip
TYPED: dict[str, Any] = {
    **{f"fit_unknown_{name}": name != "zeta" for name in NAMES},
    **{known.name: compact(known.default) for known in KNOWN.values()},
    "fit_box": NARROW,
}
CHOSEN = ("fit_unknown_zeta", "fit_box")  # for each recording anew
HELP = (
    "Least squares on all observed samples of u and v, at any times. Unknown are the ticked ones of the parameters and "
    "of the state at the first sample; ζ and γ, where they are known, are those of the sidebar."
)


def _key(name: str) -> str:
    """Return the key of a widget of the form.

    What is chosen for a recording has a new one for each: the browser still has what stood there for the last one, and
    a run of the page that is asked for before it shows the new choice would put it back.
    """
    return f"{name}_{st.session_state.n_sources}" if name in CHOSEN else name


def _restore(samples: Samples, sd: float) -> None:
    """Put back what was typed before a visit to another page, and choose a box for another recording."""
    typed = st.session_state.setdefault("fit_typed", {**TYPED, "fit_sd_u": compact(sd), "fit_sd_v": compact(sd)})
    st.session_state.setdefault("n_sources", 0)
    source = (samples.name, float(samples.times[-1])) if samples.rho is None else None
    if st.session_state.get("fit_source") != source:
        chosen: dict[str, Any] = {"fit_box": WIDE if source and samples.times[-1] <= SHORT else NARROW}
        if samples.tau is not None:
            chosen["fit_unknown_zeta"] = True  # the textbook's I is not what the sidebar has
        st.session_state.fit_typed = typed = typed | chosen
        st.session_state.fit_source = source
        st.session_state.n_sources += 1
    for name, value in typed.items():
        st.session_state.setdefault(_key(name), value)


def _keep_typed() -> None:
    """Keep what stands in the form, of which Streamlit forgets what another page does not show."""
    kept = st.session_state.fit_typed
    st.session_state.fit_typed = {name: st.session_state.get(_key(name), value) for name, value in kept.items()}


def _noise_sd(state: str, is_observed: bool, sd: float, problems: list[str]) -> float:
    """Ask for the sd of the noise on u or v."""
    number = Number(
        name=f"fit_sd_{state}", symbol=f"The noise sd of {state}", label=f"Noise sd of {state}", default=sd,
        least=SMALLEST_SD, most=LARGEST_SD,
    )  # fmt: skip
    return number_box(
        number, problems if is_observed else [], disabled=not is_observed, width=120,
        help=f"The standard deviation of white noise on {state}.",
    )  # fmt: skip


def _unknown() -> tuple[str, ...]:
    """Ask for the unknowns, in a first row."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown("Unknown:", width="content")
        for name in NAMES:
            st.checkbox(symbol_of(name), key=_key(f"fit_unknown_{name}"), width="content")
    return tuple(name for name in NAMES if st.session_state[_key(f"fit_unknown_{name}")])


def _second_row(
    experiment: Experiment, samples: Samples, unknown: tuple[str, ...], sd: float, problems: list[str]
) -> tuple[tuple[float, float], tuple[float, ...]]:
    """Ask for the noise, the box, and what is known and not in the sidebar.

    Returns both sds, and the values of all six unknowns.
    """
    u_is_seen, v_is_seen = ~np.all(np.isnan(samples.data), axis=0)
    values = {name: getattr(experiment, name) for name in FROM_SIDEBAR}
    values |= {name: quantity.default for name, quantity in KNOWN.items()}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        sds = _noise_sd("u", bool(u_is_seen), sd, problems), _noise_sd("v", bool(v_is_seen), sd, problems)
        for name in KNOWN:
            if name not in unknown:
                values[name] = number_box(KNOWN[name], problems, width=120)
        st.selectbox(
            "Box that is searched", list(BOXES), format_func=lambda name: BOXES[name].label, key=_key("fit_box"),
            width=180, help="The wide box takes a longer search, and suits recordings of up to about 50 ms.",
        )  # fmt: skip
        st.button("Fit", type="primary", on_click=_ask_for_fit)
    return sds, tuple(values[name] for name in NAMES)


def _ask_for_fit() -> None:
    # A run of the page that another one interrupts would forget the press.
    st.session_state.fit_asked = True


def _form(experiment: Experiment, samples: Samples) -> tuple[Settings | None, str]:
    """Ask for the settings, which outlast a visit to another page.

    Returns them, or None and what is wrong with what was typed.
    """
    problems: list[str] = []
    sd = max(rounded(experiment.marginal_sd, 3), SMALLEST_SD)  # as it can be typed
    _restore(samples, sd)
    unknown = _unknown()
    sds, known = _second_row(experiment, samples, unknown, sd, problems)
    _keep_typed()
    if problems:
        return None, " ".join([*problems, "Nothing is fitted until this is mended."])
    return Settings(unknown, known, sds, st.session_state[_key("fit_box")]), ""


def _fitting(scene: Scene, samples: Samples, settings: Settings | None, wrong: str) -> Fitting:
    """Return what the form was left at, with the last fit, which is a new one where Fit was pressed."""
    last = scene.holdings.fitting
    found = None if last is None else last.fit
    if settings is None or not st.session_state.get("fit_asked"):
        return Fitting(settings, wrong, found)
    try:
        problem = problem_for(samples, settings)
        refused = too_long(samples, settings)
        return Fitting(settings, refused, found if refused else fit(problem))
    except ValueError as error:
        return Fitting(settings, str(error), found)


def section(scene: Scene) -> None:
    """Show the settings, the button, and the fit over the data; while a slider is dragged all of it stays as it is."""
    samples = samples_on_screen(scene)
    if samples is None:
        return
    st.markdown("##### Fit with an unknown start", help=HELP)
    with st.container(key="lab_form"):
        settings, wrong = _form(scene.experiment, samples)
    with waiting("fit", "Searching the box, then refining the best starts …"):
        if not scene.dragging:
            scene.holdings.fitting = _fitting(scene, samples, settings, wrong)
            st.session_state.fit_asked = False
    shown, found = picture(scene), fit_on_screen(scene)
    if shown is not None and scene.holdings.recording is not None:
        stage("states", shown)
    elif shown is not None:
        stage_below("states_stage", shown)
    if found is not None:
        experiment = scene.released
        secret = experiment.hidden and any(name in experiment.axes for name in FROM_SIDEBAR)
        text = as_json(found, samples.name, secret)
        st.download_button("Fit as JSON", text, "inverse-lab-fit.json", "application/json", on_click="ignore")
