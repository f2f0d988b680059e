import asyncio
import errno
import os
import re
import socket
import subprocess
import sys
import threading

import pytest
import streamlit as st
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from dashboard import __main__ as launcher
from dashboard.server import FILES, RefuseForeigners, bound_socket, security_headers, serve_file, welcome
from dashboard.style_route import serve_style
from tests.dashboard.conftest import ROOT

FREE = "127.0.0.1", 0


def asked(app, path="/", kind="http", **headers):
    """Return what an application sends when it is asked for a path with these headers."""
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        await asyncio.Event().wait()  # nothing more comes

    encoded = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": kind, "method": "GET", "path": path, "query_string": b"", "headers": encoded, "root_path": ""}
    asyncio.run(app({**scope, "scheme": "http", "server": FREE}, receive, send))
    return sent


def test_connections_wait_for_no_acknowledgement_of_small_packets():
    """Nagle's algorithm is off on the very connections that the server answers on."""
    with bound_socket(*FREE) as bound:
        port = bound.getsockname()[1]
        config = uvicorn.Config(PlainTextResponse("here"), lifespan="off", log_level="warning")
        serving = uvicorn.Server(config)
        thread = threading.Thread(target=serving.run, kwargs={"sockets": [bound]})
        thread.start()
        while not serving.started:
            assert thread.is_alive()
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(1000).startswith(b"HTTP/1.1 200")
            (connection,) = serving.server_state.connections
            served = connection.transport.get_extra_info("socket")
            assert served.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        serving.should_exit = True
        thread.join(20)


@pytest.fixture
def launched(monkeypatch, tmp_path):
    """Return a function that runs the launcher up to where it would serve, and returns its socket and settings."""
    kept = []

    def serve(self, sockets):
        kept.extend((*sockets, self.config))

    monkeypatch.setattr(uvicorn.Server, "run", serve)
    monkeypatch.setattr("streamlit.config._config_options", None)  # those of other tests come back at the end
    monkeypatch.setattr(launcher, "compile_engine", lambda: None)
    monkeypatch.setattr(launcher, "use_runs", lambda _: None)

    def launch(*options):
        monkeypatch.setattr(sys, "argv", ["dashboard", "--port", "0", "--runs", str(tmp_path / "runs"), *options])
        launcher.main()
        return kept

    return launch


def test_the_launcher_serves_on_a_socket_of_tcp_and_takes_small_messages_alone(launched):
    bound, config = launched()
    assert bound.proto == socket.IPPROTO_TCP
    assert config.ws_max_size == 2**16
    assert st.get_option("server.maxWidgetStateSize") == 1
    assert st.get_option("server.maxUploadSize") == 5
    assert not config.ws_per_message_deflate


def answer(path, **headers):
    """Return status, headers and body of the answer to a request for one of the files."""
    start, *bodies = asked(Starlette(routes=[Route(f"/lab/{name}", serve_file) for name in FILES]), path, **headers)
    return start["status"], dict(start["headers"]), b"".join(body.get("body", b"") for body in bodies)


@pytest.mark.case("24")
@pytest.mark.parametrize("name", FILES)
def test_a_file_that_the_browser_has_kept_is_not_sent_again(name, record_property):
    status, headers, body = answer(f"/lab/{name}")
    assert (status, body) == (200, FILES[name].read_bytes())
    assert headers[b"cache-control"] == b"no-cache"
    etag = headers[b"etag"].decode()
    for known in (etag, f"W/{etag}", f'"another", {etag}'):
        status, headers, body = answer(f"/lab/{name}", if_none_match=known)
        record_property("measured", f"{status}, {len(body)} bytes")
        assert (status, body, headers[b"etag"].decode()) == (304, b"", etag)
    status, _, body = answer(f"/lab/{name}", if_none_match='"another"')
    assert (status, len(body)) == (200, FILES[name].stat().st_size)


def test_the_style_sheet_is_sent_once_and_then_asked_for_changes():
    app = Starlette(routes=[Route("/lab/style.css", serve_style)])
    start, *bodies = asked(app, "/lab/style.css")
    headers = dict(start["headers"])
    assert (start["status"], headers[b"content-type"]) == (200, b"text/css; charset=utf-8")
    content = b"".join(body.get("body", b"") for body in bodies)
    for rule in (b"--lab-candidate:", b".lab-slider {", b".lab-box {", b".lab-lesson-head {"):
        assert rule in content
    again, *bodies = asked(app, "/lab/style.css", if_none_match=headers[b"etag"].decode())
    assert again["status"] == 304
    assert not b"".join(body.get("body", b"") for body in bodies)


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


def ancestors(headers):
    return re.search(r"frame-ancestors ([^;]*);", headers["Content-Security-Policy"])[1].split()


def test_pages_of_other_sites_embed_the_laboratory_only_where_they_may():
    assert ancestors(security_headers()) == ["'self'"]
    assert ancestors(security_headers(["https://a.example", "http://b.example:81"])) == [
        "'self'",
        "https://a.example",
        "http://b.example:81",
    ]


