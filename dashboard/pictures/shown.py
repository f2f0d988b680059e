"""What a stage shows, as values and as JSON for the live component."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from zlib import crc32

from dashboard.figures.style import Look
from dashboard.pictures.layouts import LAYOUTS

# Text, or text with colour, hollow, help, the change that a click on it reports, or a shade from 0 to 1.
Cell = str | dict[str, Any]
LINE_COURSE = ("x", "y", "x0", "dx")  # the parts of a line trace that move while it slides
MOVING = ("shapes", "annotations")  # the parts of a layout that slide
RESTING_COURSE = ("x", "y", "text")  # of marks that nobody sees, which wait for the release: where labels are shown
TEXT_COURSE = ("x", "y", "text")  # the same of a trace of texts, whose number stays
HEAT_COURSE = ("x", "y", "z", "meta")  # the parts of a heat map that change while an image of it is exchanged


@dataclass(frozen=True)
class Race:
    """What the player above the plots shows: a race, or the hint where none is.

    id: of the paths, "" for none.
    begin: of their starts; a race from new starts plays once.
    counts: what its clock counts, as one of them is called.
    tools: controls beside the player.
    """

    id: str
    begin: str
    hint: str
    tools: Sequence[dict[str, Any]] = ()
    counts: str = "evaluation"


@dataclass(frozen=True)
class Clock:
    """A player for a neuron: a dot runs along its curves, with a cursor at its time.

    A trace is the course of the variable that its meta names with "of". The dot runs in the plots whose layout's meta
    names with "runs" the variables of both axes, of which "t" is the time.

    tempo: ms of the neuron in each second.
    begins: it plays once by itself, and covers what is still to come.
    """

    tempo: float
    begins: bool = False


@dataclass(frozen=True)
class Plot:
    """A figure, and what the hand can do in it.

    figure: as plain dicts, or None for a plot that stays as it is. A line trace whose meta holds a clock, and the
    positions of two shapes as head and end, grows while a race is played.
    click: the two fields that a click at (x, y) sets, or the one that takes both as text.
    handles: points ((x, y), fields) that can be dragged; an empty field is not set.
    pick: the field that a click on a point of a trace sets to its customdata.
    stale: the plot waits until the slider is released: it is dimmed and says so. If it stays as it is, it hides truth
    and candidate, which have moved on.
    """

    id: str
    figure: dict[str, Any] | None
    click: tuple[str, str] | str | None = None
    handles: Sequence[tuple[tuple[float, float], tuple[str, str]]] = ()
    pick: str = ""
    stale: bool = False

    def as_json(self, drawn: int | None = None) -> dict[str, Any]:
        """Return what the browser needs to know whether to draw, to slide, or to leave the plot as it is.

        drawn: the skeleton of what the browser shows. A plot of the same skeleton is sent as its moves alone.
        """
        if self.figure is None:
            return {"id": self.id, "kept": True, "stale": self.stale}
        data, layout = _identified(self.figure["data"]), self.figure["layout"]
        # With a data revision, plotly.js redraws marks and axes without drawing unchanged traces again.
        layout = {**layout, "datarevision": _checksum(data)}
        spec: dict[str, Any] = {
            "id": self.id,
            "version": _checksum(layout),
            "skeleton": _checksum(_skeleton(data, layout)),
            "stale": self.stale,
        }
        if spec["skeleton"] == drawn:
            spec["moved"] = {
                "data": [_moved(trace) for trace in data],
                **{part: layout.get(part, []) for part in MOVING},
            }
        else:
            spec["figure"] = {"data": data, "layout": layout}
        if self.pick:
            spec["click"] = {"point": self.pick}
        elif isinstance(self.click, str):
            spec["click"] = {"both": self.click}
        elif self.click:
            spec["click"] = dict(zip("xy", self.click, strict=True))
        if self.handles:
            spec["handles"] = [{"at": at, **dict(zip("xy", names, strict=True))} for at, names in self.handles]
        return spec


@dataclass(frozen=True)
class Symbol:
    """A symbol in an equation, with its value on screen; the field is that of the slider that it lights."""

    symbol: str
    value: str = ""
    field: str = ""


@dataclass(frozen=True)
class Equation:
    """An equation, as text and symbols in turn, after what it is the equation of."""

    name: str
    parts: Sequence[str | Symbol]

    def as_json(self) -> dict[str, Any]:
        """Return the equation for the live component."""
        return {"name": self.name, "parts": [part if isinstance(part, str) else asdict(part) for part in self.parts]}


@dataclass(frozen=True, eq=False)
class Shown:
    """What a stage shows.

    layout: one of LAYOUTS, by name.
    question: that the page answers.
    answer: one or two short sentences, for what is on screen.
    why: sentences that unfold below the answer.
    equations: of what is on screen, with the values there.
    options: groups of controls above the plots; one with a title unfolds.
    metrics: label, value and help.
    table: rows of cells, the first row being the head.
    said: sentences about what is seen.
    notes: sentences above the plots.
    alerts: how many of the notes, from the first one on, are about the last change: they float over the page.
    race: the player of the plots' race. clock: that of a neuron, in its place.
    tools: controls among the plots.
    stale: metrics, table and sentences wait until the slider is released.
    """

    layout: str
    plots: Sequence[Plot] = ()
    question: str = ""
    answer: str = ""
    why: Sequence[str] = ()
    equations: Sequence[Equation] = ()
    options: Sequence[dict[str, Any]] = ()
    metrics: Sequence[tuple[str, str, str]] = ()
    table: Sequence[Sequence[Cell]] = ()
    said: Sequence[str] = ()
    notes: Sequence[str] = ()
    alerts: int = 0
    race: Race | None = None
    clock: Clock | None = None
    tools: Sequence[dict[str, Any]] = ()
    stale: bool = False

    def under(self, question: str, *rows: Sequence[dict[str, Any]]) -> "Shown":
        """Return the same under a question, with rows of controls."""
        return replace(self, question=question, options=[{"title": "", "items": list(row)} for row in rows if row])

    def after(self, sentences: Sequence[str]) -> "Shown":
        """Return the same with sentences about the last change."""
        return replace(self, notes=[*sentences, *self.notes], alerts=len(sentences))

    def as_it_is(self, stale: bool = False) -> "Shown":
        """Return the same with plots that stay as they are; stale: all of it waits until the slider is released."""
        return replace(self, plots=[Plot(plot.id, None, stale=stale) for plot in self.plots], stale=stale)

    def as_json(self, drawn: Mapping[str, int] | None = None) -> dict[str, Any]:
        """Return the stage for the live component; drawn: the skeletons of the plots that the browser shows, by id."""
        on_screen = drawn or {}
        return {
            "kind": "plots",
            "layout": self.layout,
            "grid": LAYOUTS[self.layout].as_json(),
            "question": self.question,
            "answer": self.answer,
            "why": [sentence for sentence in self.why if sentence],
            "equations": [equation.as_json() for equation in self.equations],
            "options": list(self.options),
            "plots": [plot.as_json(on_screen.get(plot.id)) for plot in self.plots],
            "metrics": list(self.metrics),
            "table": [list(row) for row in self.table],
            "said": [sentence for sentence in self.said if sentence],
            "notes": [note for note in self.notes if note],
            "alerts": self.alerts,
            "race": None if self.race is None else {**asdict(self.race), "tools": list(self.race.tools)},
            "clock": None if self.clock is None else asdict(self.clock),
            "tools": list(self.tools),
            "stale": self.stale,
        }


def name_cell(name: str, look: Look) -> Cell:
    """Return the cell that names an estimator in a table."""
    return {"text": name, "colour": look.colour, "hollow": look.hollow}


def _checksum(content: Any) -> int:
    return crc32(json.dumps(content).encode())


def _without(part: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name not in names}


def _course(trace: dict[str, Any]) -> tuple[str, ...]:
    """Return the parts of a trace that the browser brings up to date without Plotly."""
    if trace.get("mode") == "lines":
        return LINE_COURSE
    if "rests" in trace.get("meta", ()):
        return RESTING_COURSE
    if trace.get("mode") == "text":
        return TEXT_COURSE
    return HEAT_COURSE if "image" in trace.get("meta", ()) else ()


def _moved(trace: dict[str, Any]) -> dict[str, Any] | None:
    """Return the course of lines and texts, or the image of a heat map and its places; None for a trace that stays."""
    return {name: trace[name] for name in _course(trace) if name in trace and name != "z"} or None


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
    """Return all of a figure but what slides: lines, texts, shapes, places of labels and images of heat maps."""
    return [
        [_without(trace, _course(trace)) for trace in data],
        [_without(shape, ("path", "dots", "xanchor", "yanchor")) for shape in layout.get("shapes", ())],
        [_without(label, ("x", "y")) for label in layout.get("annotations", ())],
        _without(layout, (*MOVING, "datarevision")),
    ]
