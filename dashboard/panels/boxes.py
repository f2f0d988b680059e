"""Boxes for typed numbers: what is typed stays as it is, and a sentence says what is wrong with it."""

from typing import Any

import streamlit as st

from dashboard.scene.changes import typed_number
from dashboard.scene.kinds import Number
from dashboard.wording.numbers import compact


def number_box(number: Number, problems: list[str], **settings: Any) -> float:
    """Ask for a number by text; where it cannot be what was typed, return the default and add why to the problems.

    settings: those of Streamlit's text box. Its content lies in the session under the number's name.
    """
    st.session_state.setdefault(number.name, compact(number.default))
    text = st.text_input(number.label, key=number.name, **settings)
    try:
        return typed_number(number, text)
    except ValueError as error:
        problems.append(str(error))
        return number.default