@pytest.mark.parametrize(
    "options", [(), ("--embed-in", "https://course.example.org", "--embed-in", "http://b.example:81")]
)
def test_uploads_need_a_cookie_where_no_other_site_embeds_the_laboratory(launched, options):
    _, config = launched(*options)
    headers = next(each.kwargs["headers"] for each in config.app._user_middleware if "headers" in each.kwargs)
    assert ancestors(headers) == ["'self'", *options[1::2]]
    assert st.get_option("server.enableXsrfProtection") == (not options)


class Bound:
    """Stands for a socket that is bound to an address."""

    def __init__(self, *name):
        self.name = name

    def getsockname(self):
        """Return the address."""
        return self.name


@pytest.mark.case("31")
@pytest.mark.parametrize(
    ("name", "base", "secure", "said"),
    [
        (("127.0.0.1", 8501), "", False, "Open http://127.0.0.1:8501 in a browser; Ctrl+C ends the server."),
        (("::1", 8501, 0, 0), "", False, "Open http://[::1]:8501 in a browser; Ctrl+C ends the server."),
        (("127.0.0.1", 80), "/lab", True, "Open https://127.0.0.1:80/lab/ in a browser; Ctrl+C ends the server."),
        (
            ("192.0.2.7", 8501),
            "",
            False,
            "Open http://192.0.2.7:8501 in a browser; Ctrl+C ends the server.\n"
            "Everyone on the network can reach it there.",
        ),
        *(
            (
                name,
                "",
                False,
                "Open http://localhost:8501 in a browser; Ctrl+C ends the server.\n"
                "Everyone on the network can reach it, by this machine's name or address, such as "
                f"http://{socket.gethostname()}:8501.",
            )
            for name in (("0.0.0.0", 8501), ("::", 8501, 0, 0))
        ),
    ],
)
def test_the_launcher_says_what_to_open_and_who_can_reach_it(name, base, secure, said, record_property):
    welcomed = welcome(Bound(*name), base, secure)
    if name[0] == "::1":
        record_property("measured", welcomed.split()[1])
    assert welcomed == said


def no_such_host(*_, **__):
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@pytest.mark.case("31")
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            ("--host", "192.0.2.7"),
            "192.0.2.7 is not an address of this machine: name one that is with --host.",
        ),
        (("--host", "no-such-host.invalid"), "There is no host no-such-host.invalid: name an address of this machine"),
        (("--host", "256.1.1.1"), "There is no host 256.1.1.1: name an address of this machine with --host."),
        (("--host", "a" * 64), f"There is no host {'a' * 64}: name an address of this machine with --host."),
        (("--port", "{busy}"), "The port {busy} is taken by another program: choose another with --port."),
        (("--port", "70000"), "the port must lie between 0 and 65535; it is 70000"),
        (("--allow-host", "http://lab"), "'http://lab' is not the name of a host, such as lab.example.org."),
        (
            ("--embed-in", "course.example.org"),
            "'course.example.org' is not the origin of a page: https:// and the name of its host.",
        ),
        (("--embed-in", "https://a.example; default-src *"), "is not the origin of a page"),
        (("--embed-in", "https://a.example/course"), "is not the origin of a page"),
    ],
)
def test_what_cannot_be_ends_in_a_sentence_before_anything_is_compiled(
    launched, monkeypatch, capsys, options, sentence, record_property
):
    monkeypatch.setattr(launcher, "compile_engine", lambda: pytest.fail("compiled"))
    with bound_socket(*FREE) as other:
        other.listen()
        busy = other.getsockname()[1]
        if sentence.startswith("There is no host"):
            monkeypatch.setattr(socket, "getaddrinfo", no_such_host)
        with pytest.raises(SystemExit) as ended:
            launched(*(option.format(busy=busy) for option in options))
    if sentence.startswith("There is no host no-such"):
        record_property("measured", f"exit {ended.value.code}")
    assert ended.value.code == 2
    assert sentence.format(busy=busy) in capsys.readouterr().err


def test_a_port_that_this_user_may_not_have_ends_in_a_sentence(monkeypatch):
    class Refusing(socket.socket):
        def bind(self, _):
            raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket, "socket", Refusing)
    with pytest.raises(ValueError, match="This user may not listen on port 80: choose one from 1024 on with --port"):
        bound_socket("127.0.0.1", 80)


@pytest.mark.case("30")
def test_the_launcher_needs_no_home_of_its_user(tmp_path, record_property):
    """As where the user's number has no name and HOME is not set: Python then knows no home."""
    program = f"""
import pwd, sys
def unknown(number):
    raise KeyError(number)
pwd.getpwuid = unknown
import uvicorn
from dashboard import __main__ as launcher
uvicorn.Server.run = lambda *_, **__: print("serves")
launcher.compile_engine = lambda: None
sys.argv = ["dashboard", "--port", "0", "--runs", {str(tmp_path / "runs")!r}]
launcher.main()
"""
    environment = {name: value for name, value in os.environ.items() if name != "HOME"}
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    record_property("measured", ended.stdout.splitlines()[-1])
    assert ended.stdout.splitlines()[-1] == "serves"
