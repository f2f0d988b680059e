"""What the server keeps for a browser beside its session: uploaded traces across a reload, and files still unread.

A cookie with a random name tells browsers apart, so that the address of a trace opens it for nobody else.
"""

import hashlib
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.scene.observation import Trace

COOKIE = "inverse-lab-visitor"
COOKIE_SECONDS = 365 * 24 * 3600  # a visitor's trainings are the visitor's alone for as long
KEPT_HOURS = 12.0
MAX_TRACES = 200  # of all visitors together: 24 MB at most
MAX_TRACES_OF_ONE = 5
MAX_UNREAD_FILES = 2  # of a session, before the next one arrives: 36 MB at most
MAX_UNREAD_BYTES = 100 * 2**20  # of all sessions together, before the next one arrives

_VISITOR = re.compile(r"[0-9a-f]{32}")
_kept: OrderedDict[tuple[str, str], tuple[float, Trace]] = OrderedDict()
_lock = Lock()


def checked(cookie: object) -> str:
    """Return the visitor that a cookie names, or "" where it is none of ours."""
    return cookie if isinstance(cookie, str) and _VISITOR.fullmatch(cookie) else ""


def keep(visitor: str, trace: Trace) -> str:
    """Keep a visitor's trace for twelve hours, and return the name by which `kept` finds it; keep none for ""."""
    content = [
        trace.name.encode(),
        trace.times.tobytes(),
        trace.u.tobytes(),
        b"" if trace.v is None else trace.v.tobytes(),
    ]
    name = hashlib.sha256(b"\0".join(content)).hexdigest()[:16]
    if not visitor:
        return name
    with _lock:
        _drop_old()
        _kept.pop((visitor, name), None)
        _kept[visitor, name] = time.monotonic(), trace
        own = [key for key in _kept if key[0] == visitor]
        for key in [*own[:-MAX_TRACES_OF_ONE], *list(_kept)[:-MAX_TRACES]]:
            _kept.pop(key, None)
    return name


def kept(visitor: str, name: str) -> Trace | None:
    """Return the visitor's trace of this name, if it is still kept."""
    with _lock:
        _drop_old()
        found = _kept.get((visitor, name))
        return found and found[1]


def _drop_old() -> None:
    for key in [key for key, (since, _) in _kept.items() if time.monotonic() - since > 3600 * KEPT_HOURS]:
        del _kept[key]


class NameVisitors:
    """Give each browser that asks for a page a cookie with a random name, unless it has one."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and the answer back with the cookie where it is a page."""
        request = Request(scope) if scope["type"] == "http" else None
        # The answer does not tell: that to a browser which has kept the page holds no page.
        is_page = request is not None and "text/html" in request.headers.get("accept", "")
        if request is None or not is_page or checked(request.cookies.get(COOKIE)):
            await self.app(scope, receive, send)
            return

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                secure = "; Secure" if scope["scheme"] == "https" else ""
                cookie = f"{COOKIE}={secrets.token_hex(16)}; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Lax{secure}"
                message["headers"] = [*message.get("headers", ()), (b"set-cookie", cookie.encode())]
            await send(message)

        await self.app(scope, receive, send_with_cookie)


class LimitUnreadFiles:
    """Remove the oldest files that were uploaded and no page has read, before another one arrives.

    storage: returns Streamlit's manager of uploaded files.
    """

    def __init__(self, app: ASGIApp, storage: Callable[[], Any]):
        self.app = app
        self.storage = storage

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, after making room where it brings a file."""
        path = scope.get("path", "").split("/")
        if scope["type"] == "http" and scope["method"] == "PUT" and path[-3:-2] == ["upload_file"]:
            storage, session = self.storage(), path[-2]
            own = [(session, file) for file in storage.file_storage.get(session, ())]
            for each in own[: max(0, len(own) - MAX_UNREAD_FILES)]:
                storage.remove_file(*each)
            unread = [
                (owner, file, len(record.data))
                for owner, files in list(storage.file_storage.items())
                for file, record in list(files.items())
            ]
            surplus = sum(size for _, _, size in unread) - MAX_UNREAD_BYTES
            for owner, file, size in unread:
                if surplus <= 0:
                    break
                storage.remove_file(owner, file)
                surplus -= size
        await self.app(scope, receive, send)
