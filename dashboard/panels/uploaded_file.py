"""The file that a visitor has just uploaded."""

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx


def uploader_key() -> str:
    """Return the key of the page's file uploader: a new one for each file, so that it never shows one of its own."""
    return f"uploaded_file_{st.session_state.n_files}"


def take_file() -> tuple[str, bytes] | None:
    """Return name and content of the file that was just uploaded, if one was, and free Streamlit's copy of it."""
    file, context = st.session_state[uploader_key()], get_script_run_ctx()
    if file is None:
        return None
    name, content = file.name, file.getvalue()
    st.session_state.n_files += 1
    if context is not None and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)
    return name, content
