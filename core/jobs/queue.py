"""The queue of a folder of runs: which trainings wait, the processes that work on them, and when the next can start.

Each process takes one of the places in the folder, whose locks the kernel frees, so that no more are at work than there
are places, whatever server or process has started them. A process does one training, and then sees to the next.
"""

import heapq
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from core.jobs.folder import LOCK, LOOK_SECONDS, has_ended, is_at_work, is_held, is_pausing, unfinished_in
from core.jobs.outcome import begun, fail
from core.jobs.progress import Progress, State, read_progress
from core.jobs.request import read_request

PLACES = 2  # trainings at work at once, unless the server is told otherwise
PLACES_FOLDER = ".places"
MOST_BEGUN = 2  # a training whose process has died so often is not begun again by itself
DIED_TWICE = (
    "Its process ended twice before its time, as when it is killed or the memory is full. "
    "Continue it to go on from its last checkpoint."
)
_started: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class Wait:
    """How long a training still waits.

    position: 1 for the next one. seconds: until it is expected to start, or None where nobody knows.
    """

    position: int
    seconds: float | None


def waiting(runs: Path) -> tuple[Path, ...]:
    """Return the trainings that can be worked on and are not, the next one first."""
    return tuple(folder for folder in unfinished_in(runs) if _waits(folder))


def _waits(folder: Path) -> bool:
    try:
        return not is_at_work(folder) and not is_pausing(folder)
    except OSError:  # its folder cannot be written to
        return False


@contextmanager
def next_training(runs: Path) -> Iterator[Path | None]:
    """Hold the lock of the next waiting training while the block runs; None where there is none."""
    for folder in waiting(runs):
        lock = FileLock(folder / LOCK, timeout=LOOK_SECONDS)
        try:
            lock.acquire()
        except (Timeout, OSError):
            continue
        try:
            if has_ended(folder) or is_pausing(folder):
                continue
            if begun(folder) >= MOST_BEGUN:
                fail(folder, DIED_TWICE)
                continue
            yield folder
            return
        finally:
            lock.release()
    yield None


@contextmanager
def place(runs: Path, places: int) -> Iterator[bool]:
    """Hold one of the places for processes while the block runs; False where all are taken."""
    for number in range(places):
        try:
            with FileLock(runs / PLACES_FOLDER / f"{number}", timeout=LOOK_SECONDS):
                yield True
                return
        except Timeout:
            continue
    yield False


def tend(runs: Path, places: int, cluster: str | None = None) -> None:
    """Start a process for each waiting training for which there is a place.

    cluster: the address of a Dask cluster that does the work in place of the processes.
    Raises OSError where no process can be started.
    """
    _started[:] = [process for process in _started if process.poll() is None]
    (runs / PLACES_FOLDER).mkdir(parents=True, exist_ok=True)
    wanted = min(len(waiting(runs)), places - _taken(runs, places))
    for _ in range(wanted):
        _started.append(_process(runs, places, cluster))


def _taken(runs: Path, places: int) -> int:
    """Return how many places are taken, or will be by the processes that were started here."""
    taken = sum(is_held(runs / PLACES_FOLDER / f"{number}") for number in range(places))
    return max(taken, len(_started))


def _process(runs: Path, places: int, cluster: str | None) -> subprocess.Popen[bytes]:
    """Start a process that outlives this one, and that no signal to this one's terminal reaches."""
    return subprocess.Popen(
        [sys.executable, "-m", "core.jobs", str(runs.resolve()), str(places), *([cluster] if cluster else [])],
        cwd=Path(__file__).resolve().parents[2],
        env={**os.environ, "NUMBA_NUM_THREADS": "1"},  # the server needs the other core
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def waits(runs: Path, places: int) -> dict[str, Wait]:
    """Return how long each waiting training still waits, by name.

    The start of one is known where the end of all before it is: of those at work from themselves, of those that wait
    from what they were expected to take.
    """
    free: list[float] = []  # when each process is free, in seconds from now
    known, folders = True, []
    for folder in unfinished_in(runs):
        progress = _progress(folder)
        if progress is None or progress.state is State.WAITING:
            folders.append(folder)
        elif progress.state.at_work:
            known = known and progress.seconds_left is not None
            free.append(progress.seconds_left or 0.0)
    free = (free + [0.0] * places)[: max(places, len(free))]
    heapq.heapify(free)
    found: dict[str, Wait] = {}
    for position, folder in enumerate(folders, 1):
        start = heapq.heappop(free)
        found[folder.name] = Wait(position, start if known else None)
        expected = _expected_seconds(folder)
        known = known and expected is not None
        heapq.heappush(free, start + (expected or 0.0))
    return found


def _expected_seconds(folder: Path) -> float | None:
    with suppress(ValueError, OSError):
        return read_request(folder).expected_seconds
    return None


def at_work(runs: Path) -> int:
    """Return how many trainings are being worked on."""
    found = [_progress(folder) for folder in unfinished_in(runs)]
    return sum(each is not None and each.state.at_work for each in found)


def _progress(folder: Path) -> Progress | None:
    with suppress(ValueError):
        return read_progress(folder)
    return None
