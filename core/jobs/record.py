"""What the process of a training writes to its folder while it works."""

import math
import time
from dataclasses import replace
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from core.checks import is_finite
from core.files import write_bytes, write_json
from core.jobs.clock import Clock
from core.jobs.epochs import MAX_LOSS, Epoch, append_epoch, read_epochs, write_epochs
from core.jobs.folder import PROGRESS, WEIGHTS, is_pausing, is_stopping
from core.jobs.outcome import begun
from core.jobs.progress import State
from core.learning.loop import Report
from core.maps.stages import Stage, StoppedError

# Shortest time between two writes. Otherwise short epochs would spend most of their time on files.
PROGRESS_SECONDS = 0.5
WEIGHTS_SECONDS = 1.0


class Record:
    """Writes the progress of a training and the best weights so far to its folder.

    clock: says how far the training is. samples: of an epoch.
    """

    def __init__(self, folder: Path, clock: Clock, samples: int):
        self.folder, self.clock, self.samples = folder, clock, samples
        self.begun = begun(folder)
        self.state = State.STARTING
        self.report: Report | None = None
        self.kept_epoch = 0
        self.told = -math.inf  # when the progress was last written, in seconds of the monotonic clock
        self.kept = -math.inf  # when the weights were last written, in seconds of training
        self.is_stopped = False

    def note(self, state: State) -> None:
        """Write the progress with this state."""
        self.state, self.told = state, time.monotonic()
        known = {"stage": self.clock.stage, "share": self.clock.share, "seconds_left": self.clock.seconds_left}
        told = {} if self.clock.stage is None else known
        write_json(self.folder / PROGRESS, {"state": state, "begun": self.begun, **told})

    def leave(self) -> None:
        """Write that the process ends properly, so that it does not count where another one goes on."""
        self.begun = 0
        self.note(self.state)

    def tell(self, stage: Stage, share: float) -> None:
        """Write how far the training is; raises StoppedError where it was asked to end.

        A pause waits for the end of an epoch. After the training was stopped, the test of its map is not stopped again.
        """
        self.clock.tell(stage, share)
        if time.monotonic() - self.told > PROGRESS_SECONDS:
            self.note(self.state)
        if is_stopping(self.folder) and not (stage is Stage.TEST and self.is_stopped):
            self.is_stopped = True
            raise StoppedError
        if stage is not Stage.LEARN and is_pausing(self.folder):
            raise StoppedError

    def take(self, report: Report) -> None:
        """Take the report of an epoch: write its line, and the weights if their last write is long enough ago."""
        before = _align(self.folder, report) if self.report is None else self.report.seconds
        self.report, self.state = report, State.RUNNING
        append_epoch(
            self.folder,
            Epoch(
                min(report.training_loss, MAX_LOSS),
                min(report.validation_loss, MAX_LOSS),
                report.best_epoch,
                report.seconds,
                report.learning_rate,
                report.gradient_norm if is_finite(report.gradient_norm) else MAX_LOSS,
                self.samples / max(report.seconds - before, 1e-9),
            ),
        )
        if report.seconds - self.kept > WEIGHTS_SECONDS:
            self.kept = report.seconds
            self.keep()

    def keep(self) -> None:
        """Write the best weights so far, unless they are on disk already."""
        report = self.report
        if report is not None and report.best_epoch > self.kept_epoch:
            about = {"epoch": str(report.best_epoch), "validation_loss": repr(report.best_validation_loss)}
            write_bytes(self.folder / WEIGHTS, save(report.best_weights, about))
            self.kept_epoch = report.best_epoch


def _align(folder: Path, report: Report) -> float:
    """Make the lines on disk those of the epochs before a report, the first after a checkpoint; return their seconds.

    A process that was killed may have written lines of epochs that are done again, or have lacked time for the last.
    """
    done = list(read_epochs(folder)[: report.epoch - 1])
    for i in range(len(done), report.epoch - 1):
        losses = min(report.training_losses[i], MAX_LOSS), min(report.validation_losses[i], MAX_LOSS)
        last = done[-1] if done else Epoch(*losses, 0, 0.0, 0.0, 0.0, 0.0)
        done.append(replace(last, training_loss=losses[0], validation_loss=losses[1]))
    write_epochs(folder, tuple(done))
    return done[-1].seconds if done else 0.0


def kept_report(folder: Path, epochs: int) -> Report | None:
    """Return the report of the last epoch on disk, with the best weights that are there, or None without weights."""
    done = read_epochs(folder)
    try:
        with safe_open(folder / WEIGHTS, "pt") as file:
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 – the file is no mapping
            about = file.metadata()
        best_epoch, best_loss = int(about["epoch"]), float(about["validation_loss"])
    except (SafetensorError, OSError, KeyError, TypeError, ValueError):
        return None
    if not done:
        return None
    losses = tuple(each.training_loss for each in done), tuple(each.validation_loss for each in done)
    last = done[-1]
    return Report(epochs, *losses, best_epoch, best_loss, last.seconds, weights, last.learning_rate, last.gradient_norm)
