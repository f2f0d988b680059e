"""A training as a file: to keep it, and to bring it to another server."""

import itertools
from functools import partial
from pathlib import Path

import streamlit as st

from core.jobs.archive import MAX_ARCHIVE_BYTES, add, pack, unpack, unpacked_bytes
from core.jobs.folder import has_map, is_name
from dashboard import links, session
from dashboard.allowance import UPLOADED_BYTES
from dashboard.maps import own_maps, runs, taken
from dashboard.panels import uploaded_file

LONGEST_STEM = 36  # characters of a name that a number is added to


def run_files(folder: Path | None) -> None:
    """Offer the training in folder as a file, if it has a map, and ask for such a file."""
    with st.container(key="lab_run_files", horizontal=True, vertical_alignment="center"):
        if folder is not None and has_map(folder):
            st.download_button(
                f"Download {folder.name}",
                partial(pack, folder),
                f"{folder.name}.zip",
                "application/zip",
                on_click="ignore",
                help="Settings, map, errors of each epoch and outcome in one file, to be brought to another server.",
            )
        st.file_uploader(
            "A training that was downloaded here or elsewhere",
            type=["zip"],
            key=uploaded_file.uploader_key(),
            on_change=take_run,
            max_upload_size=MAX_ARCHIVE_BYTES // 2**20,
            label_visibility="collapsed",
        )


def take_run() -> None:
    """Add the training of a newly uploaded file to those that are here; one that is not valid leaves nothing."""
    file = uploaded_file.take_file()
    if file is None:
        return
    name, content = file
    session.say()
    try:
        UPLOADED_BYTES.take(links.browser(), len(content))
        UPLOADED_BYTES.take(
            links.browser(), max(unpacked_bytes(content) - len(content), 0)
        )  # what is added to the disk
        archive = unpack(content)
        folder = add(runs(), archive, _free_name(archive.request.name), session.scene().holdings.owner)
    except ValueError as error:
        session.say(f"{name}: {error} Nothing was added.")
        return
    session.show_map(folder.name)
    st.session_state.watched_run = folder.name
    session.say(f"{name} stands among your trainings as “{folder.name}”.")


def _free_name(name: str) -> str:
    """Return a training's own name, or where it is taken or not valid, one with a number."""
    stem = name[:LONGEST_STEM] if is_name(name) else "uploaded"
    names = itertools.chain([name] if is_name(name) else [], (f"{stem}-{i}" for i in itertools.count(2)))
    here = own_maps()
    return next(each for each in names if not taken(each, here) and not (runs() / each).exists())
