"""The folder of a training: its files, its name, and the progress that it records.

request.json                   the recipe and the map's name
lock                           locked by the process while it runs; the kernel unlocks it however the process ends
progress.json                  losses so far, written after epochs
weights.safetensors            the best weights so far, with their epoch, until the map is written
checkpoint                     the state from which an interrupted training resumes
stop                           an empty file that asks the process to end and keep its best weights
NAME.safetensors, NAME.json    the map, once the training has ended
"""

import os
import re
import stat
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from core.checks import is_finite, is_whole
from core.files import read_json

REQUEST, PROGRESS, STOP = "request.json", "progress.json", "stop"
WEIGHTS, CHECKPOINT = "weights.safetensors", "checkpoint"
MAX_EPOCHS = 10_000
MAX_SECONDS = 1e9
MAX_LOSS = 1e6
MAX_MESSAGE = 500  # characters
_NAME = re.compile(r"[\w][\w .-]{0,39}")
NAMING = "Name a map with at most 40 letters, digits, spaces, dots, hyphens or underscores."


class State(StrEnum):
    """The state of a training, with a sentence for the reader."""

    STARTING = "starting"
    RUNNING = "running"
    FINISHING = "finishing"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def active(self) -> bool:
        """Whether the process is still at work."""
        return self in (State.STARTING, State.RUNNING, State.FINISHING)

    def sentence(self, done: int, epochs: int, seconds: float) -> str:
        """Return the sentence for a training that has done this many of its epochs in this many seconds."""
        left = f", about {seconds / done * (epochs - done):.0f} s of them left" if done else ""
        return {
            State.STARTING: "Simulating the training data …",
            State.RUNNING: f"Epoch {done} of {epochs}{left}.",
            State.FINISHING: "Finishing and testing the map …",
            State.FINISHED: f"The training is done after {done} epochs and {seconds:.0f} s.",
            State.STOPPED: f"The training was stopped after {done} epochs and {seconds:.0f} s.",
            State.FAILED: f"The training failed after {done} epochs.",
        }[self]


@dataclass(frozen=True)
class Progress:
    """The progress of a training.

    epochs: the number of epochs in all.
    training_loss, validation_loss: mean absolute errors of scaled parameters, one for each epoch done.
    seconds: of training so far.
    message: why the training ended early, unless it was asked to.
    kept_epoch: the epoch whose weights are on disk, or 0.
    Raises ValueError for values that no training writes.
    """

    name: str
    state: State
    epochs: int
    training_loss: tuple[float, ...] = ()
    validation_loss: tuple[float, ...] = ()
    best_epoch: int = 0
    seconds: float = 0.0
    message: str = ""
    kept_epoch: int = 0

    def __post_init__(self) -> None:
        done, losses = len(self.validation_loss), self.training_loss + self.validation_loss
        if not (
            isinstance(self.name, str)
            and isinstance(self.state, State)
            and is_whole(self.epochs)
            and max(1, done) <= self.epochs <= MAX_EPOCHS
            and len(self.training_loss) == done
            and all(is_finite(loss) and 0 <= loss <= MAX_LOSS for loss in losses)
            and is_whole(self.best_epoch)
            and 0 <= self.best_epoch <= done
            and is_finite(self.seconds)
            and 0 <= self.seconds <= MAX_SECONDS
            and isinstance(self.message, str)
            and len(self.message) <= MAX_MESSAGE
        ):
            raise ValueError("No training writes such progress.")

    @property
    def active(self) -> bool:
        """Whether the process is still at work."""
        return self.state.active

    @property
    def sentence(self) -> str:
        """The state of the training in a sentence."""
        return self.state.sentence(len(self.validation_loss), self.epochs, self.seconds)


def is_name(text: str) -> bool:
    """Return whether a map can have this name: at most 40 letters, digits, spaces, dots, hyphens or underscores."""
    return _NAME.fullmatch(text) is not None


def recorded(folder: Path) -> Progress:
    """Return the progress in a folder's files. Raises ValueError, KeyError, TypeError or OSError for invalid files."""
    request = read_json(folder / REQUEST)
    content: dict[str, Any] = {"state": "starting"}
    if os.path.isfile(folder / PROGRESS):
        content = read_json(folder / PROGRESS)
    for key in ("training_loss", "validation_loss"):
        content[key] = tuple(content.get(key, ()))
    content["state"] = State(content["state"])
    progress = Progress(name=request["name"], epochs=request["epochs"], **content)
    kept = progress.best_epoch if has_map(folder) else _kept_epoch(folder)
    return replace(progress, kept_epoch=kept)


def _kept_epoch(folder: Path) -> int:
    """Return the epoch of the weights in the folder, or 0. Their file says so, as it can be newer than the progress."""
    if not os.path.isfile(folder / WEIGHTS):
        return 0
    try:
        with safe_open(folder / WEIGHTS, "numpy") as file:
            return int(file.metadata()["epoch"])
    except (SafetensorError, OSError, KeyError, TypeError, ValueError):
        return 0


def runs_in(folder: Path) -> tuple[Path, ...]:
    """Return the trainings in a folder of runs whose names are valid for maps, the newest first."""
    return tuple(path for path in _all_runs_in(folder) if is_name(path.name))


def misnamed_in(folder: Path) -> tuple[Path, ...]:
    """Return the trainings in a folder of runs whose names are not valid for maps, or not even text."""
    return tuple(path for path in _all_runs_in(folder) if not is_name(path.name))


def _all_runs_in(folder: Path) -> list[Path]:
    """Return all trainings, the newest first; folders that disappear or cannot be read are left out."""
    found = []
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    for name in names:
        with suppress(OSError):
            request = (folder / name / REQUEST).stat()
            if stat.S_ISREG(request.st_mode):
                found.append((request.st_mtime_ns, name))
    return [folder / name for _, name in sorted(found, reverse=True)]


def has_map(folder: Path) -> bool:
    """Return whether the training in folder has written its map."""
    return os.path.isfile(folder / f"{folder.name}.safetensors")


def is_stopping(folder: Path) -> bool:
    """Return whether the training in folder was asked to end."""
    return (folder / STOP).exists()
