"""Whom the server answers: requests under its own name, from pages of its own."""

import ipaddress
import logging
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_log = logging.getLogger(__name__)


class RefuseForeigners:
    """Refuse requests under a name that is not the server's, and WebSockets that pages of other sites open.

    A page of another site can give its own name this machine's address (DNS rebinding), and would then read and write
    as if it were the laboratory. Addresses in numbers and "localhost" cannot be given away; names are held against
    the allowed ones. any_name: every name is the server's.
    """

    def __init__(self, app: ASGIApp, names: Collection[str], any_name: bool):
        self.app = app
        self.names = frozenset(names)
        self.any_name = any_name

    def _knows(self, name: str) -> bool:
        return self.any_name or name in self.names or name == "localhost" or _is_address(name)

    def _is_ours(self, origin: str, host: str) -> bool:
        netloc = origin.partition("://")[2]
        return netloc == host or _name_in(netloc) in self.names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it with 403."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        name = _name_in(host)
        if not self._knows(name):
            reason = f"This server does not go by the name {name!r}. If that is its name, start it with --allow-host."
        elif scope["type"] == "websocket" and origin is not None and not self._is_ours(origin, host):
            reason = (
                f"{origin!r} may not open a connection to {host!r}. If visitors use {origin!r}, start with "
                "--allow-host."
            )
        else:
            if scope["type"] == "websocket":
                # Streamlit would judge the origin once more, and ask another host for this machine's address to do so.
                scope = {**scope, "headers": [header for header in scope["headers"] if header[0] != b"origin"]}
            await self.app(scope, receive, send)
            return
        _log.warning("%s", reason)
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await PlainTextResponse(reason, 403)(scope, receive, send)


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
