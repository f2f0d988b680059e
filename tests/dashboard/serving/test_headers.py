import asyncio
import re

import pytest

from dashboard.serving.headers import STREAMLIT_PAGE, SecurityHeaders, inline_script_source, security_headers

HEADERS = security_headers()
SCRIPT = inline_script_source(STREAMLIT_PAGE.read_text(encoding="utf-8"))
KEYWORDS = {"'self'", "'none'", "'unsafe-inline'", "'wasm-unsafe-eval'", "blob:", "data:", SCRIPT}


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


def ancestors(headers):
    """Return the origins whose pages may show the laboratory in a frame."""
    return re.search(r"frame-ancestors ([^;]*);", headers["Content-Security-Policy"])[1].split()


def test_pages_of_other_sites_embed_the_laboratory_only_where_they_may():
    assert ancestors(security_headers()) == ["'self'"]
    assert ancestors(security_headers(["https://a.example", "http://b.example:81"])) == [
        "'self'",
        "https://a.example",
        "http://b.example:81",
    ]


def test_no_page_of_another_site_shares_a_window_or_a_file_and_no_device_is_asked_for():
    assert HEADERS["Cross-Origin-Opener-Policy"] == HEADERS["Cross-Origin-Resource-Policy"] == "same-origin"
    policy = HEADERS["Permissions-Policy"].split(", ")
    assert {"camera=()", "microphone=()", "geolocation=()"} <= set(policy)
    assert all(each.endswith("=()") for each in policy)
