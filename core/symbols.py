"""The symbols by which sentences and figures name parameters."""

import unicodedata
from functools import cache

_INDICES = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@cache
def symbol_of(name: str) -> str:
    """Return the symbol that a name spells: a Greek letter for its name, digits as indices; other letters stay."""
    letters = name.rstrip("0123456789")
    try:
        # Unicode has it without b.
        letter = unicodedata.lookup(f"GREEK SMALL LETTER {letters.upper()}".replace("LAMBDA", "LAMDA"))
    except KeyError:
        letter = letters
    return letter + name[len(letters) :].translate(_INDICES)
