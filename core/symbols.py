"""The symbols by which sentences and figures name parameters."""

import unicodedata
from functools import lru_cache

_INDICES = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@lru_cache(maxsize=256)
def symbol_of(name: str) -> str:
    """Return the symbol that a name spells: a Greek letter for its name, digits as indices; other letters stay."""
    letters = name.rstrip("0123456789")
    try:
        # Unicode has it without b.
        letter = unicodedata.lookup(f"GREEK SMALL LETTER {letters.upper()}".replace("LAMBDA", "LAMDA"))
    except (KeyError, UnicodeEncodeError):  # a name from a file may be no text
        letter = letters
    return letter + name[len(letters) :].translate(_INDICES)
