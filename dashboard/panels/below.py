"""What a part of a page holds, and the part that stands below the answer, with pictures to choose from."""

from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import streamlit as st

from dashboard import live, session
from dashboard.live import Plot


@dataclass(frozen=True, eq=False)
class Content:
    """What stands in one part of the page."""

    plots: list[Plot]
    said: list[str]
    metrics: list[tuple[str, str, str]] = field(default_factory=list)
    table: list[list[live.Cell]] = field(default_factory=list)

    def as_it_is(self, stale: bool) -> "Content":
        """Return the same with plots that stay as they are; stale: they wait until a slider is let go."""
        return replace(self, plots=[Plot(plot.id, None, stale=stale) for plot in self.plots])


def kept(part: str, content: Content | None, stale: bool = True) -> Content:
    """Return the content of a part of a page; without any, what was there last, which stays as it is.

    stale: what was there last waits until a slider is let go.
    """
    if content is None:
        return st.session_state.get(f"{part}_shown", Content([], [])).as_it_is(stale)
    st.session_state[f"{part}_shown"] = content
    return content


def show_below(
    name: str, picture: str, content: Content | None, tools: list[dict[str, Any]], stale: bool = False
) -> None:
    """Show one of the pictures that stand below an answer; without content, the one shown last stays.

    stale: it waits until a slider is let go. The answer is what stands above: nobody has to wait for what supports it
    before going on.
    """
    part = f"{name}_below"
    shown = kept(part, content, stale)
    live.plots(
        part,
        f"{name}-{picture if shown.plots else 'none'}",
        shown.plots,
        partial(session.receive, part),
        answers=0,
        settled=st.session_state.settled,
        said=shown.said,
        metrics=shown.metrics,
        table=shown.table,
        tools=tools,
        stale=stale,
    )
