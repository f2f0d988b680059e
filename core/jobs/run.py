"""Trainings as folders on disk, each worked off by a process of its own: `python -m core.jobs FOLDER`.

request.json                   the settings and the map's name
lock                           held by the process from its start to its end; the kernel frees it however that ends
progress.json                  losses so far, replaced after each epoch
weights.safetensors            the best weights so far, with their epoch, until the map is there
stop                           an empty file that asks the process to end and keep its best weights
NAME.safetensors, NAME.json    the map, once the training has ended
"""

import json
import math
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout
from safetensors import SafetensorError, safe_open

from core.checks import is_finite, is_whole
from core.files import read_json, refusal, write_bytes, write_json

if TYPE_CHECKING:
    from core.maps.training import Report

MOST_AT_ONCE = 2
WEIGHTS = "weights.safetensors"
ACTIVE = ("starting", "running", "finishing")
STATES = (*ACTIVE, "finished", "stopped", "failed")
MOST_EPOCHS = 10_000
MOST_SECONDS = 1e9
LARGEST_LOSS = 1e6
LONGEST_MESSAGE = 500  # characters
NICENESS = 19  # of a training: the pages come first
NOTED_EVERY, KEPT_EVERY = 0.2, 1.0  # seconds: fast epochs would otherwise spend their time on files
STARTING_SECONDS = 60.0  # until a training holds its lock
ENDING_SECONDS = 5.0  # from the signal that ends a training to the one that kills it
_OWN_FILES = ("request", "progress", "weights")
_NAME = re.compile(r"[\w][\w .-]{0,39}")
NAMING = "Name a map with at most 40 letters, digits, spaces, dots, hyphens or underscores."
_processes: dict[Path, subprocess.Popen[bytes]] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class Progress:
    """How a training stands.

    state: "starting", "running", "finishing" while what comes after the epochs is done, "finished", "stopped" or
    "failed"; losses: one an epoch, mean absolute errors of scaled parameters; kept_epoch: the one whose weights are on
    disk, or 0; seconds: so far; message: why it ended, unless it was done or asked to. Raises ValueError for what no
    training writes.
    """

    name: str
    state: str
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
            and self.state in STATES
            and is_whole(self.epochs)
            and max(1, done) <= self.epochs <= MOST_EPOCHS
            and len(self.training_loss) == done
            and all(is_finite(loss) and 0 <= loss <= LARGEST_LOSS for loss in losses)
            and is_whole(self.best_epoch)
            and 0 <= self.best_epoch <= done
            and is_finite(self.seconds)
            and 0 <= self.seconds <= MOST_SECONDS
            and isinstance(self.message, str)
            and len(self.message) <= LONGEST_MESSAGE
        ):
            raise ValueError("No training writes such progress.")

    @property
    def active(self) -> bool:
        """Whether the process is still at work."""
        return self.state in ACTIVE

    @property
    def seconds_left(self) -> float | None:
        """The time that the remaining epochs will take at the mean speed so far, or None before the first."""
        done = len(self.validation_loss)
        return self.seconds / done * (self.epochs - done) if done else None


def is_name(text: str) -> bool:
    """Say whether a map can have this name: at most 40 letters, digits, blanks, dots, hyphens or underscores."""
    return _NAME.fullmatch(text) is not None


