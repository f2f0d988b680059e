"""Run the server: its routes, in the order of the middleware what each request passes, and the messages it takes."""

import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import streamlit as st
import uvicorn
from starlette.middleware import Middleware
from starlette.routing import Route
from streamlit.runtime import Runtime

from dashboard.live_route import respond
from dashboard.serving import health
from dashboard.serving.files import FILES, serve_file
from dashboard.serving.foreigners import RefuseForeigners
from dashboard.serving.headers import SecurityHeaders, security_headers
from dashboard.serving.listening import own_names, welcome
from dashboard.serving.login import RequireLogin, is_needed
from dashboard.serving.settings import base_path
from dashboard.style_route import serve_style
from dashboard.visitors import LimitUnreadFiles, NameVisitors

APP = Path(__file__).resolve().parents[1] / "app.py"
# Of a message from the browser; uploads do not come as messages. The time that one takes can grow with the square of
# the number of events in it: 3,000 of them fill this size and take 1.5 s.
MAX_MESSAGE_BYTES = 2**16


def run(
    bound: socket.socket,
    lifespan: Callable[[Any], AbstractAsyncContextManager[None]],
    allow_hosts: Sequence[str] = (),
    embed_in: Sequence[str] = (),
) -> None:
    """Serve the pages on a bound socket, by the settings that are loaded, until the process is asked to end.

    allow_hosts: names that the server goes by beside its addresses, localhost and, where others reach it, the name of
    this machine. embed_in: origins whose pages may show it in a frame.
    """
    base = base_path()
    certificate, key = st.get_option("server.sslCertFile"), st.get_option("server.sslKeyFile")
    app = st.App(
        APP,
        lifespan=lifespan,
        routes=[
            *(Route(f"{base}/lab/{name}", serve_file) for name in FILES),
            Route(f"{base}/lab/style.css", serve_style),
            Route(f"{base}/lab/live", respond, methods=["POST"]),
            *health.routes(base),
        ],
        middleware=[
            Middleware(SecurityHeaders, headers=security_headers(embed_in)),
            Middleware(RefuseForeigners, names=(*own_names(bound), *allow_hosts)),
            *([Middleware(RequireLogin, base=base)] if is_needed(base) else []),
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
