"""What can be asked of the trainings in a folder of runs: start, stop, pause, go on, rename and delete them."""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from core.files import read_json, refusal, write_bytes, write_json, write_through
from core.jobs.folder import (
    LOCK,
    LOOK_SECONDS,
    NAMING,
    OUTCOME,
    PAUSE,
    PROGRESS,
    REQUEST,
    STOP,
    WEIGHTS,
    has_ended,
    has_map,
    is_name,
    is_own_file,
    runs_in,
    time_of,
)
from core.jobs.outcome import NO_MAP, end
from core.jobs.progress import State
from core.jobs.request import Request, read_request
from core.maps.recipe_file import recipe_from_json

CLEARING_SECONDS = 2.0  # for which the process of a training that has ended may still hold its lock
NEW, OLD = ".new-", ".old-"  # how folders begin that are being made, and those that are being deleted


def start_training(runs: Path | str, request: Request) -> Path:
    """Let a training wait for its turn in the queue, and return its new folder.

    The same request of the same owner, made again before the training has ended, is the same training.
    Raises ValueError for a name that is taken or not valid as a file name, for a recipe that is not valid, and where
    the folder cannot be written. After any error there is no new folder.
    """
    check_name(request.name)
    recipe_from_json(request.recipe)
    runs = Path(runs)
    folder = runs / request.name
    if _is_same(folder, request):
        return folder
    with new_folder(folder) as new:
        request.save(new)
        put_last(new, runs)
    return folder


def check_name(name: object) -> None:
    """Raise ValueError unless a training can have this name."""
    if not isinstance(name, str) or not is_name(name):
        raise ValueError(NAMING)
    if is_own_file(name):
        raise ValueError(
            f"A map cannot be called {name!r}, which is the name of a file beside it: choose another name."
        )


def _is_same(folder: Path, request: Request) -> bool:
    """Return whether a folder holds a training that has not ended, and that this request has asked for."""
    with suppress(ValueError, OSError):
        found = read_request(folder)
        asked = json.loads(json.dumps(request.recipe))
        return found.owner == request.owner and found.recipe == asked and not has_ended(folder)
    return False


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Make the folder of a training that appears, with all that the block writes to it, when the block ends.

    Raises ValueError where there is one of its name, and where it cannot be written.
    """
    taken = f"There is already a training called {folder.name!r}: choose another name."
    if folder.exists():
        raise ValueError(taken)
    with _written(folder.parent):
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = new = Path(tempfile.mkdtemp(prefix=NEW, dir=folder.parent))
        try:
            new.chmod(0o755)
            yield new
            try:
                made = new.rename(folder)
            except OSError:
                if folder.exists():
                    raise ValueError(taken) from None
                raise
            write_through(folder.parent)
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise


def put_last(folder: Path, runs: Path) -> None:
    """Give a new request a later time than all others have, even where the clock was set back."""
    latest = max((time_of(each) for each in runs_in(runs)[:1]), default=0)
    now = max(time.time_ns(), latest + 1000)  # µs, the least difference that every file system keeps
    os.utime(folder / REQUEST, ns=(now, now))


def stop_training(folder: Path) -> None:
    """Ask the training in folder to end as soon as it can, and to make a map of its best weights so far.

    One that has no weights yet and that nobody works on ends at once; one that has ended stays as it is. Raises
    ValueError where the folder cannot be written to.
    """
    if has_ended(folder):
        return
    with _written(folder, "The training goes on."):
        (folder / STOP).touch()
        (folder / PAUSE).unlink(missing_ok=True)
        if not os.path.isfile(folder / WEIGHTS):
            with suppress(Timeout), FileLock(folder / LOCK, timeout=LOOK_SECONDS):
                if not has_ended(folder):
                    end(folder, State.STOPPED, NO_MAP)


def pause_training(folder: Path) -> None:
    """Ask the training in folder to pause after its epoch. Raises ValueError where the folder cannot be written to."""
    with _written(folder, "The training goes on."):
        (folder / PAUSE).touch()


def continue_training(folder: Path) -> None:
    """Let a training that pauses, that has failed or was stopped without a map go on from its last checkpoint.

    Raises ValueError where it has a map, and where the folder cannot be written to.
    """
    if has_map(folder):
        raise ValueError(f"The training {folder.name!r} has its map: train another one.")
    with _written(folder, "The training does not go on."):
        for wish in (PAUSE, STOP):
            (folder / wish).unlink(missing_ok=True)
        with suppress(FileNotFoundError, ValueError):
            write_json(folder / PROGRESS, {**read_json(folder / PROGRESS), "begun": 0})
        (folder / OUTCOME).unlink(missing_ok=True)  # the last, so that until now the training has ended


def rename_training(folder: Path, name: str) -> Path:
    """Give an ended training and its map another name, and return its new folder; the old one goes last.

    Raises ValueError for a name that is taken or not valid, while the training goes on, and where the folder cannot be
    written to.
    """
    check_name(name)
    renamed = folder.parent / name
    with _ended(folder), new_folder(renamed) as new:
        for path in folder.iterdir():
            kept = f"{name}{path.suffix}" if path.stem == folder.name else path.name
            # What begins with a dot was left of a write that was cut off.
            if path.name not in (LOCK, REQUEST) and not path.name.startswith("."):
                write_bytes(new / kept, path.read_bytes())
        replace(read_request(folder), name=name).save(new)
        os.utime(new / REQUEST, ns=(time_of(folder), time_of(folder)))
        for card in new.glob(f"{name}.json"):
            write_json(card, {**read_json(card), "name": name})
    _remove(folder)
    return renamed


def delete_training(folder: Path) -> None:
    """Delete an ended training with its map.

    Raises ValueError while the training goes on, and where the folder cannot be written to.
    """
    with _ended(folder):
        pass
    _remove(folder)


def _remove(folder: Path) -> None:
    """Take a folder away in one step, and then what it holds."""
    with _written(folder.parent):
        old = Path(tempfile.mkdtemp(prefix=OLD, dir=folder.parent))
        folder.rename(old / folder.name)
        write_through(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _ended(folder: Path) -> Iterator[None]:
    """Hold the lock of an ended training; raises ValueError while the training goes on."""
    message = f"The training {folder.name!r} has not ended: stop it first."
    if not has_ended(folder):
        raise ValueError(message)
    try:
        with _written(folder.parent), FileLock(folder / LOCK, timeout=CLEARING_SECONDS):
            yield
    except Timeout:
        raise ValueError(message) from None


@contextmanager
def _written(folder: Path, consequence: str = "") -> Iterator[None]:
    """Turn an error of the disk that holds a folder into a ValueError with sentences."""
    try:
        yield
    except Timeout:  # of a lock, which counts as an error of the system
        raise
    except OSError as error:
        raise ValueError(f"{consequence} {refusal(error, folder.name)}".lstrip()) from None


def sweep(runs: Path) -> None:
    """Delete what was left of folders whose making or deleting was cut off an hour ago or longer."""
    for prefix in (NEW, OLD):
        for left in runs.glob(f"{prefix}*"):
            with suppress(OSError):
                if time.time() - left.stat().st_mtime > 3600:
                    shutil.rmtree(left, ignore_errors=True)
