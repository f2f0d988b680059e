"""Whether trainings survive: faults at every call of the system, damaged files, killed processes and servers."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

os.environ["NUMBA_NUM_THREADS"] = "1"  # before Numba is imported: forks have no other threads

from tests.benchmarks.record import Record, output_path
from tests.survival import cuts, kills
from tests.survival.harness import shorten

SETTINGS = {"kills of a process": 25, "kills of a server": 10, "kills of a long training": 3, "seed": 0}
MOST_LOST_SECONDS = 60.0
EACH = 4  # of the calls from which on errors begin, one in so many


def noted(record: Record, what: str, wrong: Iterable[str]) -> None:
    """Print what is wrong as it is found, and note how often."""
    n = 0
    for n, sentence in enumerate(wrong, 1):  # noqa: B007 – counted
        print(sentence, flush=True)
    record.note(f"{what}: wrong endings", n, most=0)


def main() -> None:
    """Befall, print and write."""
    out = output_path("survival", __doc__)
    record, seed = Record("survival", SETTINGS), SETTINGS["seed"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        noted(
            record,
            "process killed at a random moment",
            kills.of_processes(folder, SETTINGS["kills of a process"], seed),
        )
        noted(record, "server killed at a random moment", kills.of_servers(folder, SETTINGS["kills of a server"], seed))
        lost = kills.seconds_lost(folder, SETTINGS["kills of a long training"], seed)
        record.note("seconds of training lost by a kill, at most", max(lost), "s", most=MOST_LOST_SECONDS)
        shorten()
        whole = cuts.undisturbed(folder)
        calls = range(1, cuts.calls_in_all(folder) + 1)
        record.note("calls of the system in a training", len(calls))
        noted(record, "cut after each call", cuts.at_each_call(folder, whole, calls))
        noted(record, "cut at each call of the start", cuts.at_the_start(folder))
        noted(
            record,
            "full disk, failing fsync, read-only folder from each call on",
            cuts.with_errors(folder, whole, calls[::EACH]),
        )
        for number in (calls[len(calls) // 3], calls[-30]):
            (folder / f"{number}").mkdir()
            noted(record, f"damaged files after call {number}", cuts.damaged(folder / f"{number}", whole, number))
        noted(record, "clock set back at each look", cuts.with_the_clock_set_back(folder, whole))
    record.save(out)


if __name__ == "__main__":
    main()
