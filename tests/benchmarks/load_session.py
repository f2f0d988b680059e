"""A visitor without a browser: a Streamlit session over its WebSocket, and requests to the live route."""

import asyncio
import json
import re
import time
from typing import Any
from urllib.parse import urlsplit

import websockets
from streamlit.components.v2.bidi_component.main import _make_trigger_id
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


class Session:
    """A session on a page; open it before anything else.

    page: as the live route names it. query: of the address that it opens.
    """

    def __init__(self, url: str, page: str, query: str = ""):
        self.url, self.page, self.query = url, page, query
        self.sequence = 0
        self.page_hash, self.fragment, self.component = "", "", ""
        self.live: dict[str, str] = {}
        self.drawn: dict[str, int] = {}

    async def open(self) -> None:
        """Connect, and wait for the page to stand."""
        self.socket = await websockets.connect(
            f"{self.url.replace('http', 'ws')}/_stcore/stream", subprotocols=["streamlit"], max_size=None
        )
        await self._connect()
        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.page_name = self.page.replace("_", "-")
        await self._run(message)
        assert self.live, f"The page {self.page} names no key for the live route."

    async def close(self) -> None:
        """Leave, as a browser whose tab is closed does."""
        self.writer.close()
        await self.socket.close()

    async def look(self, changes: dict[str, float]) -> float:
        """Ask the live route for the pictures while a control is dragged, and return how long that took, in s."""
        body = json.dumps({**self.live, "changes": changes, "drawn": self.drawn}).encode()
        head = f"POST /lab/live HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
        start = time.perf_counter()
        if self.reader.at_eof():  # the server has closed a connection that was idle for seconds
            await self._connect()
        self.writer.write(head.encode() + body)
        answer = await self.reader.readuntil(b"\r\n\r\n")
        content = await self.reader.readexactly(int(LENGTH.search(answer)[1]))
        seconds = time.perf_counter() - start
        assert answer.startswith(b"HTTP/1.1 200"), (answer[:200], content[:200])
        for stage in json.loads(content)["stages"].values():
            self.drawn |= {plot["id"]: plot["skeleton"] for plot in stage["plots"] if "skeleton" in plot}
        return seconds

    async def settle(self, changes: dict[str, float]) -> float:
        """Let a control go, and return how long it took until Streamlit had sent the whole page, in s."""
        self.sequence += 1
        report = {"event": "change", "value": {"sequence": self.sequence, "changes": changes, "final": True}}
        message = BackMsg()
        run = message.rerun_script
        run.query_string, run.page_script_hash, run.fragment_id = self.query, self.page_hash, self.fragment
        state = run.widget_states.widgets.add()
        state.id = _make_trigger_id(self.component, "events")
        state.json_trigger_value = json.dumps([report])
        start = time.perf_counter()
        await self._run(message)
        return time.perf_counter() - start

    async def _connect(self) -> None:
        place = urlsplit(self.url)
        self.reader, self.writer = await asyncio.open_connection(place.hostname, place.port)

    async def _run(self, message: BackMsg) -> None:
        """Ask for a run of the page, and take what it says up to its end."""
        await self.socket.send(message.SerializeToString())
        while True:
            answer = ForwardMsg()
            answer.ParseFromString(await self.socket.recv())
            kind = answer.WhichOneof("type")
            if kind == "new_session":
                self.page_hash = answer.new_session.page_script_hash
            elif kind == "delta":
                self._take(answer.delta)
            elif kind == "script_finished":
                return

    def _take(self, delta: Any) -> None:
        element = delta.new_element
        kind = element.WhichOneof("type")
        assert kind != "exception", element.exception.message
        if kind != "bidi_component":
            return
        data = json.loads(element.bidi_component.json or element.bidi_component.mixed.json or "{}")
        if data.get("live"):
            self.live, self.fragment, self.component = data["live"], delta.fragment_id, element.bidi_component.id
