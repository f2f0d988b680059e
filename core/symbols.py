"""The symbols of parameters in sentences and figures."""

import unicodedata
from functools import lru_cache

_INDICES = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@lru_cache(maxsize=256)
def symbol_of(name: str) -> str:
    """Return the symbol of a name: a Greek letter for a spelled one, subscripts for final digits."""
    letters = name.rstrip("0123456789")
    try:
        # Unicode spells this letter without b.
        letter = unicodedata.lookup(f"GREEK SMALL LETTER {letters.upper()}".replace("LAMBDA", "LAMDA"))
    except (KeyError, UnicodeEncodeError):  # not a Greek letter, or a name from a file that is not valid text
        letter = letters
    return letter + name[len(letters) :].translate(_INDICES)
