"""The live component: sliders that report while they are dragged, and plots that keep their Plotly instance."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any
from zlib import crc32

import streamlit as st

Cell = str | dict[str, Any]  # text, or text with colour, hollow, help, or the change that a click on it reports

FOLDER = Path(__file__).parent
_runs = count()

# The script itself is served once as a file; what travels with each update only names it. Its address is relative to
# the page's, as those of Streamlit's own files are, since a proxy may serve the laboratory under a path.
_LOADER = """
export default async (component) => {
  const live = await import(new URL("./lab/live.js", document.baseURI).href)
  return live.default(component)
}
"""


@dataclass(frozen=True)
class Race:
    """What the player above the plots shows: a race, or the hint where none is.

    id: of the paths, "" for none; begin: of their starts, of which new ones play once; tools: controls beside the
    player.
    """

    id: str
    begin: str
    hint: str
    tools: Sequence[dict[str, Any]] = ()


@dataclass(frozen=True)
class Plot:
    """A figure as plain dicts, or None for one that stays as it is, and what the hand can do in it.

    click: the two fields that a click at (x, y) sets, or the one that takes both as text; handle: ((x, y), fields), a
    point that can be dragged; pick: the field that a click on a point of a trace sets to its customdata; stale: it
    waits until the slider is let go: it is dimmed, says so, and, if it stays as it is, hides truth and candidate, which
    have moved on. A line trace whose meta holds a clock, and the positions of two shapes as head and end, grows while a
    race is played.
    """

    id: str
    figure: dict[str, Any] | None
    click: tuple[str, str] | str | None = None
    handle: tuple[tuple[float, float], tuple[str, str]] | None = None
    pick: str = ""
    stale: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return what the browser needs to know whether to draw, to slide, or to leave the plot as it is."""
        if self.figure is None:
            return {"id": self.id, "kept": True, "stale": self.stale}
        data, layout = _identified(self.figure["data"]), self.figure["layout"]
        # With a data revision, plotly.js redraws marks and axes without drawing unchanged traces again.
        layout = {**layout, "datarevision": _checksum(data)}
        spec: dict[str, Any] = {
            "id": self.id,
            "figure": {"data": data, "layout": layout},
            "version": _checksum(layout),
            "skeleton": _checksum(_skeleton(data, layout)),
            "stale": self.stale,
        }
        if self.pick:
            spec["click"] = {"point": self.pick}
        elif isinstance(self.click, str):
            spec["click"] = {"both": self.click}
        elif self.click:
            spec["click"] = dict(zip("xy", self.click, strict=True))
        if self.handle:
            at, names = self.handle
            spec["handle"] = {"at": at, **dict(zip("xy", names, strict=True))}
        return spec


def _checksum(content: Any) -> int:
    return crc32(json.dumps(content).encode())


def _without(part: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name not in names}


def _identified(data: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the traces with an identity each, so that what the legend hides stays so while others come and go."""
    namesakes = Counter[str]()
    identified = []
    for trace in data:
        name = f"{trace['type']} {trace.get('mode')} {trace.get('name')}"
        namesakes[name] += 1
        identified.append({**trace, "uid": f"{_checksum([name, namesakes[name]]):x}"})
    return identified


def _skeleton(data: list[dict[str, Any]], layout: dict[str, Any]) -> list[Any]:
    """Return all of a figure but the course of its lines and the places of its shapes, which slide."""
    return [
        [_without(trace, ("x", "y", "x0", "dx")) if trace.get("mode") == "lines" else trace for trace in data],
        [_without(shape, ("path", "xanchor", "yanchor")) for shape in layout.get("shapes", ())],
        _without(layout, ("shapes", "datarevision")),
    ]


@st.cache_resource
def _component() -> Any:
    # Plotly puts its style sheet into the document, where a shadow root would not see it.
    return st.components.v2.component(
        "inverse_lab_live", js=_LOADER, css=(FOLDER / "live.css").read_text(encoding="utf-8"), isolate_styles=False
    )


def controls(
    key: str,
    groups: Sequence[dict[str, Any]],
    on_change: Callable[[], None],
    inline: bool = False,
    address: str = "",
    answers: int = 0,
) -> None:
    """Show groups of controls; on_change is called with the change in st.session_state[key].change.

    answers: the sequence number of the change that this run answers, where no plots follow to answer it.
    """
    data = {
        "kind": "controls",
        "groups": list(groups),
        "inline": inline,
        "address": address,
        "answers": answers,
        # A refused value leaves the groups as they were; the browser still has to put the old one back.
        "run": next(_runs),
    }
    _component()(key=key, data=data, on_change_change=on_change)


def plots(
    key: str,
    layout: str,
    plots: Sequence[Plot],
    on_change: Callable[[], None],
    answers: int,
    settled: bool,
    metrics: Sequence[tuple[str, str, str]] = (),
    table: Sequence[Sequence[Cell]] = (),
    said: Sequence[str] = (),
    notes: Sequence[str] = (),
    race: Race | None = None,
    tools: Sequence[dict[str, Any]] = (),
    stale: bool = False,
) -> None:
    """Show plots in a named layout, metrics (label, value, help), a table, what is seen in sentences, and notes.

    table: rows of cells, the first row being the head. race: the player of the plots' race; tools: controls among the
    plots; stale: metrics, table and sentences wait until the slider is let go.

    settled: no slider is being dragged, so that everything is drawn in full.
    """
    data = {
        "kind": "plots",
        "layout": layout,
        "plots": [plot.as_json() for plot in plots],
        "metrics": list(metrics),
        "table": [list(row) for row in table],
        "said": list(said),
        "notes": list(notes),
        "race": None if race is None else {**asdict(race), "tools": list(race.tools)},
        "tools": list(tools),
        "answers": answers,
        "settled": settled,
        "stale": stale,
    }
    _component()(key=key, data=data, on_change_change=on_change)
