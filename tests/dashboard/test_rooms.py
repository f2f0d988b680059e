import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest

from dashboard import rooms
from dashboard.rooms import Room, answers, keep, new_room, room_of, token_of
from dashboard.seal import sealed


def test_a_token_leads_into_its_room_to_answer_or_to_watch(runs):
    name = new_room()
    for watches in (False, True):
        token = token_of(Room(name, watches))
        assert name not in token
        assert room_of(token) == Room(name, watches)
    assert new_room() != name


@pytest.mark.parametrize("token", ["", "x", "gAAAAA=="])
def test_a_token_of_another_server_leads_nowhere(runs, token):
    with pytest.raises(ValueError, match="has not made"):
        room_of(token)


def test_what_was_sealed_for_something_else_leads_nowhere(runs):
    with pytest.raises(ValueError, match="no room"):
        room_of(sealed('{"theta0": "0.3"}'))


def test_the_first_answer_of_each_student_is_kept_by_room_and_question(runs):
    assert answers("a", "valleys.4") == ()
    for student, answer in (("Ana", "2"), ("Ben", "1"), ("Ana", "0")):
        keep("a", "valleys.4", student, answer)
    keep("a", "valleys.5", "Ana", "7")
    keep("b", "valleys.4", "Ana", "9")
    assert answers("a", "valleys.4") == ("1", "2")
    assert answers("a", "valleys.5") == ("7",)
    assert answers("b", "valleys.4") == ("9",)


def test_nothing_in_the_file_tells_who_gave_an_answer(runs):
    keep("a", "valleys.4", "visitor-0123456789abcdef", "2")
    assert b"visitor-0123" not in (runs / "answers.sqlite").read_bytes()


def test_answers_are_forgotten_after_a_day_and_their_number_and_length_are_bounded(runs, monkeypatch):
    now = [1e9]
    monkeypatch.setattr(rooms.time, "time", lambda: now[0])
    keep("a", "q", "Ana", "old")
    now[0] += 24 * 3600 + 1
    keep("a", "q", "Ben", "new")
    assert answers("a", "q") == ("new",)
    keep("a", "q", "Chen", "x" * 201)
    assert answers("a", "q") == ("new",)
    monkeypatch.setattr(rooms, "MOST_ANSWERS", 3)
    for i in range(5):
        keep("a", "q", str(i), str(i))
    assert answers("a", "q") == ("0", "1", "new")


def test_a_class_can_answer_at_once(runs):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: keep("a", "q", str(i), str(i % 3)), range(40)))
    assert sorted(answers("a", "q")) == sorted(str(i % 3) for i in range(40))


def test_there_is_no_file_before_a_room_is_used(runs):
    token_of(Room(new_room(), False))
    assert not (runs / "answers.sqlite").exists()
    keep("a", "q", "Ana", "1")
    with sqlite3.connect(runs / "answers.sqlite") as database:
        assert database.execute("SELECT COUNT(*) FROM answers").fetchone() == (1,)
    database.close()
