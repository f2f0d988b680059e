import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from dashboard import rooms
from dashboard.rooms import Room, answers, keep, new_room, room_of, token_of
from dashboard.seal import sealed

HERE = Room("a", "valleys.4", False)


def test_a_token_leads_into_its_room_to_answer_or_to_watch(runs):
    name = new_room()
    for watches in (False, True):
        token = token_of(Room(name, "valleys.4", watches))
        assert name not in token
        assert room_of(token) == Room(name, "valleys.4", watches)
    assert new_room() != name


@pytest.mark.parametrize("token", ["", "x", "gAAAAA==", "half a \ud83d"])
def test_a_token_of_another_server_leads_nowhere(runs, token):
    with pytest.raises(ValueError, match="has not made"):
        room_of(token)


def test_what_was_sealed_for_something_else_leads_nowhere(runs):
    with pytest.raises(ValueError, match="not one of the kind room"):
        room_of(sealed("truth", "watch a valleys.4"))


@pytest.mark.parametrize("text", ["", "watch a", "watch a valleys.4 more", "look a valleys.4"])
def test_what_another_version_sealed_for_a_room_leads_nowhere(runs, text):
    with pytest.raises(ValueError, match=r"^This server has not made the token\.$"):
        room_of(sealed("room", text))


def test_the_first_answer_of_each_student_is_kept_by_room(runs):
    assert answers(HERE) == ()
    for student, answer in (("Ana", "2"), ("Ben", "1"), ("Ana", "0")):
        assert keep(HERE, student, answer)
    assert keep(Room("b", "valleys.4", False), "Ana", "9")
    assert keep(Room("a", "valleys.5", False), "Ana", "7")
    assert answers(HERE) == ("1", "2")
    assert answers(Room("b", "valleys.4", True)) == ("9",)


def test_nothing_in_the_file_tells_who_gave_an_answer(runs):
    keep(HERE, "visitor-0123456789abcdef", "2")
    assert b"visitor-0123" not in (runs / "answers.sqlite").read_bytes()


def test_answers_are_forgotten_after_a_day_though_nobody_answers_any_more(runs, monkeypatch):
    now = [1e9]
    monkeypatch.setattr(rooms.time, "time", lambda: now[0])
    keep(HERE, "Ana", "old")
    assert answers(HERE) == ("old",)
    now[0] += 24 * 3600 + 1
    assert answers(HERE) == ()


def test_what_does_not_fit_is_refused(runs, monkeypatch):
    assert not keep(HERE, "Chen", "x" * 201)
    monkeypatch.setattr(rooms, "MOST_ANSWERS", 3)
    assert [keep(HERE, str(i), str(i)) for i in range(5)] == [True] * 3 + [False] * 2
    monkeypatch.setattr(rooms, "MOST_OF_ALL", 4)
    other = Room("b", "valleys.4", False)
    assert [keep(other, str(i), str(i)) for i in range(2)] == [True, False]


def test_a_file_that_cannot_be_used_keeps_nobody_from_the_lesson(runs, monkeypatch):
    (runs / "answers.sqlite").write_bytes(b"no database" * 100)
    assert not keep(HERE, "Ana", "1")
    assert answers(HERE) == ()
    (runs / "answers.sqlite").unlink()
    assert keep(HERE, "Ana", "1")
    monkeypatch.setattr(rooms, "PATIENCE_S", 0.05)
    with closing(sqlite3.connect(runs / "answers.sqlite")) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert not keep(HERE, "Ben", "2")
    assert answers(HERE) == ("1",)


def test_a_class_can_answer_at_once(runs):
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda i: keep(HERE, str(i), str(i % 3)), range(40)))
    assert sorted(answers(HERE)) == sorted(str(i % 3) for i in range(40))


def test_there_is_no_file_before_a_room_is_used(runs):
    token_of(HERE)
    assert not (runs / "answers.sqlite").exists()
