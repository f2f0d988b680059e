import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from dashboard import exercise_token
from dashboard.exercise_token import FOREIGN, exercise_in, is_code_word, token_of
from dashboard.maps import use_runs
from dashboard.scene.exercise import Exercise
from dashboard.seal import sealed

CLASS = Exercise("theta0=0.3172839", ("Neuron", "Landscape"), ("sigma",), ("seed",), True, "Tulip", ("Ana", "Bén"), 77)


def test_an_exercise_travels_encrypted_and_comes_back_whole(runs):
    token = token_of(CLASS)
    assert exercise_in(token) == CLASS
    for word in ("0.317", "Landscape", "Tulip", "Ana"):
        assert word not in token


def test_thirty_names_and_two_locks_fit_a_code_that_a_telephone_reads(runs):
    names = tuple(f"Student Number {number}" for number in range(30))
    token = token_of(
        Exercise("theta0=0.3172839&theta1=0.5829516", ("Landscape",), ("sigma", "rho"), (), True, "w", names)
    )
    assert len(token) < 858  # bytes of a QR code of 93 × 93 modules at level L (ISO/IEC 18004, version 20)


@pytest.mark.parametrize("token", ["", "x", "é", "gAAAAA==", "x" * 9000])
def test_a_token_that_none_has_made_ends_in_a_sentence(runs, token):
    with pytest.raises(ValueError, match="only by the server that made it"):
        exercise_in(token)


@pytest.mark.parametrize("text", ["[]", "{}", "7", "x", '{"query": "", "pages": [], "other": 1}'])
def test_a_sealed_text_that_is_no_exercise_ends_in_the_same_sentence(runs, text):
    with pytest.raises(ValueError, match=FOREIGN):
        exercise_in(sealed("exercise", text))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("query", None), ("pages", "Neuron"), ("pages", [7]), ("locked", ["nothing"]), ("absent", [[]]),
        ("sealed", "yes"), ("word", 7), ("word", "half a \ud83d"), ("names", {}), ("seed", -1), ("seed", 0.5),
        ("seed", True),
    ],
)  # fmt: skip
def test_an_exercise_of_another_version_ends_in_the_same_sentence(runs, name, value):
    with pytest.raises(ValueError, match=FOREIGN):
        exercise_in(sealed("exercise", json.dumps({**asdict(CLASS), name: value})))


def test_another_server_cannot_open_it(runs, tmp_path):
    token = token_of(CLASS)
    (tmp_path / "other").mkdir()
    use_runs(tmp_path / "other")
    with pytest.raises(ValueError, match="only by the server"):
        exercise_in(token)


def test_a_token_of_another_kind_is_no_exercise(runs):
    with pytest.raises(ValueError, match=FOREIGN):
        exercise_in(sealed("truth", '{"query": "", "pages": []}'))


def test_names_that_no_link_can_hold_end_in_a_sentence(runs):
    rng = np.random.default_rng(1)
    names = tuple("".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz"), 40)) for _ in range(200))
    with pytest.raises(ValueError, match="too long for a link"):
        token_of(replace(CLASS, names=names))


def test_the_code_word_is_told_from_others_whatever_its_case_and_guesses_are_slowed_down(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(exercise_token.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(exercise_token, "_wrong", exercise_token.OrderedDict())
    assert is_code_word(CLASS, " tulip ", "Ana")
    assert sum(is_code_word(CLASS, f"guess {i}", "Ana") for i in range(10)) == 0
    with pytest.raises(ValueError, match="wait a minute"):
        is_code_word(CLASS, "tulip", "Ana")
    assert is_code_word(CLASS, "tulip", "the teacher")
    now[0] += 60.5
    assert is_code_word(CLASS, "tulip", "Ana")


def test_many_browsers_together_are_slowed_down_too(monkeypatch):
    monkeypatch.setattr(exercise_token, "_wrong", exercise_token.OrderedDict())
    assert sum(is_code_word(CLASS, "guess", str(i)) for i in range(300)) == 0
    with pytest.raises(ValueError, match="wait a minute"):
        is_code_word(CLASS, "tulip", "another")
