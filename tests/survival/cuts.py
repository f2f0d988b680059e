"""Faults at every call of the system in a training's life: cuts, a full disk, a failing fsync, a read-only folder."""

import errno
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from core.jobs import training
from core.jobs.folder import REQUEST, has_map, unfinished_in
from core.jobs.outcome import begin
from core.jobs.progress import Progress, State
from core.jobs.runs import continue_training
from tests.survival.harness import CUT, Fault, ask, calls_of, in_child, process_on, same_map, told, work

ERRORS = {"full disk": errno.ENOSPC, "failing fsync": errno.EIO, "read-only folder": errno.EROFS}
MOST_PROCESSES = 4  # that a training needs after a fault: one more than any needs


def undisturbed(folder: Path) -> Path:
    """Train without a fault in this process, whose forks then need no compiling, and return the training's folder."""
    whole = ask(folder / "undisturbed")
    begin(whole)
    training.work(whole)
    assert has_map(whole), told(whole)
    return whole


def calls_in_all(folder: Path) -> int:
    """Return how many calls of the system a whole training makes that a fault can befall."""
    runs = folder / "counted"
    ask(runs)
    return calls_of(lambda: process_on(runs), folder / "calls")


def at_each_call(folder: Path, whole: Path, numbers: Iterable[int]) -> Iterator[str]:
    """Cut a training after each call of these numbers, let it go on, and yield what is wrong.

    A cut before a call leaves what one after the call before it leaves.
    """
    for number in numbers:
        runs, where = folder / f"cut-{number}", f"cut after call {number}"
        cut = ask(runs)
        if work(runs, Fault(number, after=True)) != CUT:
            yield f"{where}: there was no such call"
        if isinstance(told(cut), str):
            yield f"{where}: {told(cut)}"
        yield from _goes_on(runs, cut, whole, where)
        shutil.rmtree(runs)


def with_errors(folder: Path, whole: Path, numbers: Iterable[int]) -> Iterator[str]:
    """Let each call from one of these numbers on fail, mend the disk, continue, and yield what is wrong."""
    for number in numbers:
        for name, error in ERRORS.items():
            runs = folder / f"{name}-{number}"
            faulty, where = ask(runs), f"{name} from call {number} on"
            work(runs, Fault(number, error=error))
            found = told(faulty)
            if isinstance(found, str):
                yield f"{where}: {found}"
            elif found.state is State.FAILED:
                if not found.message.startswith(("The disk that holds the folder", "The folder")):
                    yield f"{where}: it says {found.message!r}"
                continue_training(faulty)
            elif name == "full disk" and not found.state.ended:
                yield f"{where}: it is {found.state}"
            yield from _goes_on(runs, faulty, whole, where)
            shutil.rmtree(runs)


def _goes_on(runs: Path, folder: Path, whole: Path, where: str) -> Iterator[str]:
    """Do what waits in a folder of runs, and yield what is wrong if the training is not like an undisturbed one."""
    for _ in range(MOST_PROCESSES):
        if has_map(folder):
            break
        work(runs)
    found = told(folder)
    if not isinstance(found, Progress) or found.state is not State.FINISHED:
        yield f"{where}: it ends as {found if isinstance(found, str) else (found.state, found.message)}"
    elif not same_map(folder, whole):
        yield f"{where}: its weights are others"


def at_the_start(folder: Path) -> Iterator[str]:
    """Cut the start of a training at each call, and yield where neither nothing nor a whole request is left."""
    n = calls_of(lambda: ask(folder / "counted start"), folder / "calls")
    for number in range(1, n + 1):
        for after in (False, True):
            runs = folder / f"start-{number}-{after}"
            runs.mkdir()
            fault = Fault(number, after)

            def begin(runs: Path = runs, fault: Fault = fault) -> None:
                fault.befall()
                ask(runs)

            in_child(begin)
            there = runs / "mine"
            if there.exists() and (not (there / REQUEST).is_file() or isinstance(told(there), str)):
                yield f"cut at call {number} of the start: the request is not whole"
            ask(runs)  # the name is free, or the training is the same
            shutil.rmtree(runs)


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "half": lambda content: content[: len(content) // 2],
    "noise": lambda content: bytes((each * 31 + i * 17 + 7) % 256 for i, each in enumerate(content[:5000])),
    "deep": lambda _: b"[" * 100_000,
    "another object": lambda _: b'{"a": 1}',
}


def damaged(folder: Path, whole: Path, number: int) -> Iterator[str]:
    """Damage each file of a training that was cut at a call, in each way, let it go on, and yield what is wrong.

    The map is the one of an undisturbed training, or a sentence says which file cannot be used.
    """
    cut = ask(folder / "damaged")
    work(folder / "damaged", Fault(number))
    names = sorted(path.name for path in cut.iterdir())
    for name in names:
        for kind, damage in DAMAGES.items():
            runs = folder / f"{name}-{kind}"
            shutil.copytree(folder / "damaged", runs)
            path = runs / "mine" / name
            path.write_bytes(damage(path.read_bytes()))
            for _ in range(MOST_PROCESSES):
                work(runs)
            found = told(runs / "mine")
            if name == REQUEST:
                if not isinstance(found, str) and found.state is not State.FAILED:
                    yield f"{name}, {kind}: it is {found.state}"
            elif isinstance(found, str):
                yield f"{name}, {kind}: {found}"
            elif found.state is not State.FINISHED or not same_map(runs / "mine", whole):
                yield f"{name}, {kind}: it ends as {found.state}: {found.message}"
            shutil.rmtree(runs)


def with_the_clock_set_back(folder: Path, whole: Path) -> Iterator[str]:
    """Ask for two trainings and do them while the clock falls by an hour at each look, and yield what is wrong."""
    runs, now, looks = folder / "clock", time.time_ns(), iter(range(10**9))
    real = time.time_ns
    time.time_ns = lambda: now - 3600 * 10**9 * next(looks)
    try:
        asked = [ask(runs, name) for name in ("second of the alphabet", "first of the alphabet")]
        if list(unfinished_in(runs)) != asked:
            yield "clock set back: the later training comes first"
        for each in asked:
            yield from _goes_on(runs, each, whole, f"clock set back, {each.name}")
    finally:
        time.time_ns = real
    if next(looks) == 0:
        yield "clock set back: no training looks at the clock"
