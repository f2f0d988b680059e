"""The server: its socket, whom it answers, the headers and the files it sends."""

import base64
import errno
import hashlib
import ipaddress
import logging
import os
import re
import socket
import sys
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import plotly
import streamlit as st
import uvicorn
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.runtime import Runtime
from streamlit.web.bootstrap import load_config_options

from dashboard import health
from dashboard.figures.palette import ACCENTS, GROUNDS, TEXTS
from dashboard.figures.style import FONT
from dashboard.live_route import respond
from dashboard.style_route import serve_style
from dashboard.visitors import LimitUnreadFiles, NameVisitors

FOLDER = Path(__file__).resolve().parent
# Of a message from the browser; uploads do not come as messages. The time that one takes can grow with the square of
# the number of events in it: 3,000 of them fill this size and take 1.5 s.
MAX_MESSAGE_BYTES = 2**16

CONFIG: dict[str, bool | int | str] = {
    "browser.gatherUsageStats": False,
    "client.toolbarMode": "viewer",
    "client.showErrorDetails": "none",
    "server.fileWatcherType": "none",
    "server.maxUploadSize": 5,
    "server.maxWidgetStateSize": 1,  # megabytes, the least that can be set
    **{
        f"theme.{theme}.{name}": colour
        for theme, accent, (ground, controls), text in zip(("light", "dark"), ACCENTS, GROUNDS, TEXTS, strict=True)
        for name, colour in (
            ("primaryColor", accent),
            ("backgroundColor", ground),
            ("secondaryBackgroundColor", controls),
            ("textColor", text),
        )
    },
    "theme.font": FONT,
    "theme.baseFontSize": 15,
}

FILES = {
    **{
        path.name: path for kind in ("*.js", "glossary*.json", "fonts/*.woff2") for path in (FOLDER / "live").glob(kind)
    },
    "plotly.min.js": Path(plotly.__file__).parent / "package_data" / "plotly.min.js",
}

STREAMLIT_PAGE = Path(st.__file__).parent / "static" / "index.html"

_log = logging.getLogger(__name__)


