"""Trainings as folders on disk, each worked off by a process of its own: `python -m core.jobs FOLDER`.

request.json                   the settings and the map's name
progress.json                  losses so far, replaced after each epoch
stop                           an empty file that asks the process to end and keep its best weights
NAME.safetensors, NAME.json    the map, once the training has ended
"""

import json
import math
import os
import re
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.files import read_json, write_json

MOST_AT_ONCE = 2
_OWN_FILES = ("request", "progress", "process")
_processes: dict[Path, subprocess.Popen[bytes]] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class Progress:
    """How a training stands.

    state: "starting", "running", "finishing" while what comes after the epochs is done, "finished", "stopped" or
    "failed"; losses: one an epoch, mean absolute errors of scaled parameters; seconds: so far; message: what a failed
    one has to say.
    """

    name: str
    state: str
    epochs: int
    training_loss: tuple[float, ...] = ()
    validation_loss: tuple[float, ...] = ()
    best_epoch: int = 0
    seconds: float = 0.0
    message: str = ""

    @property
    def active(self) -> bool:
        """Whether the process is still at work."""
        return self.state in ("starting", "running", "finishing")

    @property
    def seconds_left(self) -> float | None:
        """The time that the remaining epochs will take at the mean speed so far, or None before the first."""
        done = len(self.validation_loss)
        return self.seconds / done * (self.epochs - done) if done else None


def start_training(runs: Path, name: str, settings: dict[str, Any]) -> Path:
    """Start a process that trains a map under the settings (`TrainingSettings.as_json`), and return its new folder.

    Raises ValueError for a name that is taken or unfit as a file name, for numbers that are not finite, and while
    MOST_AT_ONCE trainings are running.
    """
    if name in _OWN_FILES:
        raise ValueError(
            f"A map cannot be called {name!r}, which is the name of a file beside it: choose another name."
        )
    if not re.fullmatch(r"[\w][\w .-]{0,39}", name):
        raise ValueError("Name the map with at most 40 letters, digits, spaces, dots, hyphens or underscores.")
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
            raise ValueError(f"There is already a map called {name!r}: choose another name.") from None
        except OSError:
            raise ValueError(f"The folder of runs {runs.name} cannot be written to.") from None
        write_json(folder / "request.json", request)
        with open(folder / "log.txt", "wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "core.jobs", str(folder.resolve())],
                cwd=Path(__file__).resolve().parent.parent,
                env={**os.environ, "NUMBA_NUM_THREADS": "1"},  # the other core is the server's
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        write_json(folder / "process.json", {"pid": process.pid})
        _processes[folder.resolve()] = process
    return folder


def stop_training(folder: Path) -> None:
    """Ask the training in folder to end after the epoch at hand and to keep its best weights so far."""
    if folder.is_dir():
        (folder / "stop").touch()


def is_stopping(folder: Path) -> bool:
    """Say whether the training in folder was asked to end."""
    return (folder / "stop").exists()


def stop_all() -> None:
    """End every training this process has started, at once, and wait for it."""
    with _lock:
        for process in _processes.values():
            if process.poll() is None:
                process.terminate()
        for process in _processes.values():
            process.wait()
        _processes.clear()


def read_progress(folder: Path) -> Progress:
    """Return how the training in folder stands.

    Raises ValueError with a sentence where the folder holds no training, or one whose files cannot be read.
    """
    if not (folder / "request.json").is_file():
        raise ValueError(f"There is no training in {folder.name}.")
    # Under the lock no start is half done; before the file, because a process that ends writes its last state first.
    with _lock:
        alive = _alive(folder)
    try:
        progress = _recorded(folder)
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"The files of the training {folder.name} cannot be read: delete its folder.") from None
    if progress.active and not alive:
        message = "The training process ended before it was done. Its log.txt says why."
        return Progress(progress.name, "failed", progress.epochs, message=message)
    return progress


def _recorded(folder: Path) -> Progress:
    request = read_json(folder / "request.json")
    if not (folder / "progress.json").is_file():
        return Progress(request["name"], "starting", request["epochs"])
    content = read_json(folder / "progress.json")
    for key in ("training_loss", "validation_loss"):
        content[key] = tuple(map(float, content[key]))
    progress = Progress(name=str(request["name"]), epochs=int(request["epochs"]), **content)
    if not (progress.epochs >= 1 and progress.seconds >= 0):
        raise ValueError("A training has at least one epoch and takes time.")
    return progress


def runs_in(folder: Path) -> tuple[Path, ...]:
    """Return the trainings in a folder of runs, the newest first."""
    requests = sorted(folder.glob("*/request.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    return tuple(path.parent for path in requests)


def _alive(folder: Path) -> bool:
    process = _processes.get(folder.resolve())
    if process is not None:
        return process.poll() is None
    try:
        os.kill(read_json(folder / "process.json")["pid"], 0)
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return True


def _work(folder: Path) -> None:
    """Train what request.json asks for; the body of the process."""
    import torch

    from core.evaluation import N_TEST, describe, evaluate, published_test_set
    from core.inverse_map import inverse_map
    from core.training import TEST_STREAM, TrainingSettings, train
    from core.trainings import finished

    request = read_json(folder / "request.json")
    name = request["name"]
    training_loss: list[float] = []
    validation_loss: list[float] = []
    progress: dict[str, Any] = {"training_loss": training_loss, "validation_loss": validation_loss}

    def note(state: str, **more: Any) -> None:
        progress.update(state=state, **more)
        write_json(folder / "progress.json", progress)

    try:
        settings = TrainingSettings.from_json(request["settings"])
        # The published networks are too small to gain from a second thread.
        torch.set_num_threads(threads := 2 if settings.gives_covariance else 1)
        note("starting")
        report, written = None, 0.0
        for report in train(settings):
            if not (math.isfinite(report.training_loss) and math.isfinite(report.validation_loss)):
                break
            training_loss.append(report.training_loss)
            validation_loss.append(report.validation_loss)
            # Fast epochs would otherwise spend their time on files.
            if report.seconds - written > 0.2:
                written = report.seconds
                note("running", best_epoch=report.best_epoch, seconds=report.seconds)
            if is_stopping(folder):
                break
        assert report is not None
        note("finishing", best_epoch=report.best_epoch, seconds=report.seconds)
        began = time.monotonic()
        network = finished(settings, report.best_weights)
        seconds = report.seconds + time.monotonic() - began
        training = {
            "epochs_done": len(validation_loss),
            "best_epoch": report.best_epoch,
            "seconds": round(seconds, 1),
            "validation_loss": report.best_validation_loss,
            "threads": threads,
            "device": "cpu",
            "ended": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        trained = inverse_map(name, settings, network.state_dict(), {})
        metrics = {
            "own": evaluate(trained, settings.dataset(N_TEST, TEST_STREAM)),
            "published": evaluate(trained, published_test_set()),
        }
        about = "Trained by `python -m core.jobs FOLDER` on the settings below."
        describe(trained, about, "python -m core.jobs FOLDER", training, metrics).save(folder)
        ended = "finished" if len(validation_loss) == report.epochs else "stopped"
        note(ended, seconds=seconds)
    except ValueError as error:
        note("failed", message=str(error))


if __name__ == "__main__":
    _work(Path(sys.argv[1]))
