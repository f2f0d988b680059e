"""Addresses that hold a hidden truth encrypted, with a key in the folder of runs that the server's processes share."""

import json
import os
import tempfile
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from cryptography.fernet import Fernet, InvalidToken

from core.models.fitzhugh_nagumo.equations import PARAMETER_NAMES
from dashboard.maps import runs
from dashboard.scene.address import LONGEST_ADDRESS, from_address, to_address
from dashboard.scene.experiment import Experiment

TRUTH = "truth"  # the part of an address that holds the encrypted truth
KEY_FILE = ".truth-key"
LONGEST_TOKEN = 2000  # characters
FOREIGN = (
    "The hidden truth in this link can be opened only by the server that made it: the default stands in its place. "
    "Open the link on that server."
)


def to_sealed_address(experiment: Experiment) -> str:
    """Return the query string that holds an experiment; a hidden neuron's parameters encrypted."""
    query = to_address(experiment)
    if not experiment.hidden:
        return query
    parts = dict(parse_qsl(query))
    truth = json.dumps({name: parts.pop(name) for name in PARAMETER_NAMES})
    return urlencode({**parts, TRUTH: _encrypted(_key(runs()), truth)})


def from_sealed_address(query: str) -> tuple[Experiment, tuple[str, ...]]:
    """Return the experiment of a query string, and a sentence for each part that is not valid or did not travel."""
    parts = dict(parse_qsl(query[:LONGEST_ADDRESS], keep_blank_values=True))
    token = parts.pop(TRUTH, "")
    if not token:
        return from_address(query)
    try:
        opened = json.loads(Fernet(_key(runs())).decrypt(token[:LONGEST_TOKEN].encode()))
    except InvalidToken:
        experiment, sentences = from_address(urlencode(parts))
        return experiment, (FOREIGN, *sentences)
    return from_address(urlencode({**parts, **opened, "hidden": "1"}))  # which an address alone cannot undo


@lru_cache(maxsize=500)
def _encrypted(key: bytes, text: str) -> str:
    """Return the text encrypted; the same each time, so that an address changes with its experiment alone."""
    return Fernet(key).encrypt(text.encode()).decode()


@lru_cache(maxsize=8)
def _key(folder: Path) -> bytes:
    """Return the key in a folder, made by the process that asks first; where none can be kept, one of this process."""
    path, made = folder / KEY_FILE, Fernet.generate_key()
    with suppress(OSError):
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=KEY_FILE)
        with os.fdopen(handle, "wb") as file:
            file.write(made)
        try:
            with suppress(FileExistsError):
                os.link(temporary, path)  # unlike a write, it leaves the key of another process
        finally:
            os.unlink(temporary)
    with suppress(OSError, ValueError):
        kept = path.read_bytes()
        Fernet(kept)
        return kept
    return made
