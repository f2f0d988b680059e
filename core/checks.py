"""Checks of numbers from files or users, and their form in sentences."""

import sys


def is_finite(value: object) -> bool:
    """Say whether a value is a number, not a bool, that is finite in double precision."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def is_whole(value: object) -> bool:
    """Say whether a value is a whole number and not a bool."""
    return isinstance(value, int) and is_finite(value)


def shown(value: float) -> str:
    """Return a finite number for a sentence: at most ten digits, commas at thousands, a true minus sign."""
    return f"{float(value):,.10g}".replace("-", "−")