def bound_socket(host: str, port: int) -> socket.socket:
    """Return a TCP socket bound to an address of this machine, which does not listen yet.

    Raises ValueError with a sentence where there is no such host, or the port cannot be had.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise ValueError(f"There is no host {host}: name an address of this machine with --host.") from None
    family, _, _, _, address = found[0]
    # asyncio switches Nagle's algorithm off for sockets that name their protocol alone. With it, an answer of two
    # packets waits 40 ms for an acknowledgement.
    try:
        bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError as error:
        raise ValueError(_why_not_bound(error, host, port)) from None
    try:
        if os.name == "posix":  # elsewhere the option lets two servers take one port
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise ValueError(_why_not_bound(error, host, port)) from None
    return bound


def _why_not_bound(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"The port {port} is taken by another program: choose another with --port."
    if error.errno == errno.EACCES:
        return f"This user may not listen on port {port}: choose one from 1024 on with --port."
    return f"{host} is not an address of this machine: name one that is with --host."


def is_loopback(bound: socket.socket) -> bool:
    """Say whether only this machine reaches a socket."""
    return ipaddress.ip_address(bound.getsockname()[0]).is_loopback


def welcome(bound: socket.socket, base: str, secure: bool) -> str:
    """Say where the laboratory is to be opened, and who can reach it; base: the path of its pages, "" for none."""
    host, port = bound.getsockname()[:2]
    everywhere = ipaddress.ip_address(host).is_unspecified
    named = "localhost" if everywhere else f"[{host}]" if ":" in host else host

    def address(name: str) -> str:
        return f"{'https' if secure else 'http'}://{name}:{port}{base and base + '/'}"

    lines = [f"Open {address(named)} in a browser; Ctrl+C ends the server."]
    if everywhere:
        lines.append(
            "Everyone on the network can reach it, by this machine's name or address, "
            f"such as {address(socket.gethostname())}."
        )
    elif not is_loopback(bound):
        lines.append("Everyone on the network can reach it there.")
    return "\n".join(lines)


async def serve_file(request: Request) -> Response:
    """Serve one of FILES; a browser that has kept it asks only whether it has changed."""
    path = FILES[Path(request.url.path).name]
    response = FileResponse(path, headers={"Cache-Control": "no-cache"}, stat_result=path.stat())
    if StaticFiles().is_not_modified(response.headers, request.headers):
        return NotModifiedResponse(response.headers)
    return response


def inline_script_source(page: str) -> str:
    """Return the source of a Content-Security-Policy that allows the one inline script of a page, by its hash.

    Raises ValueError where the page has none, or more than one.
    """
    scripts = re.findall(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", page, re.DOTALL)
    if len(scripts) != 1:
        raise ValueError(f"Streamlit’s page has {len(scripts)} inline scripts, and the security policy allows one.")
    return f"'sha256-{base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()}'"


def security_headers(embed_in: Sequence[str] = ()) -> dict[str, str]:
    """Return the headers of every answer; embed_in: origins whose pages may show the laboratory in a frame."""
    ancestors = " ".join(("'self'", *embed_in))
    script = inline_script_source(STREAMLIT_PAGE.read_text(encoding="utf-8"))
    return {
        # Nothing comes from or goes to another host. Streamlit imports loaders from blobs, and styles in place.
        "Content-Security-Policy": "default-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; "
        f"script-src 'self' blob: {script} 'wasm-unsafe-eval'; "
        f"frame-ancestors {ancestors}; base-uri 'self'; form-action 'self'; object-src 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }


class SecurityHeaders:
    """Add headers to every answer."""

    def __init__(self, app: ASGIApp, headers: dict[str, str]):
        self.app = app
        self.headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and the answer back with the headers."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *self.headers]
            await send(message)

        await self.app(scope, receive, send_with_headers)


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
    with suppress(ValueError):
        ipaddress.ip_address(name)
        return True
    return False


def run(
    bound: socket.socket,
    lifespan: Callable[[Any], AbstractAsyncContextManager[None]],
    allow_hosts: Sequence[str] = (),
    embed_in: Sequence[str] = (),
) -> None:
    """Serve the pages on a bound socket until the process is asked to end.

    allow_hosts: names that the server goes by; where there are none, a server that only this machine reaches goes by
    its addresses and localhost, another one by any name. embed_in: origins whose pages may show it in a frame.
    """
    # Browsers keep the cookie that goes with an upload from a frame in a page of another site. Uploads are safe without
    # it: they name their session by a number that no other page can know.
    load_config_options({**CONFIG, "server.enableXsrfProtection": not embed_in})
    base_path = st.get_option("server.baseUrlPath").strip("/")
    base = base_path and f"/{base_path}"
    certificate, key = st.get_option("server.sslCertFile"), st.get_option("server.sslKeyFile")
    app = st.App(
        FOLDER / "app.py",
        lifespan=lifespan,
        routes=[
            *(Route(f"{base}/lab/{name}", serve_file) for name in FILES),
            Route(f"{base}/lab/style.css", serve_style),
            Route(f"{base}/lab/live", respond, methods=["POST"]),
            *health.routes(base),
        ],
        middleware=[
            Middleware(SecurityHeaders, headers=security_headers(embed_in)),
            Middleware(RefuseForeigners, names=allow_hosts, any_name=not (allow_hosts or is_loopback(bound))),
            Middleware(NameVisitors),
            Middleware(LimitUnreadFiles, storage=lambda: Runtime.instance().uploaded_file_mgr),
        ],
    )
    ping_seconds = st.get_option("server.websocketPingInterval") or 30
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        ssl_certfile=certificate,
        ssl_keyfile=key,
        ws="websockets-sansio",
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_ping_interval=ping_seconds,
        ws_ping_timeout=ping_seconds,
        ws_per_message_deflate=st.get_option("server.enableWebsocketCompression"),
    )
    sys.stdout.write(f"{welcome(bound, base, bool(certificate))}\n")
    sys.stdout.flush()
    uvicorn.Server(config).run(sockets=[bound])
