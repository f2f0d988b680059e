"""Requests to the live route, and its answers for the page Neuron."""

from typing import Any

from hypothesis import strategies as st

from dashboard import live_route
from dashboard.scene.address import to_address
from dashboard.scene.exercise import Exercise, Sitting
from dashboard.scene.experiment import Experiment
from dashboard.scene.holdings import Holdings, keep
from tests.fuzz.address import QUERIES, changes
from tests.fuzz.parser import Parser, assert_shown
from tests.fuzz.strategies import FLOODS, SCALARS, as_json, broken, changed

EXERCISE = Exercise(query="theta0=0.3", pages=("Neuron",), locked=("zeta",), sealed=True, word="x", names=("A", "B"))
HOLDINGS = {"fuzz": Holdings(), "fuzz of a student": Holdings(sitting=Sitting(EXERCISE, "token", 1))}
VALID: dict[str, Any] = {
    "page": "neuron", "key": "fuzz", "address": to_address(Experiment()), "changes": {"theta0": 0.41}, "drawn": {},
}  # fmt: skip
SOUND = st.fixed_dictionaries(
    {
        "page": st.sampled_from(["neuron", "neuron", *live_route.PAGES, "neuron"]),
        "key": st.sampled_from([*HOLDINGS]),
        "address": QUERIES | st.just(VALID["address"]),
        "changes": changes(4),
        "drawn": st.just({})
        | st.dictionaries(st.sampled_from(["potential", "phase", "rates", "x"]), SCALARS, max_size=3),
    }
)
REQUESTS = st.one_of(
    SOUND.map(as_json),
    SOUND.map(as_json),
    SOUND.flatmap(changed).map(as_json),
    broken(as_json(VALID)),
    FLOODS.map(lambda content: content[: live_route.MOST_BYTES]),
)


def read(content: bytes) -> tuple[str, ...]:
    """Read a request; the page Neuron, which computes little, answers it too."""
    for key, holdings in HOLDINGS.items():
        keep(holdings, key)
    asked = live_route.read(content)
    if asked.page == "neuron":
        assert_shown(live_route.answer(asked))
    return asked.sentences


LIVE_REQUEST = Parser("request to the live route", REQUESTS, (as_json(VALID),), read)
