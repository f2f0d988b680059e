"""What a visitor waits for, said above the page."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st


@contextmanager
def waiting(key: str, text: str) -> Iterator[None]:
    """Say what the visitor waits for if it takes longer than half a second; nothing on the page moves."""
    with st.container(key=f"lab_waiting_{key}"), st.spinner(text):
        yield
