"""Login through an OpenID provider, by Streamlit's own routes, where Streamlit's secrets name one."""

import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import streamlit as st
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.auth_util import (
    encode_provider_token,
    get_cookie_with_chunks,
    get_origin_from_redirect_uri,
    validate_auth_credentials,
)
from streamlit.errors import StreamlitAuthError
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

CALLBACK = "oauth2callback"  # to which the provider sends a visitor back
# The route of the metrics itself checks who may read them.
PUBLIC = ("auth/login", "auth/logout", CALLBACK, "lab/health", "lab/ready", "lab/metrics")
ASKED_COOKIE = "inverse-lab-asked"  # the address that a visitor has asked for before the login
ASKED_SECONDS = 600
LONGEST_ASKED = 3800  # characters; browsers keep cookies of 4096
SHORTEST_SECRET = 32  # characters
NOT_LOGGED_IN = "Log in first: open the laboratory in this browser."
FAILED = "The login failed. Open the laboratory again to try once more."


def is_needed(base: str) -> bool:
    """Say whether visitors have to log in; base: the path of the pages, "" for none.

    Raises ValueError with a sentence where the secrets cannot be read or set no login up that works.
    """
    try:
        has_secrets = st.secrets.load_if_toml_exists()
    except OSError:
        has_secrets = False
    if not has_secrets:
        for path in st.get_option("secrets.files"):
            if Path(path).exists():
                raise ValueError(f"{path} cannot be read: mend it, or move it away to serve without a login.")
        return False
    if "auth" not in st.secrets:
        return False
    try:
        validate_auth_credentials("default")
    except StreamlitAuthError as error:
        raise ValueError(" ".join(str(error).split())) from None
    if len(str(st.secrets["auth"]["cookie_secret"])) < SHORTEST_SECRET:
        raise ValueError(
            f"The cookie_secret of the login needs at least {SHORTEST_SECRET} characters, drawn at random."
        )
    path = urlsplit(str(st.secrets["auth"]["redirect_uri"])).path
    if path != f"{base}/{CALLBACK}":
        raise ValueError(f"The redirect_uri of the login has to end in {base}/{CALLBACK}; its path is {path!r}.")
    return True


def is_logged_in(cookies: Mapping[str, str]) -> bool:
    """Say whether cookies are those of a visitor who has logged in here."""

    def signed(name: str) -> bytes | None:
        return decode_signed_value(get_cookie_secret(), name, cookies.get(name, "").encode("latin-1"))

    content = get_cookie_with_chunks(signed, USER_COOKIE_NAME)
    if content is None:
        return False
    user = json.loads(content)
    return user.get("is_logged_in") is True and user.get("origin") == get_origin_from_redirect_uri()


def _names_user(name: bytes, value: bytes) -> bool:
    """Say whether a header sets the cookie of a visitor who has logged in, and does not delete it."""
    return name == b"set-cookie" and value.startswith(f"{USER_COOKIE_NAME}=".encode()) and b"Max-Age=0" not in value


class RequireLogin:
    """Send who has not logged in to the provider, and refuse all else but the login itself and signs of health.

    Afterwards a visitor stands at the address that was asked for. base: the path of the pages, "" for none.
    """

    def __init__(self, app: ASGIApp, base: str):
        self.app = app
        self.base = base

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        request = HTTPConnection(scope)
        path = scope["path"].removeprefix(self.base).strip("/")
        if path == CALLBACK and scope["type"] == "http":
            await self._come_back(request, receive, send)
        elif path in PUBLIC or is_logged_in(request.cookies):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["method"] == "GET" and "text/html" in request.headers.get("accept", ""):
            await self._to_provider(request)(scope, receive, send)
        else:
            await PlainTextResponse(NOT_LOGGED_IN, 401)(scope, receive, send)

    def _to_provider(self, request: HTTPConnection) -> Response:
        response = RedirectResponse(f"{self.base}/auth/login?provider={encode_provider_token('default')}", 302)
        response.headers["Cache-Control"] = "no-store"
        asked = quote(f"{request.url.path}?{request.url.query}", safe="")
        if len(asked) <= LONGEST_ASKED:
            secure = request.url.scheme == "https"
            path = self.base or "/"
            response.set_cookie(ASKED_COOKIE, asked, ASKED_SECONDS, path=path, httponly=True, secure=secure)
        return response

    async def _come_back(self, request: HTTPConnection, receive: Receive, send: Send) -> None:
        """Answer the request that ends a login with the address that was asked for, or say that the login failed."""
        asked = unquote(request.cookies.get(ASKED_COOKIE, ""))
        is_ours = asked.startswith(f"{self.base}/") and not asked.startswith("//")
        refused = False

        async def send_to_asked(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start":
                headers = message["headers"]
                refused = not any(_names_user(*header) for header in headers)
                if is_ours and not refused:
                    kept = [header for header in headers if header[0] != b"location"]
                    message = {**message, "headers": [*kept, (b"location", quote(asked, safe="/?&=%+-._~").encode())]}
            if not refused:
                await send(message)

        await self.app(request.scope, receive, send_to_asked)
        if refused:
            await PlainTextResponse(FAILED, 403)(request.scope, receive, send)
