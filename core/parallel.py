"""Run tasks in parallel with joblib, on this machine or a Dask cluster; results are kept, so that a run can resume."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import numba
from joblib import Parallel, delayed, effective_n_jobs, parallel_config

PROCESSES = 2

Result = TypeVar("Result")


def report(line: str) -> None:
    """Print a line of progress without buffering."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@contextmanager
def workers(address: str | None, processes: int = PROCESSES) -> Iterator[None]:
    """Make joblib use processes of this machine, or the workers of the Dask cluster at an address."""
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
    """Return work(*arguments) for each task, by its key.

    read: returns the stored result of a key, or None; only tasks without a stored result are computed.
    write: stores a new result.
    report: takes a line of progress.
    Tasks run on the processes that `workers` has set up, and must not change anything that they share.
    """
    found = {key: read(key) for key in tasks}
    missing = [key for key, result in found.items() if result is None]
    began = time.monotonic()
    threads = max((os.cpu_count() or 1) // effective_n_jobs(), 1)
    results = Parallel(return_as="generator_unordered")(
        delayed(_one)(work, key, tasks[key], threads) for key in missing
    )
    for done, (key, result) in enumerate(results, 1):
        write(key, result)
        found[key] = result
        left = (time.monotonic() - began) / done * (len(missing) - done)
        report(f"{len(tasks) - len(missing) + done} of {len(tasks)}, about {left / 60:.0f} min left")
    return {key: result for key, result in found.items() if result is not None}


def _one(work: Callable[..., Result], key: str, arguments: tuple[Any, ...], threads: int) -> tuple[str, Result]:
    before = numba.get_num_threads()
    numba.set_num_threads(min(threads, before))  # the processes share the cores
    try:
        return key, work(*arguments)
    finally:
        numba.set_num_threads(before)
