"""A training as a folder on disk: what lies in it, what it is called, and how it stands.

request.json                   the recipe and the map's name
lock                           held by the process from its start to its end; the kernel frees it however that ends
progress.json                  losses so far, replaced after each epoch
weights.safetensors            the best weights so far, with their epoch, until the map is there
checkpoint                     the state from which the training goes on if it is started again
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
    """How a training stands, with the sentence that tells a reader."""

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
        """Say what happens or happened, in a training that has done so many of its epochs, in so many seconds."""
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
    """How a training stands.

    losses: one an epoch, mean absolute errors of scaled parameters. kept_epoch: the one whose weights are on disk, or
    0. seconds: so far. message: why it ended, unless it was done or asked to. Raises ValueError for what no training
    writes.
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
        """Say how the training stands."""
        return self.state.sentence(len(self.validation_loss), self.epochs, self.seconds)


def is_name(text: str) -> bool:
    """Say whether a map can have this name: at most 40 letters, digits, blanks, dots, hyphens or underscores."""
    return _NAME.fullmatch(text) is not None


def recorded(folder: Path) -> Progress:
    """Return what the files in folder say; raises one of many errors where they hold what no training writes."""
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
    """Return the epoch whose weights lie in the folder, or 0: the file says so itself, since it can be newer."""
    if not os.path.isfile(folder / WEIGHTS):
        return 0
    try:
        with safe_open(folder / WEIGHTS, "numpy") as file:
            return int(file.metadata()["epoch"])
    except (SafetensorError, OSError, KeyError, TypeError, ValueError):
        return 0


def runs_in(folder: Path) -> tuple[Path, ...]:
    """Return the trainings in a folder of runs, the newest first, without those whose names no map can have."""
    return tuple(path for path in _all_runs_in(folder) if is_name(path.name))


def misnamed_in(folder: Path) -> tuple[Path, ...]:
    """Return the trainings in a folder of runs whose names no map can have; they may not even be text."""
    return tuple(path for path in _all_runs_in(folder) if not is_name(path.name))


def _all_runs_in(folder: Path) -> list[Path]:
    """Return all trainings, the newest first; a folder that vanishes or cannot be read meanwhile is none."""
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
    """Say whether the training in folder has left its map."""
    return os.path.isfile(folder / f"{folder.name}.safetensors")


def is_stopping(folder: Path) -> bool:
    """Say whether the training in folder was asked to end."""
    return (folder / STOP).exists()
