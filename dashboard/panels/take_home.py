"""What of a trained map works without this server: its recipe, command and lines in Python, and an ONNX file."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.jobs.progress import State, read_progress
from dashboard.maps import own_inverse_maps
from dashboard.wording import take_home as wording

if TYPE_CHECKING:
    from core.maps.inverse_map import InverseMap


def take_home(folder: Path) -> None:
    """Show what of the map of a training can be taken home, once there is one."""
    found = own_inverse_maps([folder.name])[0].get(folder.name)
    try:
        was_stopped = read_progress(folder).state is State.STOPPED
    except ValueError:  # which the training's own picture says
        return
    if found is None:
        return
    name = folder.name
    with st.expander(f"Take {name} home"):
        sentences = [wording.SAME_WEIGHTS]
        if was_stopped:
            sentences.append(wording.STOPPED)
        st.markdown(" ".join(sentences))
        st.code(wording.command(name), "bash", wrap_lines=True)
        st.code(wording.snippet(name, found.recipe), "python", height=240)
        st.markdown(" ".join([wording.ANY_RUNTIME, *([wording.NETWORK_ALONE] if found.recipe.learned_steps else [])]))
        with st.container(horizontal=True):
            st.download_button(
                "Recipe",
                wording.recipe_text(found.recipe),
                wording.file_name(name),
                "application/json",
                on_click="ignore",
            )
            st.download_button(
                "Network as ONNX",
                partial(_onnx, found),
                f"{name}.onnx",
                "application/octet-stream",
                on_click="ignore",
            )


def _onnx(inverse_map: "InverseMap") -> bytes:
    from core.maps.onnx_file import onnx_of

    return onnx_of(inverse_map)
