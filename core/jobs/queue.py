"""Start trainings, each in its own process, ask them to stop, and read their progress."""

import json
import math
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core.files import read_json, refusal, write_json
from core.jobs.folder import (
    CHECKPOINT,
    NAMING,
    PROGRESS,
    REQUEST,
    STOP,
    WEIGHTS,
    Progress,
    State,
    has_map,
    is_name,
    recorded,
)
from core.maps.recipe_file import recipe_from_json

MAX_AT_ONCE = 2
STARTING_SECONDS = 60.0  # the longest that a new training takes to hold its lock
ENDING_SECONDS = 5.0  # between SIGTERM and SIGKILL
_OWN_FILES = tuple(Path(name).stem for name in (REQUEST, PROGRESS, WEIGHTS))
_processes: dict[Path, subprocess.Popen[bytes]] = {}
_lock = threading.Lock()


def start_training(runs: Path | str, name: str, recipe: dict[str, Any]) -> Path:
    """Start a process that trains a map by a recipe, as JSON (`core.maps.recipe_file`), and return its new folder.

    If an interrupted training of this name and recipe has left a checkpoint, the new process resumes it in its folder.
    Raises ValueError for a name that is taken or not valid as a file name, for a recipe that is not valid, while
    MAX_AT_ONCE trainings are running, and where the folder cannot be written. After any error there is no new folder.
    """
    if not isinstance(name, str) or not is_name(name):
        raise ValueError(NAMING)
    if name.casefold() in _OWN_FILES:
        raise ValueError(
            f"A map cannot be called {name!r}, which is the name of a file beside it: choose another name."
        )
    recipe_from_json(recipe)
    runs = Path(runs)
    with _lock:
        if sum(process.poll() is None for process in _processes.values()) >= MAX_AT_ONCE:
            raise ValueError(f"{MAX_AT_ONCE} trainings are running already: wait for one to end, or stop it.")
        folder = runs / name
        request = {"name": name, "epochs": recipe["optimiser"]["epochs"], "recipe": recipe}
        goes_on = _goes_on(folder, request)
        try:
            if goes_on:
                for left in (STOP, PROGRESS):
                    (folder / left).unlink(missing_ok=True)
            else:
                folder.mkdir(parents=True)
        except FileExistsError:
            raise ValueError(f"There is already a training called {name!r}: choose another name.") from None
        except OSError as error:
            raise ValueError(refusal(error, runs.name)) from None
        try:
            write_json(folder / REQUEST, request)
            _processes[folder.resolve()] = _process(folder)
        except BaseException as error:
            if not goes_on:
                shutil.rmtree(folder, ignore_errors=True)
            if isinstance(error, OSError):
                raise ValueError(refusal(error, runs.name)) from None
            raise
    return folder


def _goes_on(folder: Path, request: dict[str, Any]) -> bool:
    """Return whether a folder holds an interrupted training of this request, with a checkpoint."""
    if not os.path.isfile(folder / CHECKPOINT) or has_map(folder) or _at_work(folder):
        return False
    with suppress(ValueError, OSError):
        return read_json(folder / REQUEST) == json.loads(json.dumps(request))
    return False


def _process(folder: Path) -> subprocess.Popen[bytes]:
    with open(folder / "log.txt", "wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "core.jobs", str(folder.resolve())],
            cwd=Path(__file__).resolve().parents[2],
            env={**os.environ, "NUMBA_NUM_THREADS": "1"},  # the server needs the other core
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def stop_training(folder: Path) -> None:
    """Ask the training in folder to end after its current epoch and to keep its best weights so far.

    Raises ValueError where the folder cannot be written to.
    """
    if folder.is_dir():
        try:
            (folder / STOP).touch()
        except OSError as error:
            raise ValueError(f"The training goes on. {refusal(error, folder.name)}") from None


def stop_all() -> None:
    """End every training that this process has started, and wait until its best weights are on disk."""
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
    """Write that a training was ended by the server, unless its process has written how it ended."""
    path = folder / PROGRESS
    with suppress(OSError, ValueError, KeyError):
        progress = read_json(path) if path.is_file() else {"state": State.STARTING}
        if State(progress["state"]).active:
            write_json(path, {**progress, "state": State.FAILED, "message": "It was ended because the server ended."})


def read_progress(folder: Path) -> Progress:
    """Return the progress of the training in folder.

    Raises ValueError with a sentence where the folder holds no training, or where its files cannot be read.
    """
    if not os.path.isfile(folder / REQUEST):
        raise ValueError(f"There is no training in {folder.name}.")
    # The lock excludes a training that is just being started. The process is checked before the file is read: if it has
    # ended, the file holds its last state.
    with _lock:
        at_work, reason = _at_work(folder), _reason(folder)
    try:
        progress = recorded(folder)
    except (ValueError, KeyError, TypeError, OSError):
        raise ValueError(f"The files of the training {folder.name} cannot be read: delete its folder.") from None
    if progress.active and not at_work:
        # The process writes the map before the last state: where there is a map, only that state is missing.
        if has_map(folder):
            done = len(progress.validation_loss) == progress.epochs
            return replace(progress, state=State.FINISHED if done else State.STOPPED)
        return replace(progress, state=State.FAILED, message=reason)
    return progress


def _at_work(folder: Path) -> bool:
    """Return whether a process works on the training in folder."""
    process = _processes.get(folder.resolve())
    if process is not None and process.poll() is None:
        return True  # it may not hold its lock yet
    if not os.path.isfile(folder / "lock"):
        # Another server may have just started it.
        return process is None and not os.path.isfile(folder / PROGRESS) and _age(folder) < STARTING_SECONDS
    try:
        with FileLock(folder / "lock", timeout=0):
            return False
    except (Timeout, OSError):  # held, or another user's lock that cannot be opened: a training may be running
        return True


def _age(folder: Path) -> float:
    """Return how many seconds ago the training in folder was requested."""
    with suppress(OSError):
        return time.time() - (folder / REQUEST).stat().st_mtime
    return math.inf


def _reason(folder: Path) -> str:
    """Return a sentence on why a training ended without writing the reason itself."""
    process = _processes.get(folder.resolve())
    code = None if process is None else process.poll()
    if code == -signal.SIGKILL:
        return "Its process was killed, as a system does that runs out of memory."
    if code and code < 0:
        return f"Its process was ended by the signal {-code} ({signal.strsignal(-code)})."
    if code == 0:
        return "Nothing more could be written to its folder: the disk may be full."
    return "Its process could not write why: it was killed, the machine went down, or the disk was full."
