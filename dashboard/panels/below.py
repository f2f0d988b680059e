"""A stage that stands below the answer of a page, and supports it."""

from functools import partial

from dashboard import live, session
from dashboard.pictures.restricted import restricted
from dashboard.pictures.shown import Shown


def stage_below(key: str, shown: Shown) -> None:
    """Show what supports an answer; nobody has to wait for it before going on."""
    live.plots(
        key,
        restricted(shown, session.sitting()),
        partial(session.receive, key),
        answers=0,
        released=not session.scene().dragging,
    )
