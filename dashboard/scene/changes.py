"""What may be typed into an experiment or asked of it by an address: each refusal is a sentence."""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from core.checks import shown
from core.jobs.folder import is_name
from core.models.fitzhugh_nagumo.equations import PARAMETER_NAMES
from core.published import SAMPLING_INTERVAL
from core.sampling.samplers import SAMPLERS
from dashboard.background.optimisers import KINDS
from dashboard.scene.experiment import Experiment
from dashboard.scene.kinds import Choice, Compared, MapName, Methods, Number, OwnMaps, Samplers, Setting, Starts, Toggle
from dashboard.scene.settings import (
    FURTHEST_START,
    LONGEST_NAME,
    MOST_COMPARED,
    MOST_OWN_MAPS,
    MOST_STARTS,
    SETTINGS,
)

LONGEST_NUMBER = 40  # characters; the shortest text that brings a number back has at most 24
NONE = "-"  # stands in an address for no names, and begins that of no map
MOST_SENTENCES = 8  # about what is wrong with one link or report

# Each character can be matched in one way alone, so that the time grows with the length of the text, not its square.
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


def typed_number(number: Number, typed: Any) -> float | int:
    """Return the number that was typed; raises ValueError with a sentence where the setting cannot have it."""
    text = str(typed).strip()
    given = text[:20]
    if len(text) > LONGEST_NUMBER:
        raise ValueError(
            f"{number.subject} must be a number of at most {LONGEST_NUMBER} characters; “{given}…” is longer."
        )
    text = text.replace("−", "-")
    if re.fullmatch(r"[+-]?[1-9]\d{0,2}(,\d{3})+", text):  # a comma between thousands is not taken for a point
        raise ValueError(
            f"{number.subject} can be read in two ways: write “{given}” with a point, or without marks for thousands."
        )
    text = text.replace(",", ".")
    if not text:
        raise ValueError(f"{number.subject} must be a number; the box is empty.")
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{number.subject} must be a number; “{given}” is none.")
    value = float(text)
    if not number.least <= value <= number.most:
        reach = f"between {shown(number.least)} and {shown(number.most)}"
        raise ValueError(f"{number.subject} must lie {reach}; {given} does not.")
    if not number.whole:
        return value
    if value != round(value):
        raise ValueError(f"{number.subject} must be a whole number; {given} is none.")
    return int(value)


def _methods(text: str) -> tuple[str, ...]:
    """Return the methods named in text, with commas between them, in the order of KINDS."""
    names = _listed(text, KINDS, "method")
    if not names:
        raise ValueError("A race needs at least one method.")
    return names


def _listed(text: str, known: Collection[str], kind: str) -> tuple[str, ...]:
    """Return the names in text, with commas between them, in the order of those that are known of a kind."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in known:
            raise ValueError(f"“{name[:20]}” is not a {kind}; those are {', '.join(known)}.")
    return tuple(name for name in known if name in names)


def _compared(text: str) -> tuple[str, ...]:
    """Return the names in text, with commas between them."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip() not in ("", NONE)))
    if len(names) > MOST_COMPARED:
        raise ValueError(f"At most {MOST_COMPARED} estimates stand beside the exact posterior; these are {len(names)}.")
    if any(len(name) > LONGEST_NAME for name in names):
        raise ValueError(f"“{text[:20]}…” is too long for names of maps.")
    return names


def _own_maps(text: str) -> str:
    """Return the names in text, with commas between them, NONE or "" as they are."""
    names = [name for name in text.split(",") if name not in ("", NONE)]
    if len(names) > MOST_OWN_MAPS:
        raise ValueError(f"At most {MOST_OWN_MAPS} maps trained here are shown at once; these are {len(names)}.")
    for name in names:
        if not is_name(name):
            raise ValueError(f"“{name[:20]}” is no name of a map.")
    return text


def _start(text: str) -> tuple[float, float]:
    """Return the point that text names: two numbers with a comma between them."""
    numbers = [number.strip() for number in text.split(",")] if len(text) <= 2 * LONGEST_NUMBER + 1 else []
    if len(numbers) != 2 or not all(map(_NUMBER.fullmatch, numbers)):
        raise ValueError(f"A start is two numbers with a comma between them; “{text[:20]}” is none.")
    x, y = map(float, numbers)
    if max(abs(x), abs(y)) > FURTHEST_START:
        raise ValueError(f"A start must lie between −{FURTHEST_START} and {FURTHEST_START} on both axes.")
    return x, y


