"""What a visitor asks of the trainings on the page Train, and what becomes of it."""

from dataclasses import replace
from pathlib import Path

import streamlit as st

from core.jobs.request import read_request
from core.jobs.runs import continue_training, delete_training, pause_training, rename_training, stop_training
from core.maps.recipe_file import recipe_from_json
from dashboard import session, trainings
from dashboard.maps import own_maps, taken
from dashboard.pictures.training_overview import ticked
from dashboard.scene.cloned_form import form_of
from dashboard.scene.overview import CURVES

NOT_YOURS = "Only the browser that started “{}” can stop, pause, rename or delete it. Clone it to train your own."
ACTS = {"train_stop": stop_training, "train_pause": pause_training, "train_continue": continue_training}


def take_wishes(folder: Path) -> bool:
    """Do what was asked of the training in folder and of the overview; return whether the whole page has changed."""
    _choose()
    for asked, act in ACTS.items():
        if session.take_asked(asked) == folder.name and _is_owner(folder):
            try:
                act(folder)
            except ValueError as error:
                session.say(str(error))
            trainings.see_to_queue()
    new_name, cloned = session.take_asked("train_new_name"), session.take_asked("train_clone")
    has_changed = False
    if isinstance(new_name, str) and new_name.strip() != folder.name:
        has_changed |= _is_owner(folder) and _rename(folder, new_name.strip())
    if cloned == folder.name:
        has_changed |= _clone(folder)
    return _delete(folder) or has_changed


def _is_owner(folder: Path) -> bool:
    """Return whether who asks may do so, and say so where not."""
    if trainings.is_owner(folder, session.scene().holdings.owner):
        return True
    session.say(NOT_YOURS.format(folder.name))
    return False


def _choose() -> None:
    """Take what was chosen in the overview."""
    holdings = session.scene().holdings
    names, curve, old = (session.take_asked(name) for name in ("train_ticked", "train_curve", "train_old"))
    if isinstance(names, str):
        chosen, refused = ticked(holdings.overview, names)
        holdings.overview = replace(holdings.overview, ticked=chosen)
        if refused:
            session.say(refused)
    if curve in CURVES:
        holdings.overview = replace(holdings.overview, curve=curve)
    if isinstance(old, str):
        holdings.overview = replace(holdings.overview, old=old)


def _rename(folder: Path, name: str) -> bool:
    holdings = session.scene().holdings
    same = taken(name, (each for each in own_maps() if each != folder.name))
    try:
        if same:
            raise ValueError(f"{same} Choose another name.")
        rename_training(folder, name)
    except ValueError as error:
        holdings.overview = replace(holdings.overview, typed=name, problem=str(error))
        return False
    _follow(folder.name, name)
    st.session_state.watched_run = name
    return True


def _delete(folder: Path) -> bool:
    """Ask once more before a training is deleted, and delete it where that was answered."""
    holdings, name = session.scene().holdings, folder.name
    asked, surely, kept = (session.take_asked(each) for each in ("train_delete", "train_delete_surely", "train_keep"))
    if kept:
        holdings.overview = replace(holdings.overview, deleting="")
    if asked == name and _is_owner(folder):
        holdings.overview = replace(holdings.overview, deleting=name)
    if surely != name or not _is_owner(folder):
        return False
    try:
        delete_training(folder)
    except ValueError as error:
        session.say(str(error))
        return False
    _follow(name, "")
    st.session_state.watched_run = None
    return True


def _follow(name: str, renamed: str) -> None:
    """Let what the visitor has chosen follow a training to its new name, or forget it where that is ""."""
    holdings = session.scene().holdings
    overview = holdings.overview
    if overview.ticked is not None:
        names = (renamed if each == name else each for each in overview.ticked)
        overview = replace(overview, ticked=tuple(filter(None, names)))
    old = renamed if overview.old == name else overview.old
    holdings.overview = replace(overview, old=old, deleting="", typed="", problem="")
    session.follow_map(name, renamed)


def _clone(folder: Path) -> bool:
    """Fill in the form with the settings of a training; the name is left to be the next free one."""
    try:
        session.put_form(*form_of(recipe_from_json(read_request(folder).recipe)))
    except (ValueError, OSError) as error:
        session.say(str(error) if isinstance(error, ValueError) else f"The training {folder.name} cannot be read.")
        return False
    return True
