"""The headers of every answer, which tell browsers what a page may do."""

import base64
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import streamlit as st
from starlette.types import ASGIApp, Message, Receive, Scope, Send

DEVICES = (  # that no page of the laboratory needs
    "bluetooth", "camera", "display-capture", "geolocation", "hid", "microphone", "midi", "payment", "serial", "usb",
)  # fmt: skip
STREAMLIT_PAGE = Path(st.__file__).parent / "static" / "index.html"


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
        # Nothing may come from, or go to, another host. Streamlit imports the loaders of components from blobs, and
        # styles its elements in place.
        "Content-Security-Policy": "default-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; "
        f"script-src 'self' blob: {script} 'wasm-unsafe-eval'; "
        f"frame-ancestors {ancestors}; base-uri 'self'; form-action 'self'; object-src 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        # No page of another site holds a window of the laboratory, or takes its files for its own.
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": ", ".join(f"{device}=()" for device in DEVICES),
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
