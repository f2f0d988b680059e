"""The Train page: what does a map learn from another prior?"""

import itertools
from functools import partial
from pathlib import Path

import streamlit as st

from core.jobs.folder import NAMING, is_name, runs_in
from core.jobs.progress import read_progress
from core.jobs.queue import turns
from core.jobs.request import Request
from core.jobs.runs import continue_training, pause_training, start_training, stop_training
from core.maps.recipe_file import recipe_as_json
from core.published import GAMMA, T_END, ZETA
from dashboard import links, live, session, trainings
from dashboard.allowance import STARTED_TRAININGS
from dashboard.maps import own_maps, runs, taken
from dashboard.panels.sidebar import OF_SIMULATED_DATA, beside_sidebar
from dashboard.panels.stage import head, stage
from dashboard.pictures import training as pictures
from dashboard.pictures import training_run

BEAT = 0.5  # s between two looks at a training


def _free_name() -> str:
    names = (f"my-map-{i}" for i in itertools.count(1))
    return next(name for name in names if not (runs() / name).exists())


def _name() -> tuple[str, str]:
    """Return the name of the map, as it was typed or as it is free, and what is wrong with it."""
    typed = session.scene().holdings.training.typed.get("train_name")
    name = _free_name() if typed is None else typed.strip()
    problem = "" if is_name(name) else NAMING
    if not problem and (runs() / name).exists():
        problem = f"There is already a training called {name!r}: choose another name."
    if not problem and (same := taken(name, own_maps())):
        problem = f"{same} Choose another name."
    return name if typed is None else typed, problem


def _start() -> None:
    """Start the training that the form describes, or keep why it cannot be."""
    experiment, form = session.experiment(), session.scene().holdings.training
    name, problem = _name()
    try:
        recipe = form.recipe(experiment.zeta, experiment.gamma)
        if problem:
            raise ValueError(problem)
        STARTED_TRAININGS.take(links.browser())
        epochs, expected = recipe.optimiser.epochs, pictures.expected_seconds(form)
        request = Request(name.strip(), epochs, recipe_as_json(recipe), _owner(), expected)
        folder = start_training(runs(), request)
    except ValueError as error:
        st.session_state.train_refused = f"{error} Nothing was started."
        return
    session.scene().holdings.training = form.without_name()
    session.show_map(folder.name)
    st.session_state.watched_run = folder.name
    trainings.see_to_queue()


def _owner() -> str:
    return trainings.owner_of(links.browser())


def _visible() -> list[Path]:
    """Return the trainings that this visitor may look at, the newest first."""
    return [folder for folder in runs_in(runs()) if trainings.may_see(folder, _owner())]


def _cross_fence() -> None:
    """Go to the page Inverse map with a truth outside the box of the shipped map narrow."""
    theta0, theta1 = pictures.FENCE
    refused = session.set_truth(
        {"theta0": theta0, "theta1": theta1, "zeta": ZETA, "gamma": GAMMA, "t_end": T_END, "hidden": False}
    )
    if refused:
        session.say(*refused)
        return
    session.switch_page("Inverse map")


def _watched() -> Path | None:
    """Return the folder of the training that is watched: the newest, unless another was chosen."""
    folders = {folder.name: folder for folder in _visible()}
    chosen = session.take_asked("train_watched")
    if chosen in folders:
        st.session_state.watched_run = chosen
    newest = next(iter(folders), "")
    return folders.get(st.session_state.get("watched_run", newest), folders.get(newest))


def _take_wishes(folder: Path) -> None:
    """Do with a training what its owner has asked for."""
    for asked, act in (
        ("train_stop", stop_training),
        ("train_pause", pause_training),
        ("train_continue", continue_training),
    ):
        if session.take_asked(asked) != folder.name or not trainings.is_owner(folder, _owner()):
            continue
        try:
            act(folder)
        except ValueError as error:
            session.say(str(error))
        trainings.see_to_queue()


def _run(folder: Path) -> None:
    """Show a training; the last look at one that was at work shows the page again, so that its map appears."""
    _take_wishes(folder)
    if st.session_state.get("train_watched") is not None:
        st.rerun()
    try:
        progress = read_progress(folder)
    except ValueError as error:
        st.warning(str(error))
        return
    names = [each.name for each in _visible()]
    turn = turns(runs(), trainings.rules().places).get(folder.name)
    own, is_own = session.experiment().own_maps, trainings.is_owner(folder, _owner())
    stage("training_run", training_run.picture(folder, progress, names, own, is_own, turn))
    if not progress.state.ended:
        st.session_state.seen_active = folder.name
    elif st.session_state.get("seen_active") == folder.name:
        st.session_state.seen_active = None
        st.rerun()


def _is_active(folder: Path) -> bool:
    try:
        return not read_progress(folder).state.ended
    except ValueError:
        return False


def show() -> None:
    """Show the page."""
    if session.take_asked("fence"):
        _cross_fence()
    refused = ""
    if session.take_asked("train_start"):
        _start()
        refused = st.session_state.pop("train_refused", "")
    scene = session.scene()
    with beside_sidebar("training", follows=True, without=OF_SIMULATED_DATA):
        head("training", pictures.head(scene))
        left, right = st.columns([1.5, 1], gap="medium")
        with left:
            stage("training", pictures.picture(scene))
        with right, st.container(key="lab_form"):
            live.controls(
                "training_form",
                pictures.form(scene, *_name(), refused),
                partial(session.receive, "training_form"),
            )
        folder = _watched()
        if folder is not None:
            st.fragment(_run, run_every=BEAT if _is_active(folder) else None)(folder)
