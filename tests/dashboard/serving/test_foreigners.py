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


def reaches(names, any_name, kind="http", **headers):
    """Say whether a request is passed on, and that it is answered by a refusal otherwise."""
    inner = Inner()
    sent = asked(RefuseForeigners(inner, names, any_name), kind=kind, **headers)
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
        assert reaches((), False, kind, host=host) == on_loopback
        assert reaches(("lab.example.org",), False, kind, host=host) == as_lab
        assert reaches((), True, kind, host=host)


@pytest.mark.parametrize(
    ("origin", "passed"),
    [
        ("http://127.0.0.1:8501", True),
        ("https://127.0.0.1:8501", True),  # a web server in front may speak TLS
        ("https://lab.example.org", True),  # or leave its own name out of Host
        ("http://127.0.0.1:8502", False),
        ("http://localhost:8501", False),
        ("http://elsewhere.example", False),
        ("null", False),
        ("http://[", False),
    ],
)
def test_only_pages_of_the_server_open_websockets(origin, passed):
    headers = {"host": "127.0.0.1:8501", "origin": origin}
    assert reaches(("lab.example.org",), False, "websocket", **headers) == passed
    assert reaches(("lab.example.org",), True, "websocket", **headers) == passed


def test_what_judges_origins_by_asking_other_hosts_gets_none_to_judge():
    inner = Inner()
    asked(RefuseForeigners(inner, (), False), kind="websocket", host="[::1]:1", origin="http://[::1]:1", cookie="a=b")
    assert inner.headers == {b"host": b"[::1]:1", b"cookie": b"a=b"}


def test_a_refusal_says_what_to_do():
    sent = asked(RefuseForeigners(Inner(), (), False), host="lab.example.org:8501")
    assert sent[1]["body"].decode() == (
        "This server does not go by the name 'lab.example.org'. If that is its name, start it with --allow-host."
    )


def test_a_refused_connection_is_logged_with_what_to_do(caplog):
    assert not reaches((), True, "websocket", host="lab:8501", origin="http://other.example")
    assert caplog.messages == [
        "'http://other.example' may not open a connection to 'lab:8501'. If visitors use 'http://other.example', start "
        "with --allow-host."
    ]
