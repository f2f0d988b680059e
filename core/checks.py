"""Checks of numbers that come from files or from users, and how sentences show them."""

import sys


def is_finite(value: object) -> bool:
    """Say whether a value is a number, truth values aside, that double precision holds."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def is_whole(value: object) -> bool:
    """Say whether a value is a whole number, truth values aside."""
    return isinstance(value, int) and is_finite(value)


def shown(value: float) -> str:
    """Return a finite number as a sentence shows it: ten digits at most, commas at thousands, a true minus sign."""
    return f"{float(value):,.10g}".replace("-", "−")
