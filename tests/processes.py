"""The processes of trainings, which outlive who starts them."""

import signal
from contextlib import suppress
from pathlib import Path

import psutil


def processes_of(runs: Path) -> list[psutil.Process]:
    """Return the processes at work on a folder of runs, whoever started them."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            command = process.cmdline()
            if "core.jobs" in command and str(runs.resolve()) in command:
                found.append(process)
    return found


def kill_processes_of(runs: Path, number: int = signal.SIGKILL) -> None:
    """Send a signal to the processes at work on a folder of runs, and wait for their end."""
    for process in processes_of(runs):
        with suppress(psutil.Error):
            process.send_signal(number)
            process.wait(30)
