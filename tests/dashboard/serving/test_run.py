import os
import socket
import subprocess
import sys

import pytest
import streamlit as st
import uvicorn

from dashboard import __main__ as launcher
from dashboard.serving import run as running
from dashboard.serving.foreigners import RefuseForeigners
from dashboard.serving.listening import bound_socket
from dashboard.serving.login import RequireLogin
from dashboard.visitors import NameVisitors
from tests.dashboard.conftest import ROOT
from tests.dashboard.serving.test_headers import ancestors

FREE = "127.0.0.1", 0


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
    assert st.get_option("server.maxUploadSize") == 12
    assert not config.ws_per_message_deflate


@pytest.mark.parametrize(
    "options", [(), ("--embed-in", "https://course.example.org", "--embed-in", "http://b.example:81")]
)
def test_uploads_need_a_cookie_where_no_other_site_embeds_the_laboratory(launched, options):
    _, config = launched(*options)
    headers = next(each.kwargs["headers"] for each in config.app._user_middleware if "headers" in each.kwargs)
    assert ancestors(headers) == ["'self'", *options[1::2]]
    assert st.get_option("server.enableXsrfProtection") == (not options)


@pytest.mark.parametrize(
    ("options", "needs_login"), [(("--host", "0.0.0.0", "--allow-everyone"), False), (("--host", "0.0.0.0"), True)]
)
def test_the_server_opens_to_the_network_for_everyone_or_for_those_who_log_in(
    launched, monkeypatch, options, needs_login
):
    for module in (launcher, running):
        monkeypatch.setattr(module, "is_needed", lambda _: needs_login)
    _, config = launched(*options)
    layers = [each.cls for each in config.app._user_middleware]
    assert (RequireLogin in layers) == needs_login
    assert layers.index(RefuseForeigners) < layers.index(NameVisitors)


def test_a_path_of_the_pages_is_that_of_the_routes(launched):
    _, config = launched("--base-path", "/apps/lab/")
    paths = {route.path for route in config.app._user_routes}
    assert {"/apps/lab/lab/live", "/apps/lab/lab/plotly.min.js"} <= paths
    assert not any(path.startswith("/lab") for path in paths)


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
        (
            ("--host", "0.0.0.0"),
            "everyone who reaches 0.0.0.0 could use the laboratory, and see, start and stop its trainings: if that is "
            "meant, add --allow-everyone; otherwise set a login up, as dashboard/README.md says",
        ),
        (("--allow-host", "lab.example.org"), "everyone who reaches lab.example.org could use the laboratory"),
        (("--base-path", "apps/../lab"), "'apps/../lab' is not a path, such as apps/lab."),
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


def test_a_server_with_a_damaged_key_does_not_start(launched, tmp_path, capsys):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / ".truth-key").write_bytes(b"")
    with pytest.raises(SystemExit):
        launched()
    assert f"the key in {tmp_path / 'runs' / '.truth-key'} is damaged" in capsys.readouterr().err


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
