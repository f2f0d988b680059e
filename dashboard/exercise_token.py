"""An exercise as a token in a link, and the code word that opens it."""

import hmac
import json
import time
from collections import OrderedDict
from dataclasses import asdict
from threading import Lock

from dashboard.scene.exercise import Exercise
from dashboard.seal import opened, sealed

FOREIGN = (
    "This link to an exercise can be opened only by the server that made it, and as it was made: ask for the link "
    "anew, and open it on that server."
)
MOST_WRONG = 10  # code words, in PAUSE_S
PAUSE_S = 60.0
MOST_EXERCISES = 500  # of which wrong code words are counted

_wrong: "OrderedDict[Exercise, list[float]]" = OrderedDict()
_lock = Lock()


def token_of(exercise: Exercise) -> str:
    """Return the token that holds an exercise, which this server alone can open."""
    return sealed(json.dumps(asdict(exercise), ensure_ascii=False, separators=(",", ":")))


def exercise_in(token: str) -> Exercise:
    """Return the exercise in a token; raises ValueError with a sentence where this server has not made it."""
    try:
        held = json.loads(opened(token))
        lists = {name: tuple(value) for name, value in held.items() if isinstance(value, list)}
        return Exercise(**{**held, **lists})
    except (ValueError, TypeError, AttributeError):
        raise ValueError(FOREIGN) from None


def is_code_word(exercise: Exercise, typed: str) -> bool:
    """Say whether a text is the code word of an exercise, whatever its case.

    Raises ValueError with a sentence where too many were wrong in the last minute.
    """
    with _lock:
        recent = [at for at in _wrong.pop(exercise, ()) if time.monotonic() - at < PAUSE_S]
        _wrong[exercise] = recent
        while len(_wrong) > MOST_EXERCISES:
            _wrong.popitem(last=False)
        if len(recent) >= MOST_WRONG:
            raise ValueError("Too many wrong code words: wait a minute.")
        right = hmac.compare_digest(typed.strip().casefold().encode(), exercise.word.strip().casefold().encode())
        if not right:
            recent.append(time.monotonic())
        return right
