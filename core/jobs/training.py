"""One training in its folder, from its request, or from where it was left, to the map and the outcome."""

import io
import os
import signal
import time
from contextlib import closing, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch

from core.files import refusal, write_bytes
from core.jobs.clock import Clock
from core.jobs.examining import with_examination
from core.jobs.folder import CHECKPOINT, PAUSE, PREDICTIONS, SPARE, STOP, WEIGHTS, has_map, is_pausing, is_stopping
from core.jobs.outcome import ENDING_SIGNALS, GOES_ON, NO_MAP, end, fail
from core.jobs.progress import State
from core.jobs.record import Record, kept_report
from core.jobs.request import COMMAND, read_request
from core.jobs.runs import check_name
from core.learning.loop import Report
from core.maps.evaluation import describe, evaluate, predictions
from core.maps.gauss_newton_step import learned_steps_of
from core.maps.inverse_map import InverseMap, inverse_map
from core.maps.kept import KeptRows, file_beside, origin_of
from core.maps.recipe import Recipe
from core.maps.recipe_file import recipe_as_json, recipe_from_json
from core.maps.stages import Stage, StoppedError, Work
from core.maps.test_sets import can_read_published, own_test_set, published_test_set
from core.maps.train import NOT_FINITE, finished, train
from core.maps.untrained_network import untrained_network

LARGE_NETWORK = 200_000  # a second thread makes the training of a network with more weights faster


def work(folder: Path) -> None:
    """Do the training in folder, whose lock the caller holds, up to its outcome or to a pause."""
    try:
        check_name(folder.name)  # of an old request, it may be that of a file beside the map
        _remove_torn_writes(folder)
        _train(folder)
        _clear(folder)
    except ValueError as error:
        fail(folder, str(error))
    except OSError as error:
        fail(folder, refusal(error, folder.name))
    except Exception as error:
        if _is_full_memory(error):
            fail(folder, "The memory was full: choose a smaller network or fewer samples.")
            return
        fail(folder, f"The program ended with an error: {type(error).__name__}: {error}")
        raise


def _remove_torn_writes(folder: Path) -> None:
    """Remove what killed processes have left of their writes: whoever holds the lock is the only one that writes."""
    for path in folder.glob(".*"):
        path.unlink(missing_ok=True)


def _is_full_memory(error: Exception) -> bool:
    """Say whether an error is one of full memory, which PyTorch's allocator raises as a RuntimeError."""
    return isinstance(error, MemoryError) or "alloc_cpu" in str(error) or "not enough memory" in str(error)


def _clear(folder: Path) -> None:
    """Remove what nobody needs once the training has ended with a map, or as it was asked to."""
    if is_pausing(folder):
        return
    left = [folder / name for name in (SPARE, STOP, PAUSE)]
    if has_map(folder):
        left += [folder / WEIGHTS, folder / CHECKPOINT, *folder.glob(f"{CHECKPOINT}-*")]
    for path in left:
        path.unlink(missing_ok=True)


def _end_on_signal(record: Record) -> None:
    """Let signals that end the process write the best weights first, and say so; it exits with 128 + the signal.

    No exception is raised, which could crash the process in the middle of an import or of compiled code.
    """

    def write_and_end(number: int, _frame: FrameType | None) -> None:
        for each in ENDING_SIGNALS:  # a second signal must not interrupt the writing
            signal.signal(each, signal.SIG_IGN)
        kept = "its best weights so far are kept."
        try:
            record.keep()
            record.leave()
        except OSError as error:
            kept = f"its best weights are not kept. {refusal(error, record.folder.name)}"
        with suppress(OSError):  # the terminal may be gone; sys.stderr may be in the middle of another write
            os.write(2, f"Ended by {signal.Signals(number).name}; {kept} {GOES_ON}\n".encode())
        os._exit(128 + number)

    for number in ENDING_SIGNALS:
        signal.signal(number, write_and_end)


