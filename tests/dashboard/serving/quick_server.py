"""A real server that neither compiles the solver nor loads the maps: for what is answered before a page is drawn."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.browser.lab import free_port, listens
from tests.dashboard.conftest import ROOT

PROGRAM = """
from dashboard import __main__ as launcher
launcher.compile_engine = launcher._load_maps = lambda: None
launcher.main()
"""


@contextmanager
def quick_server(folder: Path, *options: str, port: int = 0) -> Iterator[str]:
    """Start a server whose user's home is a folder, and yield its address.

    port: a free one where it is 0.
    """
    port = port or free_port()
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "--port", str(port), "--runs", str(folder / "runs"), *options],
            cwd=ROOT,
            env={**os.environ, "HOME": str(folder)},
            stdout=log,
            stderr=log,
        )
    try:
        while not listens(port):
            assert process.poll() is None, (folder / "log.txt").read_text()
            time.sleep(0.02)  # the pause between two looks
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)
