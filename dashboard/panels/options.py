"""Rows of controls above the pictures of a page."""

from collections.abc import Sequence
from functools import partial

from dashboard import live, session
from dashboard.pictures.controls import Control


def options(page: str, *rows: Sequence[Control]) -> None:
    """Show rows of controls."""
    key = f"{page}_options"
    groups = [{"title": "", "items": list(row)} for row in rows]
    live.controls(key, groups, partial(session.receive, key), inline=True)
