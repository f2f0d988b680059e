"""What sessions leave behind: the server's memory and open files over rounds of thirty that come and go."""

import asyncio
import tempfile
import time
import urllib.request
from dataclasses import asdict, replace
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from dashboard.scene.address import to_address
from dashboard.scene.experiment import Experiment
from dashboard.serving.departures import AWAY_S, GLANCE_S, MOST_AWAY
from tests.benchmarks.load import wait_until_ready
from tests.benchmarks.load_session import Session
from tests.benchmarks.record import Record, output_path
from tests.browser.lab import serve

SETTINGS = {"sessions": 30, "rounds": 10, "changes": 2, "seconds_after_a_round": 5}
PAGES = ("neuron", "landscape", "inverse_map", "uncertainty")
FILES_OF_A_SESSION = 3  # of Streamlit's event loop


def measured(url: str) -> dict[str, float]:
    """Return what the server measures of itself, by name, of what has no labels."""
    text = urllib.request.urlopen(f"{url}/lab/metrics").read().decode()
    samples = (sample for each in text_string_to_metric_families(text) for sample in each.samples)
    return {sample.name: sample.value for sample in samples if not sample.labels}


async def visit(url: str, number: int) -> None:
    """Open a page with an experiment of its own, make some changes, and leave."""
    page = PAGES[number % len(PAGES)]
    experiment = replace(Experiment(), theta0=0.3 + 0.0007 * number, zeta=-0.4 + 0.0003 * number, seed=number)
    session = Session(url, page, to_address(experiment))
    await session.open()
    for step in range(SETTINGS["changes"]):
        change = {"theta0": round(0.35 + 0.1 * step + 0.0007 * number, 4)}
        await session.look(change)
        await session.settle(change)
    await session.close()


async def one_round(url: str, first: int) -> None:
    """Let a class come and go."""
    await asyncio.gather(*(visit(url, first + i) for i in range(SETTINGS["sessions"])))


def measure(url: str, record: Record) -> None:
    """Note memory and open files at rest, after each round, and once all have left for good."""
    rest = measured(url)
    memory, files = [rest["process_resident_memory_bytes"] / 1e6], [rest["process_open_fds"]]
    record.note("at rest: resident memory", memory[0], "MB", most=900)
    record.note("at rest: open files", files[0])
    for number in range(1, SETTINGS["rounds"] + 1):
        asyncio.run(one_round(url, SETTINGS["sessions"] * number))
        time.sleep(SETTINGS["seconds_after_a_round"])
        now = measured(url)
        memory.append(now["process_resident_memory_bytes"] / 1e6)
        files.append(now["process_open_fds"])
        record.note(f"after round {number}: resident memory", memory[-1], "MB", quoted=number in (1, 2, 10))
        record.note(f"after round {number}: open files", files[-1], quoted=number in (1, 2, 10))
    record.note("memory after the last round over that after the second", memory[-1] / memory[2], most=1.1)
    # Half a minute long, sessions that left can come back; and those of the last GLANCE_S are not counted yet.
    most_files = files[0] + FILES_OF_A_SESSION * (MOST_AWAY + SETTINGS["sessions"])
    record.note("open files, largest number after a round", max(files), most=most_files)
    time.sleep(AWAY_S + 2 * GLANCE_S)
    now = measured(url)
    record.note("once all have left: resident memory", now["process_resident_memory_bytes"] / 1e6, "MB")
    record.note("once all have left: open files", now["process_open_fds"], most=files[0] + 10)
    record.note("once all have left: sessions", now["lab_sessions"], most=0)


def main() -> None:
    """Measure, print and write."""
    out = output_path("load_memory", __doc__)
    record = Record("load_memory", {**SETTINGS, "pages": PAGES, "experiment": asdict(Experiment())})
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder) / "runs") as url:
        wait_until_ready(url)
        measure(url, record)
    record.save(out)


if __name__ == "__main__":
    main()
