"""The frame that all pages share: the question, the left rail, and the stage beside it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from core.models.fitzhugh_nagumo.equations import PARAMETER_NAMES
from dashboard import live, session
from dashboard.figures.style import TRAINED_CLEAN
from dashboard.pictures.controls import button as button
from dashboard.pictures.controls import choice as choice
from dashboard.pictures.controls import toggle as toggle
from dashboard.pictures.shown import Cell, Shown
from dashboard.scene.experiment import PRESET_FIELDS, PRESETS, QUANTITIES, Experiment

RAIL_WIDTH = 250


def slider(field: str, value: float, **more: Any) -> dict[str, Any]:
    """Return the control of one of the experiment's numbers."""
    quantity = QUANTITIES[field]
    decimals = f"{quantity.step:.10f}".rstrip("0").partition(".")[2]
    return {
        "kind": "slider",
        "field": field,
        "symbol": quantity.symbol,
        "label": quantity.label,
        "unit": quantity.unit,
        "value": value,
        "low": quantity.low,
        "high": quantity.high,
        "step": quantity.step,
        "default": quantity.default,
        "digits": len(decimals),
        **more,
    }


def matching_preset(experiment: Experiment) -> str:
    """Return the name of the preset that the truth, the noise and the window agree with, or ""."""
    for name, (_, preset) in PRESETS.items():
        if all(getattr(preset, field) == getattr(experiment, field) for field in PRESET_FIELDS):
            return name
    return ""


def rail_groups(experiment: Experiment, extra: Sequence[dict[str, Any]] = ()) -> list[dict[str, Any]]:
    """Return the groups of the left rail; extra ones stand below the truth."""
    hidden = experiment.hidden
    # On the landscape ζ and γ can be unknown too, and then a hidden truth hides them.
    constants = [
        slider(name, getattr(experiment, name))
        for name in ("zeta", "gamma")
        if not (hidden and name in experiment.axes)
    ]
    preset = "" if hidden else matching_preset(experiment)
    presets = {"": "–", **{name: name for name in PRESETS}}
    truth = [
        toggle("hidden", "hide the truth", hidden, help="Hide the truth from the class. The address still holds it.")
    ]
    if not hidden:
        truth = [slider("theta0", experiment.theta0), slider("theta1", experiment.theta1), *truth]
    drawn = [
        slider("t_end", experiment.t_end),
        slider("seed", experiment.seed, typed_only=True),
        button("seed", "New noise", (experiment.seed * 7919 + 104729) % 2**31, help="Draw other noise."),
    ]
    known = [slider(name, getattr(experiment, name)) for name in ("theta0", "theta1") if name not in experiment.axes]
    simulated = not experiment.upload  # an upload has no truth, and its window is its own
    source = [
        choice("preset", "preset", preset, presets),
        # Never without a line, so that leaving a preset does not move the slider under the hand.
        {"kind": "text", "field": "", "label": PRESETS[preset][0] if preset else "Settings of your own."},
    ]
    if experiment.upload:
        # A preset would change next to nothing of what is on screen.
        source = [
            {"kind": "text", "field": "", "label": f"Uploaded: {experiment.upload[:80]}"},
            button("upload", "Take it off", "", help="Put the simulated data back, on every page."),
        ]
    return [
        {"title": "", "items": source},
        *([{"title": "Truth", "items": truth}] if simulated else _group("Known", known)),
        *extra,
        *_group("Neuron", constants),
        {
            "title": "Noise and window",
            "items": [
                slider("sigma", experiment.sigma),
                slider("rho", experiment.rho),
                *(drawn if simulated else []),
            ],
        },
        {"title": "", "items": [button("share", "Copy link to this experiment", copy=True)]},
    ]


def _group(title: str, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the group, or nothing where it has no items."""
    return [{"title": title, "items": items}] if items else []


def candidate_group(experiment: Experiment) -> dict[str, Any]:
    """Return the group of the candidate's sliders: the two unknown parameters."""
    items = [
        slider(f"candidate_{name}", getattr(experiment, f"candidate_{name}"))
        for name in PARAMETER_NAMES
        if name in experiment.axes
    ]
    return {"title": "Candidate m", "items": items}


def rail(key: str, extra: Sequence[dict[str, Any]] = (), answers: int = 0, page: str = "") -> None:
    """Show the left rail; page: of the live route, "" for a page that has no pictures there."""
    live.controls(
        f"{key}_rail",
        rail_groups(session.experiment(), extra),
        partial(session.receive, f"{key}_rail"),
        address="" if session.scene().dragging else session.address(),
        answers=answers,
        live=session.live(page),
    )


@contextmanager
def beside_rail(key: str, extra: Sequence[dict[str, Any]] = (), answers: int = 0, page: str = "") -> Iterator[None]:
    """Open the stage of a page, to the right of the rail; page: as in `rail`."""
    with st.container(horizontal=True, wrap=False, gap="medium"):
        with st.container(width=RAIL_WIDTH):
            rail(key, extra, answers, page)
        with st.container(width="stretch", gap="small"):
            yield


def stage(key: str, shown: Shown) -> None:
    """Show the live plots of a page, with the session's sentences above them."""
    session_notes = replace(shown, notes=[*session.sentences(), *shown.notes])
    live.plots(
        f"{key}_stage",
        session_notes,
        partial(session.receive, f"{key}_stage"),
        answers=session.answering(),
        settled=not session.scene().dragging,
    )


def map_cell(name: str, colour: str) -> Cell:
    """Return the cell that names an inverse map in a table."""
    return {"text": name, "colour": colour, "hollow": name in TRAINED_CLEAN}


def question(text: str) -> None:
    """Say in one line what question the page answers."""
    st.markdown(f"#### {text}")


def number(value: float, digits: int = 4) -> str:
    """Return a number with the digits that mean something, a true minus sign, and ∞ in a word of its own."""
    if not abs(value) < float("inf"):
        return "∞" if value > 0 else "–"
    text = f"{value:,.0f}" if abs(value) >= 10 ** (digits - 1) else f"{value:.{digits}g}"
    return text.replace("-", "−")
