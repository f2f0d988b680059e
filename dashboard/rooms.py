"""Rooms: where the answers of a class to the questions of a lesson are collected, in a SQLite file.

It is made in the folder of runs when it is first used. The link for the class holds a token with which answers are
given, that of the teacher one with which they are seen.
"""

import hashlib
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from dashboard.maps import runs
from dashboard.seal import opened, sealed

FILE = "answers.sqlite"
KEPT_HOURS = 24.0
MOST_ANSWERS = 500  # to one question in a room
LONGEST_ANSWER = 200  # characters
_TABLE = """CREATE TABLE IF NOT EXISTS answers
    (room TEXT, question TEXT, student TEXT, answer TEXT, at REAL, PRIMARY KEY (room, question, student))"""


@dataclass(frozen=True)
class Room:
    """A room as one browser has it: name, and whether it sees the answers in place of giving one."""

    name: str
    watches: bool


def new_room() -> str:
    """Return the name of a room that nobody else has."""
    return secrets.token_hex(8)


def token_of(room: Room) -> str:
    """Return the token that leads into a room."""
    return sealed(f"{'watch' if room.watches else 'answer'} {room.name}")


def room_of(token: str) -> Room:
    """Return the room that a token leads into; raises ValueError where this server has not made it."""
    way, _, name = opened(token).partition(" ")
    if way not in ("watch", "answer") or not name:
        raise ValueError("The token leads into no room.")
    return Room(name, way == "watch")


@contextmanager
def _database() -> Iterator[sqlite3.Connection]:
    """Open the file, which several processes can write to, and commit at the end."""
    with closing(sqlite3.connect(runs() / FILE, timeout=10)) as database, database:
        database.execute(_TABLE)
        yield database


def keep(room: str, question: str, student: str, answer: str) -> None:
    """Keep the first answer of a student to a question; no name stands there, and after a day none of it.

    student: any text that tells students apart, of which a digest alone is kept.
    """
    digest = hashlib.sha256(f"{room} {student}".encode()).hexdigest()[:16]
    with _database() as database:
        database.execute("DELETE FROM answers WHERE at < ?", (time.time() - 3600 * KEPT_HOURS,))
        place = (room, question)
        (n,) = database.execute("SELECT COUNT(*) FROM answers WHERE room = ? AND question = ?", place).fetchone()
        if n < MOST_ANSWERS and len(answer) <= LONGEST_ANSWER:
            row = (*place, digest, answer, time.time())
            database.execute("INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?, ?)", row)


def answers(room: str, question: str) -> tuple[str, ...]:
    """Return the answers to a question that were given in a room, in no order that tells who gave them."""
    with _database() as database:
        found = database.execute("SELECT answer FROM answers WHERE room = ? AND question = ?", (room, question))
        return tuple(sorted(answer for (answer,) in found))