def _starts(text: str) -> tuple[tuple[float, float], ...]:
    """Return the points that text names, with semicolons between them."""
    starts = tuple(_start(point) for point in text.split(";")) if text else ()
    if len(starts) > MOST_STARTS:
        raise ValueError(f"At most {MOST_STARTS} starts race at once: clear them, or let a click replace the start.")
    return starts


def _clicked(experiment: Experiment, text: str) -> tuple[tuple[float, float], ...]:
    """Return the starts after clicks at the points that text names: the last, or those that there were and all these.

    Beyond MOST_STARTS none is added; where nothing could be, ValueError is raised.
    """
    points = tuple(_start(point) for point in text.split(";"))
    if not experiment.adding:
        return points[-1:]
    added = tuple(dict.fromkeys((*experiment.starts, *points)))
    return added[:MOST_STARTS] if len(experiment.starts) < MOST_STARTS else _starts(text_of_starts(added))


def text_of_starts(starts: tuple[tuple[float, float], ...]) -> str:
    """Return the text that names points."""
    return ";".join(f"{x!r},{y!r}" for x, y in starts)


def _value(row: Setting, value: Any) -> Any:
    """Return what was typed for a setting as its value; raises ValueError with a sentence where it cannot be."""
    text = str(value)
    if isinstance(row, Number):
        number = typed_number(row, value)
        # The window ends on a sample.
        return number if row.name != "t_end" else round(round(number / SAMPLING_INTERVAL) * SAMPLING_INTERVAL, 6)
    if isinstance(row, Choice):
        if value not in row.choices:
            raise ValueError(f"“{text[:20]}” is not a choice for {row.name.replace('_', ' ')}.")
        return value
    if isinstance(row, Toggle):
        if text.lower() not in ("0", "1", "true", "false"):
            raise ValueError(f"{row.name.capitalize()} must be 0 or 1; “{text[:20]}” is neither.")
        return text.lower() in ("1", "true")
    if isinstance(row, Methods):
        return _methods(text)
    if isinstance(row, Samplers):
        return _listed(text, SAMPLERS, "sampler")
    if isinstance(row, Compared):
        return _compared(text)
    if isinstance(row, Starts):
        return _starts(text)
    if isinstance(row, OwnMaps):
        return _own_maps(text)
    if isinstance(row, MapName):
        if len(text) > LONGEST_NAME:
            raise ValueError(f"“{text[:20]}…” is too long for the name of a map.")
        return text
    raise ValueError(_unknown(row.name))


def _unknown(name: str) -> str:
    return f"“{name[:20]}” is no part of an experiment."


def change(experiment: Experiment, changes: Mapping[str, Any]) -> tuple[Experiment, tuple[str, ...]]:
    """Return the experiment with the changes that are valid, and a sentence for each that is not.

    Values may be numbers or typed text; an unknown field or a value out of range leaves what was there. An upload
    cannot be changed. The field start holds clicks on the map: points, the last of which replaces
    the starts, or which are added to them. The first one turns from the fit to the race. After eight sentences one
    counts the rest.
    """
    valid: dict[str, Any] = {}
    sentences = []
    for name, value in changes.items():
        try:
            if name == "start":
                valid["starts"] = _clicked(experiment, str(value))
            elif name in SETTINGS:
                valid[name] = _value(SETTINGS[name], value)
            else:
                raise ValueError(_unknown(name))
        except ValueError as error:
            sentences.append(f"{error} What was there stays.")
    if len(sentences) > MOST_SENTENCES:
        sentences[MOST_SENTENCES:] = [f"Parts that are not valid either: {len(sentences) - MOST_SENTENCES}."]
    changed = replace(experiment, **valid)
    if changed.axis_x == changed.axis_y:
        # The axis that was not touched makes room.
        other = next(name for name in PARAMETER_NAMES if name != changed.axis_x)
        changed = replace(changed, axis_y=other) if "axis_x" in valid else replace(changed, axis_x=other)
    if changed.axes != experiment.axes and "starts" not in valid:
        changed = replace(changed, starts=())
    if changed.starts and not experiment.starts and changed.beside == "fit" and "beside" not in valid:
        changed = replace(changed, beside="distance" if changed.samplers else "race")
    return changed, tuple(sentences)
