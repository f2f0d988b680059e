"""The live component: sliders that report while they are dragged, and plots that keep their Plotly instance."""

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any

import streamlit as st

from dashboard.pictures.shown import Shown

_runs = count()

# The script itself is served once as a file; what travels with each update only names it. Its address is relative to
# the page's, as those of Streamlit's own files are, since a proxy may serve the laboratory under a path.
_LOADER = """
export default async (component) => {
  const live = await import(new URL("./lab/live.js", document.baseURI).href)
  return live.default(component)
}
"""


@st.cache_resource
def _component() -> Any:
    # Plotly puts its style sheet into the document, where a shadow root would not see it.
    return st.components.v2.component("inverse_lab_live", js=_LOADER, isolate_styles=False)


def _last_taken() -> int:
    """Return the sequence number of the last change that the session has taken, whether or not this run answers it."""
    number: int = st.session_state.get("answering", 0)
    return number


def controls(
    key: str,
    groups: Sequence[dict[str, Any]],
    on_change: Callable[[], None],
    inline: bool = False,
    address: str = "",
    answers: int = 0,
    live: Mapping[str, str] | None = None,
) -> None:
    """Show groups of controls; on_change is called with the change in st.session_state[key].change.

    answers: the sequence number of the change that this run answers, where no plots follow to answer it.
    live: page, key and address, with which the browser asks the route for pictures while a control is dragged.
    """
    data = {
        "kind": "controls",
        "name": key,
        "groups": list(groups),
        "inline": inline,
        "address": address,
        "answers": answers,
        "knows": _last_taken(),
        "live": live,
        # A refused value leaves the groups as they were; the browser still has to put the old one back.
        "run": next(_runs),
    }
    _component()(key=key, data=data, on_change_change=on_change)


def plots(
    key: str,
    shown: Shown,
    on_change: Callable[[], None],
    answers: int,
    released: bool,
    address: str = "",
    live: Mapping[str, str] | None = None,
) -> None:
    """Show the plots of a stage, with what stands around them.

    answers: the sequence number of the change that this run answers.
    released: no control is being dragged, so that everything is drawn in full.
    address, live: as for `controls`, where there is no sidebar that brings them.
    """
    data = {
        **shown.as_json(),
        "name": key,
        "answers": answers,
        "knows": _last_taken(),
        "settled": released,
        "address": address,
        "live": live,
    }
    _component()(key=key, data=data, on_change_change=on_change)


def lesson(key: str, shown: Mapping[str, Any], on_change: Callable[[], None]) -> None:
    """Show the strip of a lesson: what of its step is seen, and where its answer goes."""
    _component()(key=key, data={"kind": "lesson", "name": key, "answers": 0, **shown}, on_change_change=on_change)
