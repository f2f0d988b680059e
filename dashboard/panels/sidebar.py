"""The sidebar that stands at the left of every page: the truth, the neuron, the noise, and the link."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import streamlit as st

from core.models.fitzhugh_nagumo.equations import PARAMETER_NAMES
from dashboard import links, live, session
from dashboard.pictures.controls import Control, box, button, control, desk, drop_down, text
from dashboard.pictures.restricted import changes_pinned, restricted_groups
from dashboard.scene.exercise import Sitting
from dashboard.scene.experiment import Experiment
from dashboard.scene.presets import PRESET_FIELDS, PRESETS, matching_preset
from dashboard.turns import give_up_when

SIDEBAR_WIDTH = 250  # pixels
# Controls that a page leaves out where it shows no simulated data; ζ and γ are known of any data.
OF_SIMULATED_DATA = ("preset", "hidden", "seed", *(name for name in PRESET_FIELDS if name not in ("zeta", "gamma")))

Group = dict[str, Any]


def groups(
    experiment: Experiment, extra: Sequence[Group] = (), without: Sequence[str] = (), n_past: int = 0
) -> list[Group]:
    """Return the groups of the sidebar, without the controls that do nothing; extra groups stand below the truth.

    n_past: changes that can be undone.
    """
    simulated = not experiment.upload  # an upload has no truth, and its window is its own
    known = [control(name, experiment) for name in ("theta0", "theta1") if name not in experiment.axes]
    # On the landscape ζ and γ can be unknown too, and then a hidden truth hides them.
    constants = [
        control(name, experiment)
        for name in ("zeta", "gamma")
        if not (experiment.hidden and name in experiment.axes)
    ]  # fmt: skip
    return [
        *_group("", [] if "preset" in without else _source(experiment)),
        *(_group("Truth", _truth(experiment), without) if simulated else _group("Known", known, without)),
        *extra,
        *_group("Neuron", constants),
        *_group("Noise and window", _noise_and_window(experiment, simulated), without),
        {"title": "", "items": [_share(), desk(), _undo(n_past), _lecture()], "columns": 2},
    ]


def _undo(n_past: int) -> Control:
    return button("undo", "Undo", n_past, idle=n_past == 0, help="Take the last change back (Ctrl+Z).")


def _lecture() -> Control:
    help_text = "Show the page to a class: large type, no sidebar, the truth hidden. Escape ends it."
    return button("lecture", "Lecture (L)", lecture=True, help=help_text)


def _share() -> Control:
    return button("share", "Copy link", copy=True, help="Copy a link to this experiment, to the last noise sample.")


def _exercise(sitting: Sitting | None, problem: str) -> list[Group]:
    """Return the group that says which problem of an exercise this is, and takes the code word."""
    if sitting is None:
        return []
    items = []
    if sitting.student is not None:
        items.append(text(f"The problem of {sitting.exercise.names[sitting.student]}"))
    if sitting.hides:
        items.append(box("code_word", "code word that opens the truth", "", problem))
    elif sitting.exercise.sealed:
        items.append(text("The truth is open."))
    return _group("Exercise", items)


def _group(title: str, items: list[Control], without: Sequence[str] = ()) -> list[Group]:
    """Return the group without some controls, or nothing where it has no items."""
    shown = [item for item in items if item["field"] not in without]
    return [{"title": title, "items": shown}] if shown else []


def _source(experiment: Experiment) -> list[Control]:
    """Return where the data come from: a preset, or an upload."""
    if experiment.upload:
        # A preset would change next to nothing of what is on screen.
        return [
            text(f"Uploaded: {experiment.upload[:80]}"),
            button("upload", "Take it off", "", help="Put the simulated data back, on every page."),
        ]
    preset = "" if experiment.hidden else matching_preset(experiment)
    return [
        drop_down("preset", "preset", preset, {"": "–", **{name: name for name in PRESETS}}),
        # Never without a line, so that leaving a preset does not move the slider under the hand.
        text(PRESETS[preset][0] if preset else "Settings of your own."),
    ]


def _truth(experiment: Experiment) -> list[Control]:
    names = ("hidden",) if experiment.hidden else ("theta0", "theta1", "hidden")
    return [control(name, experiment) for name in names]


def _noise_and_window(experiment: Experiment, simulated: bool) -> list[Control]:
    names = ("sigma", "rho", "t_end", "seed") if simulated else ("sigma", "rho")
    items = [control(name, experiment) for name in names]
    if simulated:
        items.append(button("seed", "New noise", (experiment.seed * 7919 + 104729) % 2**31, help="Draw other noise."))
    return items


def candidate_group(experiment: Experiment) -> Group:
    """Return the group of the candidate's sliders: the two unknown parameters."""
    items = [control(f"candidate_{name}", experiment) for name in PARAMETER_NAMES if name in experiment.axes]
    return {"title": "Candidate m", "items": items}


@contextmanager
def beside_sidebar(
    page: str,
    extra: Sequence[Group] = (),
    answers: int = 0,
    follows: bool = False,
    without: Sequence[str] = (),
) -> Iterator[None]:
    """Show the sidebar and open the stage of a page, to the right of it.

    without: the controls that do nothing on the page.
    follows: whether the live route has pictures for the page while a control is dragged.
    """
    if session.concerns_whole_page():
        st.rerun()
    key, sitting = f"{page}_sidebar", session.sitting()
    if sitting is not None and changes_pinned("preset", sitting):
        without = (*without, "preset")  # with the sentence below it
    shown = groups(session.experiment(), extra, without, len(session.past()))
    with st.container(key="lab_page", horizontal=True, wrap=False, gap="medium"):
        with st.container(key="lab_sidebar", width=SIDEBAR_WIDTH):
            live.controls(
                key,
                [*_exercise(sitting, session.code_word_problem()), *restricted_groups(shown, sitting)],
                partial(session.receive, key),
                address="" if session.scene().dragging else links.address(),
                answers=answers,
                live=links.live(page) if follows else None,
            )
        # To read the state ends a run that a newer change of this session has displaced.
        give_up_when(lambda: st.session_state.get("page"))
        with st.container(key="lab_stage", width="stretch", gap="small"):
            yield
