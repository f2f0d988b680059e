import asyncio
import re

import pytest

from dashboard.server import CONFIG, FILES, SecurityHeaders, security_headers
from tests.dashboard.conftest import ROOT

SOURCES = sorted(path for ending in ("js", "css", "py") for path in (ROOT / "dashboard").rglob(f"*.{ending}"))
# An address with a scheme, or one that takes the page's own scheme, in quotes or within url( ).
FOREIGN = re.compile(r"""(?:https?|wss?|ftp):/*[\w\[]|["'`(]//[\w\[]|@import""", re.IGNORECASE)
HEADERS = security_headers()
LOOPBACK = re.compile(r"https?://(?:localhost|127\.0\.0\.1|\[::1\])(?=[:/\"'`]|$)")
KEYWORDS = {"'self'", "'none'", "'unsafe-inline'", "'unsafe-eval'", "blob:", "data:"}


@pytest.mark.parametrize(
    "text",
    [
        'fetch("https://example.org")',
        "src='//cdn.example.org/a.js'",
        "url(http://example.org/a.woff)",
        "@import 'a.css'",
    ],
)
def test_the_search_finds_foreign_hosts(text):
    assert FOREIGN.search(text)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_names_a_foreign_host(path):
    assert not FOREIGN.search(LOOPBACK.sub("", path.read_text()))


def test_the_component_s_files_are_among_the_sources():
    assert {"live.js", "live.css"} <= {path.name for path in SOURCES}


def directives():
    parts = (part.split() for part in HEADERS["Content-Security-Policy"].split(";"))
    return {name: sources for name, *sources in parts}


def test_the_security_policy_lets_nothing_in_from_another_host():
    assert "'self'" in directives()["default-src"]
    for name, sources in directives().items():
        assert set(sources) <= KEYWORDS, name


def test_every_answer_carries_the_policy():
    async def answer(scope, receive, send):
        await send({"type": "http.response.start", "status": 404, "headers": [(b"server", b"x")]})
        await send({"type": "http.response.body", "body": b""})

    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(SecurityHeaders(answer, HEADERS)({"type": "http"}, None, send))
    headers = dict(sent[0]["headers"])
    assert headers[b"content-security-policy"] == HEADERS["Content-Security-Policy"].encode()
    assert headers[b"server"] == b"x"
    assert headers[b"referrer-policy"] == b"no-referrer"
    assert sent[1] == {"type": "http.response.body", "body": b""}


def test_nothing_is_reported_home_and_the_page_serves_its_own_plotly():
    assert CONFIG["browser.gatherUsageStats"] is False
    assert all(path.is_file() for path in FILES.values())
