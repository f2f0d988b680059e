"""Texts encrypted with a key in the folder of runs, which the server's processes share."""

import os
import tempfile
import zlib
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from core.files import write_through
from dashboard.maps import runs
from dashboard.wording.numbers import count

KEY_FILE = ".truth-key"
LONGEST_TOKEN = 6000  # characters
LONGEST_TEXT = 100_000  # bytes, with the kind
NOT_OURS = "This server has not made the token."


def sealed(kind: str, text: str) -> str:
    """Return a text as a token that only the server's processes can open, as one of its kind; the same each time.

    Raises ValueError where text or token would be too long, or the text has half a character in it.
    """
    if len(f"{kind} {text}".encode()) > LONGEST_TEXT:
        raise ValueError(f"The text is longer than the {count(LONGEST_TEXT)} bytes that can be read again.")
    token = _encrypted(_key(runs()), f"{kind} {text}")
    if len(token) > LONGEST_TOKEN:
        raise ValueError(f"The token has {len(token)} characters; {LONGEST_TOKEN} fit into a link.")
    return token


def opened(kind: str, token: str) -> str:
    """Return the text in a token of a kind; raises ValueError where this server has not made it."""
    try:
        if len(token) > LONGEST_TOKEN:
            raise InvalidToken
        packed = Fernet(_key(runs())).decrypt(token.encode())
    except (InvalidToken, UnicodeEncodeError):
        raise ValueError(NOT_OURS) from None
    found, _, text = zlib.decompressobj().decompress(packed, LONGEST_TEXT).decode().partition(" ")
    if found != kind:
        raise ValueError(f"The token is not one of the kind {kind}.")
    return text


def check_key(folder: Path) -> None:
    """Raise ValueError with a sentence where the key in a folder is damaged; there may be none yet."""
    path = folder / KEY_FILE
    with suppress(OSError):
        try:
            _kept(path)
        except ValueError:
            raise ValueError(
                f"the key in {path} is damaged: put a copy of it back, or delete the file. Without the key no link to "
                "a hidden truth, to an exercise or to a collection of answers opens that was made here before."
            ) from None


@lru_cache(maxsize=500)
def _encrypted(key: bytes, text: str) -> str:
    # An address then changes with its experiment alone, though a token holds the time at which it was made.
    return Fernet(key).encrypt(zlib.compress(text.encode(), 9)).decode()


@lru_cache(maxsize=8)
def _key(folder: Path) -> bytes:
    """Return the key in a folder, made by the process that asks first; where none can be kept, one of this process."""
    path = folder / KEY_FILE
    with suppress(OSError, ValueError):
        return _kept(path)
    made = Fernet.generate_key()
    with suppress(OSError):
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=KEY_FILE)
        with os.fdopen(handle, "wb") as file:
            file.write(made)
            file.flush()
            os.fsync(file.fileno())  # a key that a power cut emptied would open no token again
        try:
            with suppress(FileExistsError):
                os.link(temporary, path)  # unlike a write, it leaves the key of another process
        finally:
            os.unlink(temporary)
        write_through(folder)
    with suppress(OSError, ValueError):
        return _kept(path)
    return made


def _kept(path: Path) -> bytes:
    key = path.read_bytes()
    Fernet(key)
    return key
