"""An exercise as a token in a link, and the code word that opens it."""

import hmac
import json
import time
from collections import OrderedDict
from dataclasses import asdict
from threading import Lock

from core.checks import is_whole
from dashboard.scene.exercise import Exercise
from dashboard.scene.settings import SETTINGS
from dashboard.seal import opened, sealed

FOREIGN = (
    "This link to an exercise can be opened only by the server that made it, and as it was made: ask for the link "
    "anew, and open it on that server."
)
KIND = "exercise"
MOST_WRONG, MOST_WRONG_OF_ALL = 10, 300  # code words in PAUSE_S: of one student, and of the class
PAUSE_S = 60.0
MOST_COUNTED = 5000  # students and classes of which wrong code words are counted

_wrong: "OrderedDict[tuple[Exercise, str], list[float]]" = OrderedDict()
_lock = Lock()


def token_of(exercise: Exercise) -> str:
    """Return the token that holds an exercise, which this server alone can open.

    Raises ValueError with a sentence where it is too long for a link.
    """
    text = json.dumps(asdict(exercise), ensure_ascii=False, separators=(",", ":"))
    try:
        return sealed(KIND, text)
    except ValueError:
        raise ValueError("The names are too long for a link: give numbers, such as 1-30, or make two links.") from None


def exercise_in(token: str) -> Exercise:
    """Return the exercise in a token; raises ValueError with a sentence where this server has not made it."""
    try:
        held = json.loads(opened(KIND, token))
        lists = {name: tuple(value) for name, value in held.items() if isinstance(value, list)}
        return _checked(Exercise(**{**held, **lists}))
    except (ValueError, TypeError, AttributeError):
        raise ValueError(FOREIGN) from None


def _checked(exercise: Exercise) -> Exercise:
    """Return an exercise; raises ValueError where a token of another version holds what this one does not know."""
    texts = (exercise.query, exercise.word, *exercise.pages, *exercise.names)
    if not (
        all(isinstance(each, tuple) for each in (exercise.pages, exercise.locked, exercise.absent, exercise.names))
        and all(isinstance(each, str) and each.encode() is not None for each in texts)
        and all(isinstance(each, str) and each in SETTINGS for each in (*exercise.locked, *exercise.absent))
        and isinstance(exercise.sealed, bool)
        and is_whole(exercise.seed)
        and exercise.seed >= 0
    ):
        raise ValueError(FOREIGN)
    return exercise


def is_code_word(exercise: Exercise, typed: str, student: str) -> bool:
    """Say whether a text is the code word of an exercise, whatever its case; student: tells browsers apart.

    Raises ValueError with a sentence where too many were wrong in the last minute.
    """
    with _lock:
        counted = [(_recent(exercise, of), most) for of, most in ((student, MOST_WRONG), ("", MOST_WRONG_OF_ALL))]
        if any(len(recent) >= most for recent, most in counted):
            raise ValueError("Too many wrong code words: wait a minute.")
        right = hmac.compare_digest(typed.strip().casefold().encode(), exercise.word.strip().casefold().encode())
        if not right:
            for recent, _ in counted:
                recent.append(time.monotonic())
        return right


def _recent(exercise: Exercise, student: str) -> list[float]:
    """Return when the last wrong code words were typed, to be added to."""
    recent = [at for at in _wrong.pop((exercise, student), ()) if time.monotonic() - at < PAUSE_S]
    _wrong[exercise, student] = recent
    while len(_wrong) > MOST_COUNTED:
        _wrong.popitem(last=False)
    return recent
