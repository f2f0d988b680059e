"""Boxes for typed numbers: what is typed stays as it is, and a sentence says what is wrong with it."""

from typing import Any

import streamlit as st

from dashboard.scene.experiment import Quantity, typed_number


def text_of(value: float) -> str:
    """Return a number as it stands in a box."""
    return f"{value:.6g}".replace("-", "−")


def number_box(quantity: Quantity, key: str, problems: list[str], **settings: Any) -> float:
    """Ask for a number by text; where the quantity cannot be it, return the default and add why to the problems.

    settings: those of Streamlit's text box. Its content lies in the session under the key.
    """
    st.session_state.setdefault(key, text_of(quantity.default))
    text = st.text_input(quantity.label, key=key, **settings)
    try:
        return typed_number(quantity, text)
    except ValueError as error:
        problems.append(str(error))
        return quantity.default
