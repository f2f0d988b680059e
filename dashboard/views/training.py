"""The Train page: what does a map learn from another prior?"""

import itertools
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import streamlit as st

from core.jobs.folder import NAMING, has_ended, is_name, runs_in
from core.jobs.progress import Progress, read_progress
from core.jobs.queue import waits
from core.jobs.request import Request, read_request
from core.jobs.runs import start_training
from core.maps.recipe_file import recipe_as_json, recipe_from_json
from core.published import GAMMA, T_END, ZETA
from dashboard import links, live, session, trainings
from dashboard.allowance import STARTED_TRAININGS
from dashboard.maps import inverse_maps, looks, own_inverse_maps, own_maps, runs, taken
from dashboard.panels import run_wishes
from dashboard.panels.below import stage_below
from dashboard.panels.run_files import run_files
from dashboard.panels.sidebar import OF_SIMULATED_DATA, beside_sidebar
from dashboard.panels.stage import head, stage
from dashboard.panels.take_home import take_home
from dashboard.panels.waiting import waiting
from dashboard.pictures import examination, particles, prior_story, training_overview, training_run
from dashboard.pictures import training as pictures

BEAT = 0.5  # s between two looks at a training
DOUBLE_CLICK_SECONDS = 2.0  # in which the same training is not started again


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
        started = st.session_state.get("train_started")
        if started is not None and started[0] == recipe and time.monotonic() - started[1] < DOUBLE_CLICK_SECONDS:
            return
        if problem:
            raise ValueError(problem)
        trainings.check_room()
        STARTED_TRAININGS.take(links.browser())
        epochs, expected = recipe.optimiser.epochs, pictures.expected_seconds(form)
        request = Request(name.strip(), epochs, recipe_as_json(recipe), _owner(), expected)
        folder = start_training(runs(), request)
    except ValueError as error:
        st.session_state.train_refused = f"{error} Nothing was started."
        return
    st.session_state.train_started = recipe, time.monotonic()
    session.scene().holdings.training = form.without_name()
    session.show_map(folder.name)
    st.session_state.watched_run = folder.name
    trainings.see_to_queue()


def _owner() -> str:
    return session.scene().holdings.owner


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


def _watched(visible: list[Path]) -> Path | None:
    """Return the folder of the training that is watched: the newest, unless another was chosen."""
    folders = {folder.name: folder for folder in visible}
    chosen = session.take_asked("train_watched")
    if chosen in folders:
        st.session_state.watched_run = chosen
        holdings = session.scene().holdings
        holdings.overview = replace(holdings.overview, deleting="", typed="", problem="")
    newest = next(iter(folders), "")
    return folders.get(st.session_state.get("watched_run") or newest, folders.get(newest))


def _room(folder: Path) -> None:
    """Show a training and all others; the last look at one that was at work shows the page again, for its map."""
    if run_wishes.take_wishes(folder) or st.session_state.get("train_watched") is not None:
        st.rerun()
    visible = _visible()
    names = [each.name for each in visible]
    try:
        progress = read_progress(folder)
    except ValueError as error:
        stage("training_run", training_run.unreadable(folder.name, names, str(error)))
    else:
        _run(folder, progress, names)
    shown = training_overview.picture(visible, folder.name, session.scene().holdings.overview)
    if shown is not None:
        stage_below("train_overview_below", shown)
    active = {each.name for each in visible if not has_ended(each)}
    have_ended = st.session_state.get("seen_active", set()) - active
    st.session_state.seen_active = active
    if have_ended:
        st.rerun()


def _run(folder: Path, progress: Progress, names: list[str]) -> None:
    """Show a training; names: of all that this visitor may look at."""
    scene = session.scene()
    own, overview = scene.experiment.own_maps, scene.holdings.overview
    is_own, wait = trainings.is_owner(folder, _owner()), waits(runs(), trainings.rules().places).get(folder.name)
    stage("training_run", training_run.picture(folder, progress, names, own, is_own, wait, overview))
    _examination(folder, progress.state.ended)
    if progress.state.ended:
        _story(folder.name)


def _examination(folder: Path, done: bool) -> None:
    """Show the examination at the end of a training, which grows while it is at work."""
    try:
        recipe = recipe_from_json(read_request(folder).recipe)
    except (ValueError, OSError):
        return
    if (shown := examination.of_training(folder, recipe, done)) is not None:
        stage_below("train_examination_below", shown)


def _story(name: str) -> None:
    """Show the map of a training beside an older one of another prior, where there is one."""
    maps, trained = inverse_maps(session.experiment().own_maps)[0], own_inverse_maps([name])[0]
    maps = {**maps, **trained}
    overview = session.scene().holdings.overview
    if name in trained and prior_story.old_map(trained[name], maps, overview):
        with waiting("story", "Testing both maps on both priors …"):
            shown = prior_story.picture(trained[name], maps, looks(maps), overview)
        stage_below("train_story_below", shown)


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
        visible = _visible()
        folder = _watched(visible)
        if folder is not None:
            goes_on = any(not has_ended(each) for each in visible)
            st.fragment(_room, run_every=BEAT if goes_on else None)(folder)
        run_files(folder)
        if folder is not None:
            take_home(folder)
        with waiting("particles", "Training the particles …"):
            shown = particles.picture(scene)
        stage_below("train_particles_below", shown)
