"""Tokens of an exercise, a room and a hidden truth: contents of other versions, and tokens that nobody sealed."""

import json
from contextlib import suppress
from dataclasses import asdict, astuple, dataclass
from typing import Any

from hypothesis import strategies as st

from dashboard import exercise_token, rooms, sealed_address
from dashboard.scene.exercise import Exercise, Sitting
from dashboard.seal import sealed
from tests.fuzz.address import QUERIES, assert_experiment
from tests.fuzz.parser import Parser, assert_shown
from tests.fuzz.strategies import TEXTS, broken, changed

EXERCISE = Exercise(
    query="theta0=0.3", pages=("Neuron", "Landscape"), locked=("zeta",), absent=("rho",), sealed=True, word="x",
    names=("Ana", "Ben"), seed=3,
)  # fmt: skip
HELD = json.loads(json.dumps(asdict(EXERCISE)))
TRUTH = {"theta0": "0.3", "theta1": "0.4", "zeta": "-0.4", "gamma": "3.0"}
ROOM = "answer 0123456789abcdef valleys.4"
KINDS = (exercise_token.KIND, rooms.KIND, sealed_address.TRUTH)


def contents(kind: str) -> st.SearchStrategy[str]:
    """Return what a token of a kind holds, with something changed."""
    if kind == rooms.KIND:
        return st.one_of(
            st.just(ROOM),
            TEXTS,
            st.lists(TEXTS, max_size=4).map(" ".join),
            broken(ROOM.encode()).map(lambda each: each.decode(errors="replace")),
        )
    valid: Any = HELD if kind == exercise_token.KIND else TRUTH
    return st.one_of(st.just(valid), changed(valid), changed(valid, 1)).map(json.dumps) | TEXTS


@dataclass(frozen=True)
class Link:
    """What a token is opened as, as what it was sealed, "" for one that was not, its text, and an address beside it."""

    kind: str
    sealed_as: str
    text: str
    query: str = ""

    @property
    def token(self) -> str:
        """The token; a text that cannot be sealed stands as it is."""
        if self.sealed_as:
            with suppress(ValueError):
                return sealed(self.sealed_as, self.text)
        return self.text


@st.composite
def links(draw: st.DrawFn) -> Link:
    """Return a kind, and a token that is mostly of this kind."""
    kind = draw(st.sampled_from(KINDS))
    sealed_as = draw(st.sampled_from([kind, kind, "", *KINDS, kind, kind]))
    return Link(kind, sealed_as, draw(contents(kind) if sealed_as else TEXTS), draw(st.just("") | QUERIES))


def read(link: Link) -> tuple[str, ...]:
    """Open a token as its link does."""
    kind, token, query = link.kind, link.token, link.query
    if kind == rooms.KIND:
        room = rooms.room_of(token)
        assert_shown([room.name, room.question, room.watches, room.place])
        return ()
    if kind == sealed_address.TRUTH:
        experiment, sentences = sealed_address.from_sealed_address(f"{query}&truth={token}")
        assert_experiment(experiment)
        return sentences
    exercise = exercise_token.exercise_in(token)
    assert_shown(asdict(exercise))
    sentences = ()
    for student in (None, 0) if exercise.names else (None,):
        sitting = Sitting(exercise, token, student)
        experiment, sentences = sitting.experiment(query)
        assert_shown([sorted(sitting.pinned), sorted(sitting.gone), sitting.address(experiment), astuple(experiment)])
    assert not exercise_token.is_code_word(exercise, "y" + exercise.word, str(len(token)))
    return sentences


TOKEN = Parser("token in a link", links(), (Link(KINDS[0], KINDS[0], json.dumps(HELD)),), read)
