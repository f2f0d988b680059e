"""The losses of a training on disk: a line of JSON for each epoch, so that an epoch costs one short write."""

import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from core.checks import is_finite, is_whole
from core.files import write_bytes
from core.jobs.folder import EPOCHS

MAX_LOSS = 1e6
MAX_EPOCHS_BYTES = 2**23  # of the file


@dataclass(frozen=True)
class Epoch:
    """What is known of an epoch.

    training_loss, validation_loss: mean absolute errors of scaled parameters.
    best_epoch: the epoch whose weights are the best so far, or 0.
    seconds: of training so far.
    learning_rate: at its end. gradient_norm: mean over its batches. samples_per_second: of training.
    Raises ValueError for values that no training writes.
    """

    training_loss: float
    validation_loss: float
    best_epoch: int
    seconds: float
    learning_rate: float
    gradient_norm: float
    samples_per_second: float

    def __post_init__(self) -> None:
        if not all(is_finite(value) and value >= 0 for value in asdict(self).values()):
            raise ValueError("No training writes such an epoch.")
        if max(self.training_loss, self.validation_loss) > MAX_LOSS or not is_whole(self.best_epoch):
            raise ValueError("No training writes such an epoch.")


_FIELDS = [field.name for field in fields(Epoch)]


def append_epoch(folder: Path, epoch: Epoch) -> None:
    """Add the line of the next epoch."""
    handle = os.open(folder / EPOCHS, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(handle, _line(epoch))
    finally:
        os.close(handle)


def write_epochs(folder: Path, epochs: tuple[Epoch, ...]) -> None:
    """Replace all lines: those after a checkpoint, or a torn one, must go before a training goes on from it."""
    write_bytes(folder / EPOCHS, b"".join(map(_line, epochs)))


def read_epochs(folder: Path) -> tuple[Epoch, ...]:
    """Return the epochs up to the first line that is torn or that no training writes; none without a file."""
    path = folder / EPOCHS
    found: list[Epoch] = []
    try:
        if path.stat().st_size > MAX_EPOCHS_BYTES:
            return ()
        lines = path.read_bytes().split(b"\n")[:-1]  # without what follows the last end of a line
    except OSError:
        return ()
    for line in lines:
        try:
            values = json.loads(line)
            found.append(Epoch(*(values[name] for name in _FIELDS)))
        except (ValueError, TypeError, KeyError, RecursionError):
            break
    return tuple(found)


def _line(epoch: Epoch) -> bytes:
    return json.dumps(asdict(epoch), allow_nan=False).encode() + b"\n"
