"""Check a change that a browser reports before anything is done with it, since a browser can send anything."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

MAX_CHANGES = 20
MAX_FIELD_LENGTH = 40  # characters
MAX_TEXT_LENGTH = 1000  # characters; the longest that a page sends are the names of all methods
MAX_INTEGER = 2**53  # beyond it, a browser's own numbers are not exact
MALFORMED = "A change could not be read and was dropped: reload the page, and make it again."

Value = str | int | float | bool


@dataclass(frozen=True)
class Report:
    """A change as the live component reports it.

    sequence: counts the reports of a browser; final: the hand has let go; changes: field → value.
    """

    sequence: int
    final: bool
    changes: Mapping[str, Value]


def read_report(content: Any) -> Report:
    """Return the report in what a browser sent; raises ValueError with a sentence where it is none."""
    if not isinstance(content, Mapping):
        raise ValueError(MALFORMED)
    sequence, final, changes = (content.get(name) for name in ("sequence", "final", "changes"))
    if not (_is_number(sequence) and sequence == int(sequence) and isinstance(final, bool)):
        raise ValueError(MALFORMED)
    if not (isinstance(changes, Mapping) and len(changes) <= MAX_CHANGES):
        raise ValueError(MALFORMED)
    for field, value in changes.items():
        if not (_is_text(field, MAX_FIELD_LENGTH) and _is_value(value)):
            raise ValueError(MALFORMED)
    return Report(int(sequence), final, dict(changes))


def _is_number(value: Any) -> TypeGuard[int | float]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= MAX_INTEGER if isinstance(value, int) else math.isfinite(value)


def _is_value(value: Any) -> bool:
    return _is_text(value, MAX_TEXT_LENGTH) or isinstance(value, bool) or _is_number(value)


def _is_text(value: Any, longest: int) -> bool:
    """Say whether a value is a short enough text, without halves of characters, which cannot be sent back."""
    return isinstance(value, str) and len(value) <= longest and not any("\ud800" <= each <= "\udfff" for each in value)
