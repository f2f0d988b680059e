"""Where an experiment runs: tasks side by side, each result kept once it is there, so that a stopped run goes on."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numba
from joblib import Parallel, delayed, parallel_config

from core.files import read_json, write_json

PROCESSES = 2

Result = TypeVar("Result")


@dataclass(frozen=True)
class Context:
    """report: takes a line of progress; folder: of results kept so far; quick: whether a small version is asked for."""

    report: Callable[[str], None]
    folder: Path
    quick: bool = False

    def kept(self, name: str) -> Path:
        """Return the folder, made where it is missing, of the results that an experiment keeps."""
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def report(line: str) -> None:
    """Print a line of progress at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@contextmanager
def workers(address: str | None, processes: int = PROCESSES) -> Iterator[None]:
    """Let joblib work with processes of this machine, or with the workers of the Dask cluster at an address."""
    if address is None:
        with parallel_config("loky", n_jobs=processes):
            yield
        return
    from distributed import Client

    with Client(address), parallel_config("dask"):
        yield


def completed(
    work: Callable[..., Result],
    tasks: Mapping[str, tuple[Any, ...]],
    report: Callable[[str], None],
    read: Callable[[str], Result | None],
    write: Callable[[str, Result], None],
) -> dict[str, Result]:
    """Return work(*arguments) for each task, by its key; only what read does not find is computed, and then written.

    Runs where `workers` has it. Tasks must not share anything that they change.
    """
    found = {key: read(key) for key in tasks}
    missing = [key for key, result in found.items() if result is None]
    began = time.monotonic()
    results = Parallel(return_as="generator_unordered")(delayed(_one)(work, key, tasks[key]) for key in missing)
    for done, (key, result) in enumerate(results, 1):
        write(key, result)
        found[key] = result
        left = (time.monotonic() - began) / done * (len(missing) - done)
        report(f"{len(tasks) - len(missing) + done} of {len(tasks)}, about {left / 60:.0f} min left")
    return {key: result for key, result in found.items() if result is not None}


def _one(work: Callable[..., Result], key: str, arguments: tuple[Any, ...]) -> tuple[str, Result]:
    threads = numba.get_num_threads()
    numba.set_num_threads(1)  # the other cores belong to the other processes
    try:
        return key, work(*arguments)
    finally:
        numba.set_num_threads(threads)


def records(
    work: Callable[..., dict[str, Any]], tasks: Mapping[str, tuple[Any, ...]], context: Context, name: str
) -> dict[str, dict[str, Any]]:
    """Return `completed` tasks whose results are JSON objects, kept as one file each."""
    folder = context.kept(name)

    def read(key: str) -> dict[str, Any] | None:
        path = folder / f"{key}.json"
        return read_json(path) if path.is_file() else None

    return completed(work, tasks, context.report, read, lambda key, result: write_json(folder / f"{key}.json", result))


def traces(
    work: Callable[[int], dict[str, Any]], n: int, chunk: int, context: Context, name: str
) -> list[dict[str, Any]]:
    """Return what work(first) says in its list "traces" of chunk traces from the first on, for n traces in a row."""
    firsts = range(0, n, chunk)
    found = records(work, {f"{first}": (first,) for first in firsts}, context, name)
    return [trace for first in firsts for trace in found[f"{first}"]["traces"]]
