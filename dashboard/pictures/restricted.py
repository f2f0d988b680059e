"""What an exercise leaves of the controls of a page: those of what is pinned are locked, or are not there."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dashboard.pictures.controls import Control
from dashboard.pictures.shown import Cell, Plot, Shown
from dashboard.scene.exercise import Sitting
from dashboard.scene.presets import PRESET_FIELDS

Group = dict[str, Any]
# Settings that a control of another name changes.
CHANGED_BY = {
    "preset": PRESET_FIELDS,
    "start": ("starts",),
    "sample": PRESET_FIELDS,
    "fence": ("theta0", "theta1"),
}


def restricted_groups(groups: Sequence[Group], sitting: Sitting | None) -> list[Group]:
    """Return groups of controls as an exercise leaves them; those without a control are left out."""
    if sitting is None:
        return list(groups)
    left = [{**group, "items": _left(group["items"], sitting)} for group in groups]
    return [group for group in left if group["items"]]


def restricted(shown: Shown, sitting: Sitting | None) -> Shown:
    """Return a stage as an exercise leaves it."""
    if sitting is None:
        return shown
    return replace(
        shown,
        options=restricted_groups(shown.options, sitting),
        tools=_left(shown.tools, sitting),
        plots=[_plot(plot, sitting) for plot in shown.plots],
        table=[[_cell(cell, sitting) for cell in row] for row in shown.table],
        race=shown.race and replace(shown.race, tools=_left(shown.race.tools, sitting)),
    )


def changes_pinned(field: str, sitting: Sitting) -> bool:
    """Say whether a control changes what is pinned."""
    return bool(sitting.pinned.intersection(CHANGED_BY.get(field, (field,))))


def _left(items: Sequence[Control], sitting: Sitting) -> list[Control]:
    """Return the controls that an exercise leaves. A button of what is locked would do nothing, and goes."""
    left = []
    for item in items:
        field, exercise = item["field"], sitting.exercise
        is_there = field not in sitting.gone and field != "desk"
        leads_away = field == "door" and item["value"].partition("|")[0] not in exercise.pages
        if not is_there or leads_away:
            continue
        if not changes_pinned(field, sitting):
            left.append(item)
        elif item["kind"] not in ("button", "card"):
            left.append({**item, "locked": True})
    return left


def _plot(plot: Plot, sitting: Sitting) -> Plot:
    handles = [
        (at, (x if not changes_pinned(x, sitting) else "", y if not changes_pinned(y, sitting) else ""))
        for at, (x, y) in plot.handles
    ]
    clicked = (plot.click,) if isinstance(plot.click, str) else plot.click or ()
    return replace(
        plot,
        handles=[(at, fields) for at, fields in handles if any(fields)],
        click=None if any(changes_pinned(field, sitting) for field in clicked) else plot.click,
        pick="" if changes_pinned(plot.pick, sitting) else plot.pick,
    )


def _cell(cell: Cell, sitting: Sitting) -> Cell:
    if isinstance(cell, str) or not any(changes_pinned(field, sitting) for field in cell.get("change", ())):
        return cell
    return {name: value for name, value in cell.items() if name != "change"}
