"""Rooms: where the answers of a class to the questions of a lesson are collected, in a SQLite file.

It is made in the folder of runs when it is first used. The link for the class holds a token with which answers are
given, that of the teacher one with which they are seen.
"""

import hashlib
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass

from dashboard.maps import runs
from dashboard.seal import NOT_OURS, opened, sealed

FILE = "answers.sqlite"
KEPT_HOURS = 24.0
MOST_ANSWERS, MOST_OF_ALL = 500, 20_000  # in a room, and in all of them
LONGEST_ANSWER = 200  # characters
PATIENCE_S = 2.0  # with another process that writes
KIND = "room"
_TABLE = """CREATE TABLE IF NOT EXISTS answers
    (room TEXT, student TEXT, answer TEXT, at REAL, PRIMARY KEY (room, student))"""
_INDEX = "CREATE INDEX IF NOT EXISTS of_time ON answers (at)"


@dataclass(frozen=True)
class Room:
    """A room as one browser has it.

    name: that nobody else has. question: whose answers are collected there, by lesson and number of the step.
    watches: whether it sees the answers in place of giving one.
    """

    name: str
    question: str
    watches: bool

    @property
    def place(self) -> str:
        """Under which its answers stand: a name can serve several questions."""
        return f"{self.name} {self.question}"


def new_room() -> str:
    """Return the name of a room that nobody else has."""
    return secrets.token_hex(8)


def token_of(room: Room) -> str:
    """Return the token that leads into a room."""
    return sealed(KIND, f"{'watch' if room.watches else 'answer'} {room.name} {room.question}")


def room_of(token: str) -> Room:
    """Return the room that a token leads into; raises ValueError where this server has not made it."""
    parts = opened(KIND, token).split(" ")
    if len(parts) != 3 or parts[0] not in ("watch", "answer"):
        raise ValueError(NOT_OURS)
    way, name, question = parts
    return Room(name, question, way == "watch")


@contextmanager
def _database() -> Iterator[sqlite3.Connection]:
    """Open the file, which several processes can write to, forget what is too old, and commit at the end."""
    with closing(sqlite3.connect(runs() / FILE, timeout=PATIENCE_S)) as database, database:
        database.execute(_TABLE)
        database.execute(_INDEX)
        database.execute("DELETE FROM answers WHERE at < ?", (time.time() - 3600 * KEPT_HOURS,))
        yield database


def keep(room: Room, student: str, answer: str) -> bool:
    """Keep the first answer of a student, without a name and for a day, and say whether it could be kept.

    student: any text that tells students apart, of which a digest alone is kept.
    """
    digest = hashlib.sha256(f"{room.place} {student}".encode()).hexdigest()[:16]
    if len(answer) > LONGEST_ANSWER:
        return False
    with suppress(sqlite3.Error), _database() as database:
        (here,) = database.execute("SELECT COUNT(*) FROM answers WHERE room = ?", (room.place,)).fetchone()
        (all_of_them,) = database.execute("SELECT COUNT(*) FROM answers").fetchone()
        if here >= MOST_ANSWERS or all_of_them >= MOST_OF_ALL:
            return False
        database.execute("INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?)", (room.place, digest, answer, time.time()))
        return True
    return False


def answers(room: Room) -> tuple[str, ...]:
    """Return the answers given in a room, in no order that tells who gave them; none where none can be read."""
    with suppress(sqlite3.Error), _database() as database:
        found = database.execute("SELECT answer FROM answers WHERE room = ?", (room.place,))
        return tuple(sorted(answer for (answer,) in found))
    return ()
