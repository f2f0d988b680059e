"""Tasks side by side with joblib, on this machine or a Dask cluster; finished ones are kept, so a run resumes."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import numba
from joblib import Parallel, delayed, parallel_config

PROCESSES = 2

Result = TypeVar("Result")


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