def start_training(runs: Path, name: str, settings: dict[str, Any]) -> Path:
    """Start a process that trains a map under the settings (`TrainingSettings.as_json`), and return its new folder.

    Raises ValueError for a name that is taken or unfit as a file name, for numbers that are not finite, while
    MOST_AT_ONCE trainings are running, and where the folder cannot be written; none is left behind then.
    """
    if name.casefold() in _OWN_FILES:
        raise ValueError(
            f"A map cannot be called {name!r}, which is the name of a file beside it: choose another name."
        )
    if not is_name(name):
        raise ValueError(NAMING)
    with _lock:
        if sum(process.poll() is None for process in _processes.values()) >= MOST_AT_ONCE:
            raise ValueError(f"{MOST_AT_ONCE} trainings are running already: wait for one to end, or stop it.")
        folder = runs / name
        request = {"name": name, "epochs": settings["epochs"], "settings": settings}
        try:
            json.dumps(request, allow_nan=False)
        except ValueError:
            raise ValueError("All settings of a training must be finite numbers.") from None
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            raise ValueError(f"There is already a training called {name!r}: choose another name.") from None
        except OSError as error:
            raise ValueError(refusal(error, runs.name)) from None
        try:
            write_json(folder / "request.json", request)
            with open(folder / "log.txt", "wb") as log:
                process = subprocess.Popen(
                    [sys.executable, "-m", "core.jobs", str(folder.resolve())],
                    cwd=Path(__file__).resolve().parents[2],
                    env={**os.environ, "NUMBA_NUM_THREADS": "1"},  # the other core is the server's
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise ValueError(refusal(error, runs.name)) from None
        _processes[folder.resolve()] = process
    return folder


def stop_training(folder: Path) -> None:
    """Ask the training in folder to end after the epoch at hand and to keep its best weights so far.

    Raises ValueError where the folder cannot be written to.
    """
    if folder.is_dir():
        try:
            (folder / "stop").touch()
        except OSError as error:
            raise ValueError(f"The training goes on. {refusal(error, folder.name)}") from None


def is_stopping(folder: Path) -> bool:
    """Say whether the training in folder was asked to end."""
    return (folder / "stop").exists()


def stop_all() -> None:
    """End every training this process has started, and wait for it; the best weights of each are on disk then."""
    with _lock:
        for process in _processes.values():
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + ENDING_SECONDS
        for folder, process in _processes.items():
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            _note_end(folder)
        _processes.clear()


def _note_end(folder: Path) -> None:
    """Write why a training ended with the server, unless its process has written how it ended."""
    path = folder / "progress.json"
    with suppress(OSError, ValueError):
        progress = read_json(path) if path.is_file() else {"state": "starting"}
        if progress.get("state") in ACTIVE:
            write_json(path, {**progress, "state": "failed", "message": "It was ended because the server ended."})


def read_progress(folder: Path) -> Progress:
    """Return how the training in folder stands.

    Raises ValueError with a sentence where the folder holds no training, or one whose files cannot be read.
    """
    if not os.path.isfile(folder / "request.json"):
        raise ValueError(f"There is no training in {folder.name}.")
    # Under the lock no start is half done; before the file, because a process that ends writes its last state first.
    with _lock:
        at_work, reason = _at_work(folder), _reason(folder)
    try:
        progress = _recorded(folder)
    except (ValueError, KeyError, TypeError, OSError):
        raise ValueError(f"The files of the training {folder.name} cannot be read: delete its folder.") from None
    if progress.active and not at_work:
        # The map is written before the last state is: where it is there, only that is missing.
        if os.path.isfile(folder / f"{folder.name}.safetensors"):
            done = len(progress.validation_loss) == progress.epochs
            return replace(progress, state="finished" if done else "stopped")
        return replace(progress, state="failed", message=reason)
    return progress


def _recorded(folder: Path) -> Progress:
    request = read_json(folder / "request.json")
    content: dict[str, Any] = {"state": "starting"}
    if os.path.isfile(folder / "progress.json"):
        content = read_json(folder / "progress.json")
    for key in ("training_loss", "validation_loss"):
        content[key] = tuple(content.get(key, ()))
    progress = Progress(name=request["name"], epochs=request["epochs"], **content)
    kept = progress.best_epoch if os.path.isfile(folder / f"{folder.name}.safetensors") else _kept_epoch(folder)
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
            request = (folder / name / "request.json").stat()
            if stat.S_ISREG(request.st_mode):
                found.append((request.st_mtime_ns, name))
    return [folder / name for _, name in sorted(found, reverse=True)]


def _at_work(folder: Path) -> bool:
    """Say whether a process works on the training in folder."""
    process = _processes.get(folder.resolve())
    if process is not None and process.poll() is None:
        return True  # it may not hold its lock yet
    if not os.path.isfile(folder / "lock"):
        # Another server may have just started it.
        return process is None and not os.path.isfile(folder / "progress.json") and _age(folder) < STARTING_SECONDS
    try:
        with FileLock(folder / "lock", timeout=0):
            return False
    except (Timeout, OSError):  # another user's lock cannot be opened: it says nothing, and a training may live
        return True


def _age(folder: Path) -> float:
    """Return how many seconds ago the training in folder was asked for."""
    with suppress(OSError):
        return time.time() - (folder / "request.json").stat().st_mtime
    return math.inf


def _reason(folder: Path) -> str:
    """Say why a training ended that could not say so itself."""
    process = _processes.get(folder.resolve())
    code = None if process is None else process.poll()
    if code == -signal.SIGKILL:
        return "Its process was killed, as a system does that runs out of memory."
    if code and code < 0:
        return f"Its process was ended by the signal {-code} ({signal.strsignal(-code)})."
    if code == 0:
        return "Nothing more could be written to its folder: the disk may be full."
    return "Its process could not write why: it was killed, the machine went down, or the disk was full."


_ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name)]


