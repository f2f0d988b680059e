"""The process of a training: `python -m core.jobs RUNS PLACES [CLUSTER]` does the next one that waits in RUNS."""

import os
import sys
from contextlib import suppress
from pathlib import Path

from core.files import refusal
from core.jobs.folder import LOG
from core.jobs.outcome import begin, fail
from core.jobs.queue import next_training, place, tend

NICENESS = 19  # lowest priority, so that the pages stay fast


def main() -> None:
    """Do a training where there is one and a place for it, and then start a process for the next."""
    runs, places = Path(sys.argv[1]), int(sys.argv[2])
    cluster = sys.argv[3] if len(sys.argv) > 3 else None
    if hasattr(os, "nice"):  # not on Windows
        os.nice(NICENESS)
    with place(runs, places) as has_place:
        if not has_place:
            return
        with next_training(runs) as folder:
            if folder is None:
                return
            _print_to(folder / LOG)
            _work(folder, cluster)
    tend(runs, places, cluster)


def _work(folder: Path, cluster: str | None) -> None:
    """Do a training, here or on a cluster; what it needs takes seconds to import."""
    try:
        begin(folder)
    except OSError as error:
        fail(folder, refusal(error, folder.name))
    else:
        if cluster is None:
            from core.jobs.training import work

            work(folder)
        else:
            from core.jobs.cluster import work_on

            work_on(cluster, folder)


def _print_to(path: Path) -> None:
    """Add to a file what this process prints, that of its libraries too."""
    with suppress(OSError), open(path, "ab") as log:
        os.dup2(log.fileno(), sys.stdout.fileno())
        os.dup2(log.fileno(), sys.stderr.fileno())


if __name__ == "__main__":
    main()
