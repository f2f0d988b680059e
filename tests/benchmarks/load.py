"""How the server bears a class: thirty sessions that drag on Neuron at once, and what a step costs its processor."""

import asyncio
import json
import math
import re
import tempfile
import time
import urllib.request
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from dashboard import live_route
from dashboard.scene.address import to_address
from dashboard.scene.experiment import Experiment
from dashboard.scene.holdings import Holdings, keep
from tests.benchmarks.record import Record, output_path
from tests.browser.lab import serve

SETTINGS = {"sessions": 30, "steps_a_second": 10, "seconds": 20, "reruns_a_session": 3, "steps_for_processor_time": 200}
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
KEY = re.compile(rb'"key": ?"([\w-]{22})"')
# A step of each control: page, field, its range, and the processor's time that it may take in ms.
STEPS = (
    ("neuron", "theta0", 0.2, 0.8, 2.5),
    ("landscape", "candidate_theta0", 0.2, 0.8, None),
    ("landscape", "zeta", -0.6, -0.2, 60),
)


def processor_times(record: Record) -> None:
    """Note the processor's time of a step of the route: reading, computing and writing."""
    key, address = keep(Holdings()), to_address(Experiment())
    for page, field, low, high, most in STEPS:
        spent = []
        drawn: dict[str, int] = {}
        for i in range(SETTINGS["steps_for_processor_time"]):
            changes = {field: low + (high - low) * (0.5 + 0.5 * np.sin(i / 7))}
            asked = {"page": page, "key": key, "address": address, "changes": changes, "drawn": drawn}
            start = time.process_time()
            answer = json.dumps(live_route.answer(live_route.read(json.dumps(asked).encode())))
            spent.append(1000 * (time.process_time() - start))
            for stage in json.loads(answer)["stages"].values():
                drawn |= {plot["id"]: plot["skeleton"] for plot in stage["plots"] if "skeleton" in plot}
        record.note(f"processor time of a step, {page}, {field}", float(np.median(spent)), "ms", most=most)


class Session:
    """One Streamlit session, with a drag on Neuron."""

    def __init__(self, url: str):
        self.url = url
        self.place = urlsplit(url).hostname, urlsplit(url).port
        self.drawn: dict[str, int] = {}
        self.steps: list[float] = []
        self.reruns: list[float] = []

    async def rerun(self) -> bytes:
        """Ask Streamlit for a run of the page, and return all messages that it sends up to its end."""
        message = BackMsg()
        message.rerun_script.query_string = ""
        await self.socket.send(message.SerializeToString())
        received = b""
        while True:
            content = await self.socket.recv()
            received += content
            answer = ForwardMsg()
            answer.ParseFromString(content)
            if answer.WhichOneof("type") == "script_finished":
                return received

    async def open(self) -> None:
        """Open the session, and take its key from the page."""
        self.socket = await websockets.connect(
            f"{self.url.replace('http', 'ws')}/_stcore/stream", subprotocols=["streamlit"], max_size=None
        )
        found = KEY.search(await self.rerun())
        assert found, "The page names no key for the live route."
        self.key = found[1].decode()

    async def drag(self, start: float) -> None:
        """Ask the route for a picture, so many times a second; as in the browser, only when the last one is there."""
        period = 1 / SETTINGS["steps_a_second"]
        reader, writer = await asyncio.open_connection(*self.place)
        while (now := time.perf_counter()) < start + SETTINGS["seconds"]:
            step = max(0, math.ceil((now - start) / period))
            await asyncio.sleep(max(0.0, start + step * period - now))
            changes = {"theta0": 0.5 + 0.3 * math.sin(step / 5)}
            before = time.perf_counter()
            answer = await post(reader, writer, {"key": self.key, "changes": changes, "drawn": self.drawn})
            self.steps.append(time.perf_counter() - before)
            plots = json.loads(answer)["stages"]["neuron_stage"]["plots"]
            self.drawn = {plot["id"]: plot["skeleton"] for plot in plots}
        writer.close()

    async def settle(self, start: float, place: int) -> None:
        """Let Streamlit run the page a few times meanwhile."""
        for i in range(SETTINGS["reruns_a_session"]):
            share = (i + place / SETTINGS["sessions"]) / SETTINGS["reruns_a_session"]
            await asyncio.sleep(max(0.0, start + share * SETTINGS["seconds"] - time.perf_counter()))
            before = time.perf_counter()
            await self.rerun()
            self.reruns.append(time.perf_counter() - before)


ADDRESS = to_address(Experiment())


async def post(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, content: dict[str, object]) -> bytes:
    """Post JSON to the live route on a connection that stays open, and return the answer."""
    body = json.dumps({"page": "neuron", "address": ADDRESS, **content}).encode()
    head = f"POST /lab/live HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    answer = await reader.readuntil(b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200"), answer[:200]
    return await reader.readexactly(int(LENGTH.search(answer)[1]))


async def load(url: str, record: Record) -> None:
    """Hold the sessions, drag in all of them, and note how long they wait."""
    sessions = [Session(url) for _ in range(SETTINGS["sessions"])]
    for session in sessions:
        await session.open()
    start = time.perf_counter() + 0.5
    await asyncio.gather(
        *(session.drag(start + i / 300) for i, session in enumerate(sessions)),
        *(session.settle(start, i) for i, session in enumerate(sessions)),
    )
    steps = 1000 * np.concatenate([session.steps for session in sessions])
    reruns = 1000 * np.concatenate([session.reruns for session in sessions])
    rate = steps.size / len(sessions) / SETTINGS["seconds"]
    record.note("30 sessions, 10 steps a second each: pictures in each", rate, "1/s")
    record.note("30 sessions: median wait for a picture", float(np.median(steps)), "ms")
    record.note("30 sessions: 95 % of the pictures within", float(np.quantile(steps, 0.95)), "ms", most=150)
    record.note(
        "30 sessions: 95 % of Streamlit’s runs meanwhile within", float(np.quantile(reruns, 0.95)), "ms", most=500
    )
    for session in sessions:
        await session.socket.close()


def main() -> None:
    """Measure, print and write."""
    out = output_path("load", __doc__)
    record = Record("load", {**SETTINGS, "experiment": asdict(Experiment())})
    processor_times(record)
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder) / "runs") as url:
        urllib.request.urlopen(url).read()
        asyncio.run(load(url, record))
    record.save(out)


if __name__ == "__main__":
    main()
