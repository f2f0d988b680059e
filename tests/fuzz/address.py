"""Addresses: each part with values that it may have and strange ones, parts left out, doubled and unknown."""

import math
from dataclasses import astuple
from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import strategies as st

from dashboard.scene.address import from_address, parts_of
from dashboard.scene.experiment import Experiment
from dashboard.scene.kinds import Choice, Methods, Number, Samplers, Setting, Starts, Toggle
from dashboard.scene.settings import SETTINGS
from dashboard.sealed_address import from_sealed_address, to_sealed_address
from tests.fuzz.parser import Parser, assert_shown
from tests.fuzz.strategies import FLOODS, NUMBERS, TEXTS, broken

VALID = urlencode(parts_of(Experiment(theta0=0.3, starts=((0.1, 0.2),), hidden=False)))


def values_of(row: Setting) -> st.SearchStrategy[Any]:
    """Return values that a setting may have, or nearly."""
    if isinstance(row, Number):
        near = st.floats(row.least, row.most) | st.integers(math.ceil(row.least), math.floor(row.most))
        return st.one_of(near, st.sampled_from([row.least, row.most]), NUMBERS)
    if isinstance(row, Choice):
        return st.sampled_from([*row.choices])
    if isinstance(row, Toggle):
        return st.sampled_from(["0", "1", "true", "False", True, False])
    if isinstance(row, Methods):
        return st.sampled_from(["Adam", "Adam,Nelder–Mead", "Adam,,Adam", ",", "Adam,nothing"])
    if isinstance(row, Samplers):
        return st.sampled_from(["MALA", "Langevin,SVGD", "MALA,,MALA", ",", "MALA,Adam"])
    if isinstance(row, Starts):
        return st.lists(st.tuples(NUMBERS, NUMBERS) | st.tuples(st.floats(-1, 1), st.floats(-1, 1)), max_size=7).map(
            lambda points: ";".join(",".join(map(str, point)) for point in points)
        )
    return st.sampled_from(["", "-", "best", "best,Prior", "a" * 41, ",".join("abcdefghijklmnop")])


def changes(most: int) -> st.SearchStrategy[dict[str, Any]]:
    """Return values for up to so many settings, one in five of them strange."""
    part = st.sampled_from(sorted(SETTINGS)).flatmap(
        lambda name: st.tuples(st.just(name), st.one_of(*[values_of(SETTINGS[name])] * 4, TEXTS))
    )
    other = st.tuples(st.sampled_from(["start", "undo", "preset", "truth"]) | TEXTS, TEXTS | NUMBERS)
    return st.lists(st.one_of(*[part] * 6, other), max_size=most).map(dict)


def _encoded(parts: dict[str, Any]) -> str:
    return "&".join(
        f"{quote(str(name), errors='replace')}={quote(str(value), errors='replace')}" for name, value in parts.items()
    )


QUERIES = st.one_of(
    changes(12).map(_encoded),
    changes(6).map(_encoded),
    st.tuples(changes(3).map(_encoded), changes(3).map(_encoded)).map("&".join),
    broken(VALID.encode()).map(lambda content: content.decode(errors="replace")),
    FLOODS.filter(lambda content: len(content) <= 10**5).map(lambda content: content.decode(errors="replace")),
    st.dictionaries(TEXTS, TEXTS, max_size=40).map(_encoded),
)


def read(query: str) -> tuple[str, ...]:
    """Read an address; what it gives can be written as an address again, which gives the same."""
    experiment, sentences = from_sealed_address(query)
    assert_experiment(experiment)
    return sentences


def assert_experiment(experiment: Experiment) -> None:
    """Fail unless all numbers of an experiment are finite, and its address gives it back."""
    assert_shown(astuple(experiment))
    for name, row in SETTINGS.items():
        if isinstance(row, Number):
            assert row.least <= getattr(experiment, name) <= row.most
    address = to_sealed_address(experiment)
    again, sentences = from_sealed_address(address)
    assert (again, sentences[1 if experiment.upload else 0 :]) == (_without_upload(experiment), ())


def _without_upload(experiment: Experiment) -> Experiment:
    again, _ = from_address("")
    return experiment if not experiment.upload else type(again)(**{**vars(experiment), "upload": ""})


ADDRESS = Parser("address", QUERIES, (VALID,), read)
