"""A link in the forms in which a teacher hands it on: as text, as a QR code, and as a frame in another page."""

import io
from collections.abc import Sequence

import segno
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

FORMS = ("Link", "QR code", "Frame in a page")
QR_PIXELS = 8  # a module
QR_WIDTH = 420


def show_handout(link: str, *more: str) -> Sequence[DeltaGenerator]:
    """Show a link in a tab for each form, and return further tabs with titles of their own."""
    text, code, frame, *rest = st.tabs([*FORMS, *more])
    with text:
        _text(link)
    with code:
        _qr_code(link)
    with frame:
        _frame(link)
    return rest


def _text(link: str) -> None:
    st.code(link, language=None, wrap_lines=True)


def _qr_code(link: str) -> None:
    try:
        code = segno.make_qr(link, error="l")
    except segno.DataOverflowError:
        st.warning("The link is too long for a QR code: give numbers, such as 1-30, in place of names.")
        return
    picture = io.BytesIO()
    code.save(picture, kind="png", scale=QR_PIXELS)
    st.image(picture.getvalue(), caption="The link as a QR code.", width=QR_WIDTH)


def _frame(link: str) -> None:
    frame = f'<iframe src="{link}" title="Inverse Lab" width="100%" height="800"></iframe>'
    st.code(frame, language="html", wrap_lines=True)
    st.caption(
        "For whoever runs the server: start it with --embed-in and the origin of the page with the frame, which is "
        "the part of its address before the third slash."
    )
