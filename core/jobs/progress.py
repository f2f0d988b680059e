"""The progress of a training, as the files of its folder have it."""

import os
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from core.checks import is_finite, is_whole
from core.files import read_json
from core.jobs.epochs import Epoch, read_epochs
from core.jobs.folder import OUTCOME, PROGRESS, REQUEST, WEIGHTS, has_map, is_at_work, is_pausing
from core.jobs.request import MAX_EPOCHS, read_request
from core.maps.stages import Stage

MAX_MESSAGE = 500  # characters
UNREADABLE = "A file of the training {} is damaged: keep the map in its folder on the server, if any; delete the rest."


class State(StrEnum):
    """The state of a training."""

    WAITING = "waiting"
    STARTING = "starting"
    RUNNING = "running"
    FINISHING = "finishing"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def at_work(self) -> bool:
        """Whether a process is at work."""
        return self in (State.STARTING, State.RUNNING, State.FINISHING)

    @property
    def ended(self) -> bool:
        """Whether nothing more happens unless somebody asks for it to go on."""
        return self in (State.FINISHED, State.STOPPED, State.FAILED)


def duration(seconds: float) -> str:
    """Return a time in seconds, minutes or hours."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.0f} h"


@dataclass(frozen=True)
class Progress:
    """The progress of a training.

    epochs: the number of epochs in all. done: the epochs done.
    message: why the training ended, unless it ended as it was asked to.
    kept_epoch: the epoch whose weights are on disk, or 0.
    begun: how many processes in a row have begun to work on it and have not ended properly.
    stage: that the training is in, share: of all its stages that is done, seconds_left: of all stages. None where it is
    not known.
    Raises ValueError for values that no training writes.
    """

    name: str
    state: State
    epochs: int
    done: tuple[Epoch, ...] = ()
    message: str = ""
    kept_epoch: int = 0
    begun: int = 0
    stage: Stage | None = None
    share: float | None = None
    seconds_left: float | None = None

    def __post_init__(self) -> None:
        if not (
            isinstance(self.name, str)
            and isinstance(self.state, State)
            and is_whole(self.epochs)
            and max(1, len(self.done)) <= self.epochs <= MAX_EPOCHS
            and self.best_epoch <= len(self.done)
            and is_whole(self.begun)
            and self.begun >= 0
            and isinstance(self.message, str)
            and len(self.message) <= MAX_MESSAGE
            and (self.share is None or (is_finite(self.share) and 0 <= self.share <= 1))
            and (self.seconds_left is None or (is_finite(self.seconds_left) and self.seconds_left >= 0))
        ):
            raise ValueError("No training writes such progress.")

    @property
    def training_loss(self) -> tuple[float, ...]:
        """The mean absolute error of scaled parameters on the training set, one for each epoch done."""
        return tuple(epoch.training_loss for epoch in self.done)

    @property
    def validation_loss(self) -> tuple[float, ...]:
        """The mean absolute error of scaled parameters on the validation set, one for each epoch done."""
        return tuple(epoch.validation_loss for epoch in self.done)

    @property
    def best_epoch(self) -> int:
        """The epoch whose weights are the best so far, or 0."""
        return self.done[-1].best_epoch if self.done else 0

    @property
    def seconds(self) -> float:
        """The seconds of learning so far."""
        return self.done[-1].seconds if self.done else 0.0

    @property
    def sentence(self) -> str:
        """The state of the training in a sentence, with the time left while it is at work."""
        counted = f"{len(self.done)} {'epoch' if len(self.done) == 1 else 'epochs'}"
        left = f", {duration(self.seconds_left)} left" if self.state.at_work and self.seconds_left is not None else ""
        at_the_end = {Stage.TEST: "Testing the map", Stage.EXAMINE: "Examining what the map states of its error"}
        finishing = "Finishing and testing the map"
        if self.stage is not None:
            finishing = at_the_end.get(self.stage, "Learning the Gauss–Newton step")
        waiting = "The training waits for its turn"
        if self.begun:
            waiting = "Its process ended before its time; the training waits to go on from its last checkpoint"
        return {
            State.WAITING: f"{waiting}.",
            State.STARTING: f"Simulating the training data{left}.",
            State.RUNNING: f"Learning, {len(self.done)} of {self.epochs} epochs done{left}.",
            State.FINISHING: f"{finishing}{left}.",
            State.PAUSED: f"The training pauses after {counted}.",
            State.FINISHED: f"The training is done after {counted} and {duration(self.seconds)}.",
            State.STOPPED: f"The training was stopped after {counted} and {duration(self.seconds)}.",
            State.FAILED: f"The training failed after {counted}.",
        }[self.state]

    @property
    def share_done(self) -> float:
        """The share of the training that is done."""
        if self.state.ended:
            return 1.0
        return len(self.done) / self.epochs if self.share is None else self.share


def read_progress(folder: Path) -> Progress:
    """Return the progress of the training in folder.

    Raises ValueError with a sentence where the folder holds no training, or where its files cannot be read.
    """
    if not os.path.isfile(folder / REQUEST):
        raise ValueError(f"There is no training in {folder.name}.")
    try:
        try:
            # Looked at before the files: if the process has ended, they hold its last state.
            at_work = is_at_work(folder)
        except OSError:
            return replace(
                _recorded(folder, False),
                state=State.FAILED,
                message=f"The folder {folder.name} cannot be written to.",
            )
        return _recorded(folder, at_work)
    except (ValueError, TypeError, KeyError, OSError):
        raise ValueError(UNREADABLE.format(folder.name)) from None


def _recorded(folder: Path, at_work: bool) -> Progress:
    """Return what the files say; at_work: whether a process works on the training."""
    request, done = read_request(folder), read_epochs(folder)
    recorded = read_json(folder / PROGRESS) if os.path.isfile(folder / PROGRESS) else {}
    state, message = _state(folder, at_work, recorded.get("state"), len(done) == request.epochs)
    stage = recorded.get("stage")
    return Progress(
        request.name,
        state,
        request.epochs,
        done,
        message,
        _kept_epoch(folder, done),
        recorded.get("begun", 0),
        None if stage is None else Stage(stage),
        recorded.get("share"),
        recorded.get("seconds_left"),
    )


def _state(folder: Path, at_work: bool, recorded: Any, has_all_epochs: bool) -> tuple[State, str]:
    if os.path.isfile(folder / OUTCOME):
        outcome = read_json(folder / OUTCOME)
        return State(outcome["state"]), outcome["message"]
    if at_work:
        return State.STARTING if recorded is None else State(recorded), ""
    if has_map(folder):  # the process ended between its last two files
        return State.FINISHED if has_all_epochs else State.STOPPED, ""
    return State.PAUSED if is_pausing(folder) else State.WAITING, ""


def _kept_epoch(folder: Path, done: tuple[Epoch, ...]) -> int:
    """Return the epoch of the weights in the folder, or 0. Their file says so, as it can be newer than the lines."""
    if has_map(folder):
        return done[-1].best_epoch if done else 0
    if not os.path.isfile(folder / WEIGHTS):
        return 0
    try:
        with safe_open(folder / WEIGHTS, "numpy") as file:
            return int(file.metadata()["epoch"])
    except (SafetensorError, OSError, KeyError, TypeError, ValueError):
        return 0
