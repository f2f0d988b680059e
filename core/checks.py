"""Checks of numbers from files or users, and their form in sentences."""

import math
import operator
import sys
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def is_finite(value: object) -> bool:
    """Say whether a value is a number, not a bool, that is finite in double precision."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def is_whole(value: object) -> bool:
    """Say whether a value is a whole number and not a bool."""
    return isinstance(value, int) and is_finite(value)


def as_float(value: Any) -> float:
    """Return a number as a float; NaN for anything else, and for a number too large for double precision."""
    if type(value) is float:
        return value
    try:
        return math.nan if isinstance(value, str | bytes) or np.ndim(value) else float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def as_count(value: Any, what: str) -> int:
    """Return a whole number of at least one; raises ValueError with a sentence about `what` for anything else."""
    try:
        count = operator.index(value)
    except TypeError:
        count = 0
    if count < 1:
        raise ValueError(f"The number of {what} must be a whole number of at least one; it is {value}.")
    return count


def as_names(names: Iterable[str], what: str) -> tuple[str, ...]:
    """Return names as a tuple; raises ValueError unless there are some, all of them texts, and each of them once."""
    if isinstance(names, str):
        raise ValueError(f"Give the names of the {what}s as a tuple, such as ({names!r},): a text alone is no tuple.")
    found = tuple(names)
    if not all(isinstance(name, str) for name in found):
        raise ValueError(f"The {what}s need names that are texts.")
    if not found or len(set(found)) < len(found):
        raise ValueError(f"Name at least one {what}, and each of them once.")
    return found


def with_gaps(values: ArrayLike) -> NDArray[Any]:
    """Return an array; in place of what a masked array masks it holds NaN."""
    if isinstance(values, np.ma.MaskedArray):
        return np.ma.filled(values if values.dtype.kind == "f" else values.astype(float), np.nan)
    return np.asarray(values)


def printable(text: str, longest: int) -> str:
    """Return the first characters of a text for a sentence, with “�” for each that cannot be shown."""
    return "".join(character if character.isprintable() else "�" for character in text[:longest])


def shown(value: float) -> str:
    """Return a finite number for a sentence: at most ten digits, commas at thousands, a true minus sign."""
    return f"{float(value):,.10g}".replace("-", "−")
