"""The folder of a training: its files, its name, and the progress that it records.

request.json                   the recipe and the map's name
lock                           locked by the process while it runs; the kernel unlocks it however the process ends
progress.json                  losses so far, written after epochs
weights.safetensors            the best weights so far, with their epoch, until the map is written
predictions.npy                the map's estimates, (n, p), of the noisy traces of the published test set
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
from core.maps.stages import Stage

REQUEST, PROGRESS, STOP = "request.json", "progress.json", "stop"
WEIGHTS, CHECKPOINT, PREDICTIONS = "weights.safetensors", "checkpoint", "predictions.npy"
MAX_EPOCHS = 10_000
MAX_SECONDS = 1e9
MAX_LOSS = 1e6
MAX_MESSAGE = 500  # characters
_NAME = re.compile(r"[\w][\w .-]{0,39}")
NAMING = "Name a map with at most 40 letters, digits, spaces, dots, hyphens or underscores."


class State(StrEnum):
    """The state of a training."""

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


def duration(seconds: float) -> str:
    """Return a time in seconds, minutes or hours."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.0f} h"


@dataclass(frozen=True)
class Progress:
    """The progress of a training.

    epochs: the number of epochs in all.
    training_loss, validation_loss: mean absolute errors of scaled parameters, one for each epoch done.
    seconds: of training so far.
    message: why the training ended early, unless it was asked to.
    kept_epoch: the epoch whose weights are on disk, or 0.
    stage: that the training is in, share: of all its stages that is done, seconds_left: of all stages. None where it is
    not known, as in files of earlier versions.
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
    stage: Stage | None = None
    share: float | None = None
    seconds_left: float | None = None

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
            and (self.share is None or (is_finite(self.share) and 0 <= self.share <= 1))
            and (self.seconds_left is None or (is_finite(self.seconds_left) and self.seconds_left >= 0))
        ):
            raise ValueError("No training writes such progress.")

    @property
    def active(self) -> bool:
        """Whether the process is still at work."""
        return self.state.active

    @property
    def sentence(self) -> str:
        """The state of the training in a sentence, with the time left while it is at work."""
        done = len(self.validation_loss)
        counted = f"{done} {'epoch' if done == 1 else 'epochs'}"
        left = f", {duration(self.seconds_left)} left" if self.active and self.seconds_left is not None else ""
        finishing = "Finishing and testing the map"
        if self.stage is not None:
            finishing = "Testing the map" if self.stage is Stage.TEST else "Learning the Gauss–Newton step"
        return {
            State.STARTING: f"Simulating the training data{left}.",
            State.RUNNING: f"Learning, {done} of {self.epochs} epochs done{left}.",
            State.FINISHING: f"{finishing}{left}.",
            State.FINISHED: f"The training is done after {counted} and {duration(self.seconds)}.",
            State.STOPPED: f"The training was stopped after {counted} and {duration(self.seconds)}.",
            State.FAILED: f"The training failed after {counted}.",
        }[self.state]

    @property
    def share_done(self) -> float:
        """The share of the training that is done; of a file that does not know it, that of its epochs."""
        if not self.active:
            return 1.0
        return len(self.validation_loss) / self.epochs if self.share is None else self.share


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
    content["stage"] = Stage(content["stage"]) if content.get("stage") is not None else None
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
