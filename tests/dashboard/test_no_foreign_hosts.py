import asyncio
import re

import pytest

from dashboard.server import (
    CONFIG,
    FILES,
    STREAMLIT_PAGE,
    SecurityHeaders,
    inline_script_source,
    security_headers,
)
from tests.dashboard.conftest import ROOT

SOURCES = sorted(path for ending in ("js", "css", "py") for path in (ROOT / "dashboard").rglob(f"*.{ending}"))
# An address with a scheme, or one that takes the page's own scheme, in quotes or within url( ).
FOREIGN = re.compile(r"""(?:https?|wss?|ftp):/*[\w\[]|["'`(]//[\w\[]|@import""", re.IGNORECASE)
HEADERS = security_headers()
LOOPBACK = re.compile(r"https?://(?:localhost|127\.0\.0\.1|\[::1\])(?=[:/\"'`]|$)")
SCRIPT = inline_script_source(STREAMLIT_PAGE.read_text(encoding="utf-8"))
KEYWORDS = {"'self'", "'none'", "'unsafe-inline'", "'wasm-unsafe-eval'", "blob:", "data:", SCRIPT}


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


def test_no_script_runs_but_files_of_the_server_and_streamlit_s_own():
    assert directives()["script-src"] == ["'self'", "blob:", SCRIPT, "'wasm-unsafe-eval'"]
    assert directives()["default-src"] == ["'self'", "blob:", "data:"]
    assert directives()["style-src"] == ["'self'", "'unsafe-inline'"]


def test_the_one_inline_script_is_allowed_by_its_hash():
    page = '<script>\n1\n</script><script type="module" src="a.js"></script>'
    # printf '\n1\n' | openssl dgst -sha256 -binary | base64
    assert inline_script_source(page) == "'sha256-PBL+VNcqg2ezLpeQ7yj8J15XmnKAnnIb2qth9B/WTJ4='"


@pytest.mark.parametrize(
    ("page", "n"), [("<script src='a.js'></script>", 0), ("<script>1</script><script>2</script>", 2)]
)
def test_another_number_of_inline_scripts_is_refused(page, n):
    with pytest.raises(ValueError, match=f"Streamlit’s page has {n} inline scripts"):
        inline_script_source(page)


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
