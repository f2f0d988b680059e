"""Whom the server answers: requests under its own name, from pages of its own."""

import ipaddress
import logging
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_log = logging.getLogger(__name__)


SAFE = ("GET", "HEAD")  # methods that change nothing; pages of other sites cannot read the answers


class RefuseForeigners:
    """Refuse requests under a name that is not the server's, and what pages of other sites ask it to do.

    A page of another site can give its own name this machine's address (DNS rebinding), and would then read and write
    as if it were the laboratory. Addresses in numbers and "localhost" cannot be given away; names are held against
    the server's. Browsers name the origin of a page that opens a WebSocket or sends anything: it has to be ours.

    names: those that the server goes by, in small letters.
    """

    def __init__(self, app: ASGIApp, names: Collection[str]):
        self.app = app
        self.names = frozenset(names)

    def _knows(self, name: str) -> bool:
        return name in self.names or name == "localhost" or _is_address(name)

    def _is_ours(self, origin: str, host: str) -> bool:
        netloc = _netloc(origin)
        return netloc == host or _name_in(netloc) in self.names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it with 403."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        name = _name_in(host)
        is_safe = scope["type"] == "http" and scope["method"] in SAFE
        if not self._knows(name):
            reason = f"This server does not go by the name {name!r}. If that is its name, start it with --allow-host."
        elif origin is not None and not is_safe and not self._is_ours(origin, host):
            reason = (
                f"{origin!r} may not send anything to {host!r}. If visitors use {origin!r}, start with --allow-host."
            )
        else:
            if scope["type"] == "websocket" and origin is not None:
                # Streamlit judges the origin once more: where it is not the host's, it asks another host for this
                # machine's address to do so.
                kept = [header for header in scope["headers"] if header[0] != b"host"]
                scope = {**scope, "headers": [*kept, (b"host", _netloc(origin).encode())]}
            await self.app(scope, receive, send)
            return
        _log.warning("%s", reason)
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await PlainTextResponse(reason, 403)(scope, receive, send)


def _netloc(origin: str) -> str:
    return origin.partition("://")[2]


def _name_in(netloc: str) -> str:
    """Return the host's name of a host with a port, in small letters, or "" where there is none."""
    try:
        return (urlsplit(f"//{netloc}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
