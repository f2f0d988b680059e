"""The folder of a training: its files, its name, and the list of all trainings.

request.json                   the recipe, the map's name, and who asked for it
lock                           locked by the process at work; the kernel unlocks it however the process ends
progress.json                  the stage, and how many processes in a row have begun and not ended properly
epochs.jsonl                   the losses, a line of JSON for each epoch
weights.safetensors            the best weights so far, with their epoch, until the map is written
checkpoint, checkpoint-…       the state from which the training goes on, what each learned step learns from and how far
                               it is, the complete network, and its estimates of test samples (`core.maps.kept`)
predictions.npy                the map's estimates, (n, p), of the noisy traces of the published test set
stop, pause                    empty files that ask the process to end: stop makes a map of the best weights, pause not
spare                          bytes that make room for the outcome on a full disk
examination.json               the examination of the map on traces of its own task, so far
outcome.json                   how the training has ended
log.txt                        what its processes have printed
NAME.safetensors, NAME.json    the map, once the training has ended
"""

import os
import re
import stat
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

REQUEST, PROGRESS, EPOCHS, OUTCOME = "request.json", "progress.json", "epochs.jsonl", "outcome.json"
WEIGHTS, CHECKPOINT, PREDICTIONS = "weights.safetensors", "checkpoint", "predictions.npy"
EXAMINATION = "examination.json"
STOP, PAUSE, LOCK, SPARE, LOG = "stop", "pause", "lock", "spare", "log.txt"
OWN_FILES = frozenset(
    Path(name).stem
    for name in (REQUEST, PROGRESS, EPOCHS, OUTCOME, WEIGHTS, PREDICTIONS, EXAMINATION, STOP, PAUSE, LOCK, SPARE, LOG)
)
SPARE_BYTES = 8192
# Whoever looks whether a lock is held takes it for about 0.1 ms. Another one who finds it taken tries again for 10 ms,
# longer than a look lasts on a busy machine: if it is taken still, a process is at work.
LOOK_SECONDS = 0.01
_NAME = re.compile(r"[\w][\w .-]{0,39}")
NAMING = "Name a map with at most 40 letters, digits, spaces, dots, hyphens or underscores."


def is_name(text: str) -> bool:
    """Return whether a map can have this name: at most 40 letters, digits, spaces, dots, hyphens or underscores."""
    return _NAME.fullmatch(text) is not None


def is_own_file(name: str) -> bool:
    """Return whether a training has files of this name beside its map."""
    folded = name.casefold()
    return folded in OWN_FILES or folded.startswith(CHECKPOINT)


def runs_in(folder: Path) -> tuple[Path, ...]:
    """Return the trainings in a folder of runs, the newest first.

    Folders whose names are not valid for maps, that disappear or cannot be read are left out.
    """
    found = []
    try:
        names = [name for name in os.listdir(folder) if is_name(name)]
    except OSError:
        return ()
    for name in names:
        with suppress(OSError):
            request = (folder / name / REQUEST).stat()
            if stat.S_ISREG(request.st_mode):
                found.append((request.st_mtime_ns, name))
    return tuple(folder / name for _, name in sorted(found, reverse=True))


def unfinished_in(folder: Path) -> tuple[Path, ...]:
    """Return the trainings in a folder of runs that have not ended, in the order in which they are asked for."""
    return tuple(path for path in reversed(runs_in(folder)) if not has_ended(path))


def time_of(folder: Path) -> int:
    """Return when the training in folder was asked for, in ns; a later one has a greater time, whatever the clock."""
    return (folder / REQUEST).stat().st_mtime_ns


def has_map(folder: Path) -> bool:
    """Return whether the training in folder has written its map."""
    return os.path.isfile(folder / f"{folder.name}.safetensors")


def has_ended(folder: Path) -> bool:
    """Return whether the training in folder has ended, with or without a map."""
    return os.path.isfile(folder / OUTCOME) or has_map(folder)


def is_stopping(folder: Path) -> bool:
    """Return whether the training in folder was asked to end."""
    return (folder / STOP).exists()


def is_pausing(folder: Path) -> bool:
    """Return whether the training in folder was asked to pause, and not to end."""
    return (folder / PAUSE).exists() and not is_stopping(folder)


def is_at_work(folder: Path) -> bool:
    """Return whether a process works on the training in folder. Raises OSError where its lock cannot be opened."""
    return os.path.isfile(folder / LOCK) and is_held(folder / LOCK)


def is_held(lock: Path) -> bool:
    """Return whether a process holds a lock. Raises OSError where it cannot be opened."""
    try:
        with FileLock(lock, timeout=LOOK_SECONDS, poll_interval=LOOK_SECONDS / 5):
            return False
    except Timeout:
        return True
