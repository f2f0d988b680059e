"""The part of the page Your data that asks how a file is read, where the file does not say so or on demand."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from typing import Any

import numpy as np
import streamlit as st

from dashboard import links, session
from dashboard.allowance import UPLOADED_BYTES
from dashboard.panels import uploaded_file
from dashboard.panels.boxes import number_box
from dashboard.scene.choice import TEXTBOOK_TAU, Choice, Preview, preview, proposal
from dashboard.scene.columns import UnclearError
from dashboard.scene.kinds import Number
from dashboard.scene.observation import Trace
from dashboard.scene.text_table import Table, read_table
from dashboard.scene.upload import read_trace
from dashboard.wording.numbers import compact

MOST_COLUMNS_SHOWN = 8
UNITS = ("ms", "s", "µs")
CONVENTION = "read_convention"  # the key of its drop-down
LABORATORY, TEXTBOOK = "laboratory", "textbook"
CONVENTIONS = {LABORATORY: "this laboratory’s: u, v, θ₀, θ₁, ζ, γ", TEXTBOOK: "the textbook’s: v, w, a, b, I, τ"}
ROLES = {
    LABORATORY: {"": "not used", "time": "time", "u": "u, potential", "v": "v, recovery"},
    TEXTBOOK: {"": "not used", "time": "time", "u": "v, potential", "v": "w, recovery"},
}
EQUATIONS = (
    "v′ = v − v³/3 − w + I and w′ = (v + a − b w) / τ is this laboratory’s model with u = −v, v = w, t [ms] = t / √τ, "
    "θ₀ = a, θ₁ = b, ζ = −I and γ = √τ. Your best guess of τ scales the times; the fit then gives τ itself."
)


def _box(name: str, symbol: str, label: str, default: float, least: float, most: float) -> Number:
    return Number(name=f"read_{name}", symbol=symbol, label=label, default=default, least=least, most=most)


INTERVAL = _box("interval", "The interval", "Sampling interval", 0.2, 1e-9, 1e6)
OFFSET = _box("offset", "V₀", "V₀", 0.0, -1e6, 1e6)
SCALE = _box("scale", "g", "g", 1.0, 1e-9, 1e9)
TAU = _box("tau", "τ", "τ", TEXTBOOK_TAU, 0.01, 1e4)


@dataclass(frozen=True)
class Asked:
    """A file of which it is asked how it is read, why, and what stands in the form."""

    name: str
    content: bytes
    why: str
    typed: dict[str, Any] = field(default_factory=dict)


def take_upload() -> None:
    """Put a newly uploaded trace on screen, or ask how it is read; one that cannot be read leaves what was there."""
    file = uploaded_file.take_file()
    if file is None:
        return
    name, content = file
    session.say()
    try:
        UPLOADED_BYTES.take(links.browser(), len(content))
        trace = read_trace(name, content)
    except UnclearError as error:
        _ask(name, content, error.what)
        return
    except ValueError as error:
        session.say(f"{name}: {error} What was on screen stays.")
        return
    if trace.doubt:
        _ask(name, content, trace.doubt)
    else:
        _put(trace, content)


def file_of(trace: Trace | None) -> tuple[str, bytes] | None:
    """Return name and content of the file of a trace, if it is kept."""
    file = st.session_state.get("file")
    return file if file is not None and trace is not None and file[0] == trace.name else None


def ask_again(name: str, content: bytes) -> None:
    """Ask how the file on screen is to be read."""
    _ask(name, content, "Choose how it is to be read.")


def _ask(name: str, content: bytes, why: str) -> None:
    try:
        chosen = proposal(_table(content))
    except ValueError as error:
        session.say(f"{name}: {error} What was on screen stays.")
        return
    if chosen.tau is not None:
        why = "Its columns look like v and w of the textbook’s convention. Say whose convention it is."
    if chosen.is_affine:
        why += " V₀ and g below are a first guess, which puts it between −2 and 2."
    roles = {chosen.time: "time", chosen.u: "u", chosen.v: "v"}
    typed: dict[str, Any] = {f"read_role_{i}": roles.get(i, "") for i in range(_table(content).width)}
    typed |= {
        CONVENTION: LABORATORY if chosen.tau is None else TEXTBOOK,
        "read_unit": "ms" if chosen.time_unit not in UNITS else chosen.time_unit,
        "read_interval": compact(chosen.interval),
        "read_offset": compact(chosen.offset),
        "read_scale": compact(chosen.scale),
        "read_tau": compact(chosen.tau or TEXTBOOK_TAU),
    }
    st.session_state.asked = Asked(name, content, why, typed)
    for key, value in typed.items():
        st.session_state[key] = value


def _put(trace: Trace, content: bytes) -> None:
    st.session_state.file = trace.name, content
    st.session_state.asked = None
    session.put_on_screen(trace)


def _leave() -> None:
    st.session_state.asked = None


_table: Callable[[bytes], Table] = lru_cache(maxsize=2)(read_table)


@lru_cache(maxsize=4)
def _outcome(name: str, content: bytes, choice: Choice) -> Trace | str:
    """Return the trace that is read, or why none is."""
    try:
        return read_trace(name, content, choice)
    except ValueError as error:
        return str(error)


def section() -> None:
    """Show the first rows of a file of which it is asked how it is read, the choices, and what they make of it."""
    asked: Asked | None = st.session_state.get("asked")
    if asked is None:
        return
    for key, value in asked.typed.items():
        st.session_state.setdefault(key, value)
    with st.container(border=True, key="lab_reading"):
        st.markdown("##### How is this file read?")
        st.text(f"{asked.name}: {asked.why}\nUntil you press Read it so, what was on screen stays.")
        try:
            shown = preview(_table(asked.content))
        except ValueError as error:
            st.text(str(error))
            st.button("Leave it", on_click=_leave)
            return
        problems: list[str] = []
        choice = _form(shown, problems)
        outcome = " ".join(problems) if choice is None else _outcome(asked.name, asked.content, choice)
        st.text(outcome if isinstance(outcome, str) else f"{outcome.reading} {_range(outcome)} {outcome.warning}")
        with st.container(horizontal=True):
            is_read = not isinstance(outcome, str)
            st.button("Read it so", type="primary", disabled=not is_read, on_click=_put, args=(outcome, asked.content))
            st.button("Leave it", on_click=_leave)
    asked.typed.update({key: st.session_state.get(key, value) for key, value in asked.typed.items()})


def _range(trace: Trace) -> str:
    said = []
    for state, values in (("u", trace.u), ("v", trace.v)):
        if values is not None and not np.all(np.isnan(values)):
            said.append(f"{state} goes from {compact(np.nanmin(values), 3)} to {compact(np.nanmax(values), 3)}")
    return f"{' and '.join(said)}; the neuron’s u spikes from about −2 to 2."


def _form(shown: Preview, problems: list[str]) -> Choice | None:
    """Ask for the role of each column, the units and the convention; None where they cannot be meant."""
    convention = st.session_state[CONVENTION]
    n = len(shown.names)
    roles = ROLES[convention]
    with st.container(horizontal=True, gap="small"):
        for i in range(min(n, MOST_COLUMNS_SHOWN)):
            with st.container(width=150, gap="xxsmall"):
                st.selectbox(f"Column {i + 1}", list(roles), format_func=roles.__getitem__, key=f"read_role_{i}")
                cells = "".join(f"<tr><td>{escape(row[i][:20]) or '–'}</td></tr>" for row in shown.rows)
                name = escape(shown.names[i][:30]) or "no name"
                st.html(f'<table class="lab-cells"><tr><th>{name}</th></tr>{cells}</table>')
    if n > MOST_COLUMNS_SHOWN:
        st.caption(f"The file has {n} columns; these are the first {MOST_COLUMNS_SHOWN}.")
    taken = [st.session_state[f"read_role_{i}"] for i in range(min(n, MOST_COLUMNS_SHOWN))]
    places = {role: i for i, role in enumerate(taken) if role}
    twice = next((role for role in places if taken.count(role) > 1), "")
    if twice:
        problems.append(f"Two columns are chosen as {ROLES[convention][twice]}: leave one.")
    values = _settings(convention, "time" in places, problems)
    if problems:
        return None
    try:
        return Choice(places.get("time"), places.get("u"), places.get("v"), **values)
    except ValueError as error:
        problems.append(str(error))
        return None


def _settings(convention: str, has_times: bool, problems: list[str]) -> dict[str, Any]:
    """Ask for the units and the convention."""
    values: dict[str, Any] = {}
    potential = "u" if convention == LABORATORY else "v"
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox("Convention", list(CONVENTIONS), format_func=CONVENTIONS.__getitem__, key=CONVENTION, width=270)
        if convention == LABORATORY:
            values["time_unit"] = st.selectbox("Unit of time", UNITS, key="read_unit", width=110)
        else:
            values["tau"] = number_box(TAU, problems, width=110)
        if not has_times:
            values["interval"] = number_box(INTERVAL, problems, width=140)
        values["offset"] = number_box(OFFSET, problems, width=110)
        values["scale"] = number_box(SCALE, problems, width=110)
        st.caption(f"{potential} = (V − V₀) / g; 0 and 1 leave the numbers as they are.", width=220)
    if convention == TEXTBOOK:
        st.caption(EQUATIONS)
    return values
