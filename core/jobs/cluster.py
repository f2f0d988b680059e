"""A training on a Dask cluster whose workers see the folder of runs: there, `python -m core.jobs.cluster FOLDER`."""

import subprocess
import sys
from pathlib import Path

from filelock import FileLock

from core.jobs.folder import has_ended
from core.jobs.outcome import ENDED_BY_SIGNAL, fail

LOCK_THERE = "lock-there"  # held on the cluster, where a training may outlive the process that has sent it
CONNECTING_SECONDS = 10


def work_on(address: str, folder: Path) -> None:
    """Let the cluster at an address do the training in folder, whose lock the caller holds, and wait for it.

    Where the process there is asked to end, as when its machine is shut down, the training waits to go on.
    """
    from distributed import Client

    try:
        client = Client(address, timeout=CONNECTING_SECONDS)
    except (OSError, ValueError):  # ValueError: of what is no address
        fail(folder, f"The Dask cluster at {address} cannot be reached: start it, and continue the training.")
        return
    with client:
        code = client.submit(_process_there, str(folder), pure=False).result()
    if code and code not in ENDED_BY_SIGNAL and not has_ended(folder):
        fail(folder, f"Its process on the cluster ended with the code {code}.")


def _process_there(folder: str) -> int:
    """Do a training in a process of its own, since Dask's runs in threads; return its exit code."""
    root = Path(__file__).resolve().parents[2]
    return subprocess.run([sys.executable, "-m", "core.jobs.cluster", folder], cwd=root, check=False).returncode


def main() -> None:
    """Do the training once nobody else does."""
    from core.jobs.training import work

    folder = Path(sys.argv[1])
    with FileLock(folder / LOCK_THERE):
        if not has_ended(folder):
            work(folder)


if __name__ == "__main__":
    main()
