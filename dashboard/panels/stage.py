"""The stage of a page: its question and answer, its controls and live plots, and the sentences above them."""

from dataclasses import replace
from functools import partial

from dashboard import live, session
from dashboard.pictures.shown import Shown


def stage(key: str, shown: Shown) -> None:
    """Show the live plots of a page, with the session's sentences above them."""
    name = f"{key}_stage"
    noted = replace(shown, notes=[*session.sentences(), *shown.notes])
    live.plots(name, noted, partial(session.receive, name), session.answering(), not session.scene().dragging)


def head(key: str, shown: Shown) -> None:
    """Show the question of a page and its answer alone, above what Streamlit shows."""
    name = f"{key}_head"
    live.plots(name, shown, partial(session.receive, name), answers=0, released=True)
