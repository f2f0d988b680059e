"""The process of one training: `python -m core.jobs FOLDER`."""

import math
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from core.files import read_json, refusal, write_bytes, write_json
from core.jobs.folder import (
    CHECKPOINT,
    MAX_MESSAGE,
    PREDICTIONS,
    PROGRESS,
    REQUEST,
    WEIGHTS,
    State,
    has_map,
    is_stopping,
)

if TYPE_CHECKING:
    from core.jobs.clock import Clock
    from core.learning.loop import Report
    from core.maps.inverse_map import InverseMap
    from core.maps.stages import Stage

NICENESS = 19  # lowest priority, so that the pages stay fast
# Shortest time between two writes. Otherwise short epochs would spend most of their time on files.
PROGRESS_SECONDS = 0.2
WEIGHTS_SECONDS = 1.0
LARGE_NETWORK = 200_000  # a second thread makes the training of a network with more weights faster
_ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name)]


class _Record:
    """Writes the progress of the training and the best weights so far to its folder."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.progress: dict[str, Any] = {"training_loss": [], "validation_loss": []}
        self.report: Report | None = None
        self.kept_epoch = 0
        self.clock: Clock | None = None
        self.state = State.STARTING
        self.told = -math.inf  # when the progress of a stage was last written, in seconds of the monotonic clock
        self.is_stopped = False
        self.noted = self.kept = -math.inf  # at which progress and weights were last written, in seconds of training

    def note(self, state: State, **more: Any) -> None:
        """Write the progress with this state."""
        self.state = state
        # Replaced as a whole, because a signal can come between any two lines.
        self.progress = {**self.progress, "state": state, **more}
        write_json(self.folder / PROGRESS, self.progress)

    def tell(self, stage: "Stage", share: float) -> None:
        """Write how far the training is; raises StoppedError where it was asked to end.

        After it has been stopped, the test of its map is not stopped again.
        """
        from core.maps.stages import Stage, StoppedError

        assert self.clock is not None
        self.clock.tell(stage, share)
        left = self.clock.seconds_left
        self.progress = {**self.progress, "stage": stage, "share": self.clock.share, "seconds_left": left}
        if (now := time.monotonic()) - self.told > PROGRESS_SECONDS:
            self.told = now
            self.note(self.state)
        if is_stopping(self.folder) and not (stage is Stage.TEST and self.is_stopped):
            self.is_stopped = True
            raise StoppedError

    def keep(self) -> None:
        """Write the best weights so far, unless they are on disk already."""
        report = self.report
        if report is not None and report.best_epoch > self.kept_epoch:
            from safetensors.torch import save

            write_bytes(self.folder / WEIGHTS, save(report.best_weights, {"epoch": str(report.best_epoch)}))
            self.kept_epoch = report.best_epoch

    def take(self, report: "Report") -> None:
        """Take the report of an epoch; write progress and weights if their last write is long enough ago."""
        self.report = report
        self.state = State.RUNNING
        self.progress = {
            **self.progress,
            "training_loss": report.training_losses,
            "validation_loss": report.validation_losses,
            "best_epoch": report.best_epoch,
            "seconds": report.seconds,
        }
        if keeps := report.seconds - self.kept > WEIGHTS_SECONDS:
            self.kept = report.seconds
            self.keep()
        if keeps or report.seconds - self.noted > PROGRESS_SECONDS:
            self.noted = report.seconds
            self.note(State.RUNNING)

    def fail(self, message: str) -> None:
        """Write that the training has failed, and the best weights, as far as the disk allows."""
        name = self.folder.name
        if has_map(self.folder):
            return  # the map is complete
        with suppress(OSError):
            (self.folder / f"{name}.json").unlink(missing_ok=True)
        with suppress(OSError):
            self.keep()
        with suppress(OSError):
            self.note(State.FAILED, message=message[:MAX_MESSAGE])

    def end(self, number: int, _frame: FrameType | None) -> None:
        """Write progress and best weights, and end the process, on a signal.

        It raises no exception, which could crash the process in the middle of an import or of compiled code.
        """
        for each in _ENDING:  # a second signal must not interrupt the writing of the best weights
            signal.signal(each, signal.SIG_IGN)
        self.fail(f"It was ended by the signal {signal.Signals(number).name}, as happens when the server ends.")
        os._exit(0)


def work(folder: Path) -> None:
    """Run the training that request.json asks for; this is the whole work of the process."""
    record = _Record(folder)
    for number in _ENDING:
        signal.signal(number, record.end)
    if hasattr(os, "nice"):  # not on Windows
        os.nice(NICENESS)
    with FileLock(folder / "lock"):
        try:
            _train(record)
        except ValueError as error:
            record.fail(str(error))
        except OSError as error:
            record.fail(refusal(error, folder.name))
        except Exception as error:
            record.fail(f"The program ended with an error: {type(error).__name__}: {error}")
            raise


def _train(record: _Record) -> None:
    """Train, finish and save the map."""
    import torch

    from core.jobs.clock import Clock
    from core.maps.evaluation import describe
    from core.maps.gauss_newton_step import learned_steps_of
    from core.maps.inverse_map import inverse_map
    from core.maps.recipe_file import recipe_from_json
    from core.maps.stages import Stage, StoppedError
    from core.maps.test_sets import can_read_published
    from core.maps.train import NOT_FINITE, finished, train
    from core.maps.untrained_network import untrained_network

    folder = record.folder
    recipe = recipe_from_json(read_json(folder / REQUEST)["recipe"])
    n_weights = sum(weights.numel() for weights in untrained_network(recipe).parameters())
    torch.set_num_threads(threads := 2 if n_weights > LARGE_NETWORK else 1)
    is_published = can_read_published(recipe.task)
    record.clock = Clock(recipe, 1 + is_published)
    record.note(State.STARTING)
    message = ""
    with suppress(StoppedError):
        for report in train(recipe, folder / CHECKPOINT, tell=record.tell):
            if not report.finite:
                message = f"In epoch {report.epoch} the error was not finite."
                if report.best_weights:  # those of a checkpoint where this is the first epoch since
                    record.take(report.without_last_epoch())
                break
            record.take(report)
    last = record.report
    if last is None and record.is_stopped:
        record.note(State.STOPPED, message="It had not ended its first epoch, so that there is no map.")
        return
    if last is None:
        raise ValueError(NOT_FINITE)
    record.keep()
    if record.is_stopped:
        record.clock.leave_out_step()
    record.note(State.FINISHING, stage=Stage.STEP)
    began = time.monotonic()
    network = finished(recipe, last.best_weights, record.tell)
    if recipe.learned_steps and record.is_stopped:
        record.clock.leave_out_step()
        message = message or "Its Gauss–Newton step was left out."
    seconds = last.seconds + time.monotonic() - began
    training = {
        "epochs_done": last.epoch,
        "best_epoch": last.best_epoch,
        "seconds": round(seconds, 1),
        "validation_loss": last.best_validation_loss,
        "threads": threads,
        "device": "cpu",
        "learned_steps": learned_steps_of(network),
        "ended": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    trained = inverse_map(folder.name, recipe, network.state_dict(), {"training": training})
    metrics: dict[str, Any] = {}
    try:
        _test(record, trained, is_published, metrics)
    except StoppedError:
        message = message or "Its test was left out."
    about = "Trained by `python -m core.jobs FOLDER` on the recipe below."
    describe(trained, about, "python -m core.jobs FOLDER", training, metrics).save(folder)
    done = last.epoch == recipe.optimiser.epochs and not record.is_stopped
    record.note(State.FINISHED if done else State.STOPPED, seconds=seconds, message=message)
    for left in (WEIGHTS, CHECKPOINT):
        (folder / left).unlink(missing_ok=True)


def _test(record: _Record, trained: "InverseMap", is_published: bool, metrics: dict[str, Any]) -> None:
    """Add the metrics of a map on test samples of its own prior and of the published one; keep estimates of these."""
    import numpy as np

    from core.maps.evaluation import evaluate, predictions
    from core.maps.stages import Stage
    from core.maps.test_sets import own_test_set, published_test_set

    record.tell(Stage.TEST, 0.0)
    metrics["own"] = evaluate(trained, own_test_set(trained.recipe.task))
    if is_published:
        record.tell(Stage.TEST, 0.5)
        estimates = predictions(trained, published_test_set())
        metrics["published"] = evaluate(trained, published_test_set(), estimates)
        np.save(record.folder / PREDICTIONS, estimates["noisy"])


if __name__ == "__main__":
    work(Path(sys.argv[1]))
