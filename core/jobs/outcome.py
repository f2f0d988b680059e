"""How a training ends, and how often it has begun. This file does not import torch."""

import signal
from contextlib import suppress
from pathlib import Path

from core.files import read_json, write_bytes, write_json
from core.jobs.folder import OUTCOME, PROGRESS, SPARE, SPARE_BYTES, has_ended, is_own_file
from core.jobs.progress import MAX_MESSAGE, State

ENDING_SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name))
# Of a process that such a signal has ended: after it kept its weights, and before it was ready to.
ENDED_BY_SIGNAL = frozenset(code for number in ENDING_SIGNALS for code in (128 + number, -number))
GOES_ON = "Started again, the training goes on from its last checkpoint."
NO_MAP = "It had not ended its first epoch, so that there is no map."


def begun(folder: Path) -> int:
    """Return how many processes in a row have begun on the training in folder and have not ended properly."""
    try:
        found = read_json(folder / PROGRESS).get("begun", 0)
    except (OSError, ValueError):
        return 0
    return found if isinstance(found, int) else 0


def begin(folder: Path) -> None:
    """Write that a process begins, and spare some bytes for the outcome."""
    if not (folder / SPARE).exists():
        write_bytes(folder / SPARE, bytes(SPARE_BYTES))
    write_json(folder / PROGRESS, {"state": State.STARTING, "begun": begun(folder) + 1})


def end(folder: Path, state: State, message: str = "") -> None:
    """Write how a training has ended; on a full disk, in the place of what was spared for that."""
    outcome = {"state": state, "message": message[:MAX_MESSAGE]}
    try:
        write_json(folder / OUTCOME, outcome)
    except OSError:
        (folder / SPARE).unlink(missing_ok=True)
        write_json(folder / OUTCOME, outcome)


def fail(folder: Path, message: str) -> None:
    """Write that a training has failed, as far as the disk allows, unless its map is complete."""
    if not has_ended(folder):
        if not is_own_file(folder.name):
            with suppress(OSError):
                (folder / f"{folder.name}.json").unlink(missing_ok=True)
        with suppress(OSError):
            end(folder, State.FAILED, message)
