import pytest
from starlette.responses import PlainTextResponse

from dashboard.serving.foreigners import RefuseForeigners
from tests.dashboard.serving.asking import asked


class Inner:
    """An application that remembers the headers of what reaches it."""

    def __init__(self):
        self.headers = None

    async def __call__(self, scope, receive, send):
        """Answer with a word."""
        self.headers = dict(scope["headers"])
        await PlainTextResponse("here")(scope, receive, send)


def reaches(names, kind="http", method="GET", **headers):
    """Say whether a request is passed on, and that it is answered by a refusal otherwise."""
    inner = Inner()
    sent = asked(RefuseForeigners(inner, names), kind=kind, method=method, **headers)
    if inner.headers is None:
        if kind == "websocket":
            assert sent == [{"type": "websocket.close", "code": 1008}]
        else:
            assert sent[0]["status"] == 403
    return inner.headers is not None


@pytest.mark.parametrize(
    ("host", "on_loopback", "as_lab"),
    [
        ("localhost:8501", True, True),
        ("LOCALHOST.", True, True),
        ("127.0.0.1:8501", True, True),
        ("[::1]:8501", True, True),
        ("192.0.2.7:8501", True, True),
        ("lab.example.org", False, True),
        ("Lab.Example.org:443", False, True),
        ("elsewhere.example:8501", False, False),
        ("lab.example.org.elsewhere.example", False, False),
        ("127.0.0.1.elsewhere.example", False, False),
        ("localhost@elsewhere.example", False, False),
        ("[", False, False),
        ("", False, False),
    ],
)
def test_only_names_that_are_the_server_s_are_answered(host, on_loopback, as_lab):
    for kind in ("http", "websocket"):
        assert reaches((), kind, host=host) == on_loopback
        assert reaches(("lab.example.org",), kind, host=host) == as_lab


ORIGINS = [
    ("http://127.0.0.1:8501", True),
    ("https://127.0.0.1:8501", True),  # a web server in front may speak TLS
    ("https://lab.example.org", True),  # or leave its own name out of Host
    ("http://127.0.0.1:8502", False),
    ("http://localhost:8501", False),
    ("http://elsewhere.example", False),
    ("http://127.0.0.1:8501@elsewhere.example", False),
    ("http://lab.example.org.elsewhere.example", False),
    ("null", False),  # of a page in a sandbox
    ("", False),
    ("http://[", False),
]


@pytest.mark.parametrize(("origin", "passed"), ORIGINS)
def test_only_pages_of_the_server_open_websockets(origin, passed):
    assert reaches(("lab.example.org",), "websocket", host="127.0.0.1:8501", origin=origin) == passed


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "post"])
@pytest.mark.parametrize(("origin", "passed"), ORIGINS)
def test_only_pages_of_the_server_send_anything_with_or_without_a_cookie(origin, passed, method):
    for cookies in ({}, {"cookie": "_streamlit_user=1"}):
        headers = {"host": "127.0.0.1:8501", "origin": origin, **cookies}
        assert reaches(("lab.example.org",), method=method, **headers) == passed


def test_programs_that_are_no_browser_name_no_origin_and_pages_are_opened_from_anywhere():
    assert reaches((), method="POST", host="127.0.0.1:8501")
    assert reaches((), host="127.0.0.1:8501", origin="http://elsewhere.example")


def test_who_judges_origins_by_asking_other_hosts_is_given_one_that_is_the_host_s():
    inner = Inner()
    headers = {"host": "127.0.0.1:1", "origin": "https://lab.example.org", "cookie": "a=b"}
    asked(RefuseForeigners(inner, ("lab.example.org",)), kind="websocket", **headers)
    assert inner.headers == {b"host": b"lab.example.org", b"origin": b"https://lab.example.org", b"cookie": b"a=b"}


def test_a_refusal_says_what_to_do():
    sent = asked(RefuseForeigners(Inner(), ()), host="lab.example.org:8501")
    assert sent[1]["body"].decode() == (
        "This server does not go by the name 'lab.example.org'. If that is its name, start it with --allow-host."
    )


def test_a_refused_connection_is_logged_with_what_to_do(caplog):
    assert not reaches((), "websocket", host="127.0.0.1:8501", origin="http://other.example")
    assert caplog.messages == [
        "'http://other.example' may not send anything to '127.0.0.1:8501'. If visitors use 'http://other.example', "
        "start with --allow-host."
    ]
