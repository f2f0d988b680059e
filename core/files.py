"""Atomic writes: a reader sees the old file or the new one, never half of one, after a loss of power too."""

import errno
import json
import math
import os
import tempfile
from pathlib import Path
from typing import Any


def write_bytes(path: Path, content: bytes) -> None:
    """Write content to the file at path in one step."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    write_through(path.parent)


def write_through(folder: Path) -> None:
    """Let the disk keep which files a folder has, after one was added, renamed or removed."""
    if os.name != "posix":  # elsewhere a folder cannot be opened
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_json(path: Path, content: Any) -> None:
    """Write content to the file at path as indented JSON, in one step."""
    write_bytes(path, (json.dumps(content, indent=2, allow_nan=False) + "\n").encode())


def write_weights(folder: Path, name: str, card: Any, weights: bytes) -> None:
    """Write NAME.json and NAME.safetensors to folder, each in one step; the weights last, as they need a card."""
    write_json(folder / f"{name}.json", card)
    write_bytes(folder / f"{name}.safetensors", weights)


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in the file at path.

    Raises ValueError where the file holds no JSON object, a number that is NaN, infinite or too large for double
    precision, or a text with half a character in it.
    """
    return json_object(path.name, path.read_bytes())


def json_object(name: str, content: bytes) -> dict[str, Any]:
    """Return the JSON object in a file; raises ValueError as `read_json` does, in a sentence that begins with name."""
    try:
        found = json.loads(content, parse_constant=_finite, parse_float=_finite)
        if b"\\ud" in content.lower():  # half a character, which can be shown nowhere, raises
            json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise ValueError(f"{name} is not valid JSON.") from None
    if not isinstance(found, dict):
        raise ValueError(f"{name} does not hold a JSON object.")
    return found


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not finite.")
    return number


Stamp = tuple[tuple[int, ...], ...]


def stamp_of(*paths: Path) -> Stamp:
    """Return what changes when one of the files at paths does; a file that is not there does not count."""
    files = [path.stat() for path in paths if path.exists()]
    return tuple((each.st_ino, each.st_mtime_ns, each.st_ctime_ns, each.st_size) for each in files)


def refusal(error: OSError, folder: str) -> str:
    """Return a sentence that says why nothing could be written to a folder of this name."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"The disk that holds the folder {folder} is full: free some space."
    if error.errno == errno.EIO:
        return f"The disk that holds the folder {folder} cannot be read or written: look for its fault."
    return f"The folder {folder} cannot be written to."