def _train(folder: Path) -> None:
    """Train, finish and save the map."""
    request = read_request(folder)
    recipe = recipe_from_json(request.recipe)
    n_weights = sum(weights.numel() for weights in untrained_network(recipe).parameters())
    torch.set_num_threads(threads := 2 if n_weights > LARGE_NETWORK else 1)
    is_published = can_read_published(recipe.task)
    record = Record(folder, Clock(recipe, 1 + is_published), recipe.data.n)
    _end_on_signal(record)
    last, message = _learned(record, recipe)
    if last is None:
        if is_stopping(folder):
            end(folder, State.STOPPED, NO_MAP)
        else:
            _pause(record)
        return
    record.keep()
    if record.is_stopped:
        record.clock.leave_out_step()
    record.note(State.FINISHING)
    began = time.monotonic()
    try:
        network = finished(recipe, last.best_weights, record.tell, folder / CHECKPOINT)
        if is_pausing(folder):
            raise StoppedError
    except StoppedError:
        _pause(record)
        return
    if recipe.learned_steps and record.is_stopped and not learned_steps_of(network):
        record.clock.leave_out_step()
        message = message or "Its Gauss–Newton step was left out."
    training = {
        "epochs_done": last.epoch,
        "best_epoch": last.best_epoch,
        "seconds": round(last.seconds + time.monotonic() - began, 1),
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
        if is_pausing(folder):
            _pause(record)
            return
        message = message or "Its test was left out."
    about = f"Trained by `{COMMAND}` on the recipe below."
    described = describe(trained, about, COMMAND, training, metrics)
    if not record.is_stopped:
        try:
            described, unfinished = with_examination(record, described)
            message = message or unfinished
        except StoppedError:
            if is_pausing(folder):
                _pause(record)
                return
            message = message or "Its examination was left out."
    described.save(folder)
    done = last.epoch == recipe.optimiser.epochs and not record.is_stopped
    end(folder, State.FINISHED if done else State.STOPPED, message)


def _pause(record: Record) -> None:
    record.keep()
    record.leave()


def _learned(record: Record, recipe: Recipe) -> tuple[Report | None, str]:
    """Return the last report of the network's training, and why it ended early; no report where there is none to use.

    A training that is asked to pause is left with a checkpoint of its last epoch.
    """
    folder, message = record.folder, ""
    with suppress(StoppedError), closing(train(recipe, folder / CHECKPOINT, tell=record.tell)) as reports:
        for report in reports:
            if not report.finite:
                message = f"In epoch {report.epoch} the error was not finite."
                if report.best_weights and record.report is None:  # those of a checkpoint
                    record.take(report.without_last_epoch())
                break
            record.take(report)
            if is_pausing(folder):
                return None, ""
    if is_pausing(folder):
        return None, ""
    if record.report is None and record.is_stopped:
        return kept_report(folder, recipe.optimiser.epochs), message
    if record.report is None:
        raise ValueError(NOT_FINITE)
    return record.report, message


def _test(record: Record, trained: InverseMap, is_published: bool, metrics: dict[str, Any]) -> None:
    """Add the metrics of a map on test samples of its own prior and of the published one; keep estimates of these.

    What is estimated when the test is interrupted is not estimated again.
    """
    sets = {"own": own_test_set(trained.recipe.task)} | ({"published": published_test_set()} if is_published else {})
    work = Work(Stage.TEST, 2.0 * sum(len(data.theta) for data in sets.values()), record.tell)
    origin = origin_of(recipe_as_json(trained.recipe), trained.network.state_dict())
    with KeptRows(file_beside(record.folder / CHECKPOINT, "estimates", origin)) as kept:
        work.add(kept.n_read)
        for name, data in sets.items():
            estimates = predictions(trained, data, kept, work.add)
            metrics[name] = evaluate(trained, data, estimates)
    if is_published:
        content = io.BytesIO()
        np.save(content, estimates["noisy"].mean)
        write_bytes(record.folder / PREDICTIONS, content.getvalue())