class _Record:
    """What the process writes to its folder, now and then: its progress, and the best weights so far."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.progress: dict[str, Any] = {"training_loss": [], "validation_loss": []}
        self.report: Report | None = None
        self.kept_epoch = 0
        self.noted = self.kept = -math.inf  # seconds of training

    def note(self, state: str, **more: Any) -> None:
        """Write how the training stands."""
        self.progress.update(state=state, **more)
        write_json(self.folder / "progress.json", self.progress)

    def keep(self) -> None:
        """Write the best weights so far, unless they are on disk."""
        report = self.report
        if report is not None and report.best_epoch > self.kept_epoch:
            from safetensors.torch import save

            write_bytes(self.folder / WEIGHTS, save(report.best_weights, {"epoch": str(report.best_epoch)}))
            self.kept_epoch = report.best_epoch

    def take(self, report: "Report") -> None:
        """Take the report of an epoch, and write what is due."""
        self.report = report
        # At once: a signal can come between any two lines.
        self.progress = {
            **self.progress,
            "training_loss": [*self.progress["training_loss"], report.training_loss],
            "validation_loss": [*self.progress["validation_loss"], report.validation_loss],
            "best_epoch": report.best_epoch,
            "seconds": report.seconds,
        }
        if keeps := report.seconds - self.kept > KEPT_EVERY:
            self.kept = report.seconds
            self.keep()
        if keeps or report.seconds - self.noted > NOTED_EVERY:
            self.noted = report.seconds
            self.note("running")

    def fail(self, message: str) -> None:
        """Write that the training has failed, and what it leaves, as far as the disk takes it."""
        name = self.folder.name
        if os.path.isfile(self.folder / f"{name}.safetensors"):
            return  # the map is whole
        with suppress(OSError):
            (self.folder / f"{name}.json").unlink(missing_ok=True)
        with suppress(OSError):
            self.keep()
        with suppress(OSError):
            self.note("failed", message=message[:LONGEST_MESSAGE])

    def end(self, number: int, _frame: FrameType | None) -> None:
        """Write what there is and end the process, on a signal.

        Nothing is raised: an exception in the middle of an import or of compiled code can crash the process.
        """
        for each in _ENDING:  # a second one must not keep the best weights from being written
            signal.signal(each, signal.SIG_IGN)
        self.fail(f"It was ended by the signal {signal.Signals(number).name}, as happens when the server ends.")
        os._exit(0)


def work(folder: Path) -> None:
    """Train what request.json asks for; the body of the process."""
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

    from core.maps.evaluation import N_TEST, describe, evaluate, published_test_set
    from core.maps.inverse_map import inverse_map
    from core.maps.train import finished
    from core.maps.training import TEST_STREAM, TrainingSettings, train

    folder = record.folder
    settings = TrainingSettings.from_json(read_json(folder / "request.json")["settings"])
    # The published networks are too small to gain from a second thread.
    torch.set_num_threads(threads := 2 if settings.gives_covariance else 1)
    record.note("starting")
    message = ""
    for each in train(settings):
        if not (math.isfinite(each.training_loss) and math.isfinite(each.validation_loss)):
            message = f"In epoch {each.epoch} the error was not finite."
            break
        record.take(each)
        if is_stopping(folder):
            break
    report = record.report
    if report is None:
        raise ValueError("The error was not finite from the start: narrow the prior, or lower the noise.")
    record.keep()
    record.note("finishing")
    began = time.monotonic()
    network = finished(settings, report.best_weights)
    seconds = report.seconds + time.monotonic() - began
    done = len(record.progress["validation_loss"])
    training = {
        "epochs_done": done,
        "best_epoch": report.best_epoch,
        "seconds": round(seconds, 1),
        "validation_loss": report.best_validation_loss,
        "threads": threads,
        "device": "cpu",
        "ended": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    trained = inverse_map(folder.name, settings, network.state_dict(), {})
    metrics = {
        "own": evaluate(trained, settings.dataset(N_TEST, TEST_STREAM)),
        "published": evaluate(trained, published_test_set()),
    }
    about = "Trained by `python -m core.jobs FOLDER` on the settings below."
    describe(trained, about, "python -m core.jobs FOLDER", training, metrics).save(folder)
    record.note("finished" if done == settings.epochs else "stopped", seconds=seconds, message=message)
    (folder / WEIGHTS).unlink(missing_ok=True)
