"""Nothing leaves the machine, and nobody of another site comes in: servers and browser are watched on a tour."""

import http.client
import os
import socket
import subprocess
import sys
from collections import deque
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.browser.lab import PAGES, VIEWPORT, Lab
from tests.browser.proxies import watching

pytestmark = pytest.mark.browser
WEBSOCKET = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


def status(url, **headers):
    """Return the status of the answer to a request for a WebSocket."""
    parts = urlsplit(url)
    with closing(http.client.HTTPConnection(parts.netloc, timeout=20)) as connection:
        connection.request("GET", f"{parts.path}/_stcore/stream", headers={**WEBSOCKET, **headers})
        return connection.getresponse().status


def test_the_watch_sees_look_ups_connections_and_requests_through_a_proxy(tmp_path):
    program = """
import socket, urllib.request
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
    datagrams.connect(("192.0.2.1", 9))
try:
    socket.getaddrinfo("lab.invalid", 80)
except OSError:
    pass
with socket.socket() as here:
    here.connect_ex(("127.0.0.1", 9))
try:
    urllib.request.urlopen("http://192.0.2.2/address")
except OSError:
    pass
"""
    with watching(tmp_path) as (environment, asked):
        subprocess.run([sys.executable, "-c", program], env={**os.environ, **environment}, check=True)
        assert asked() == [
            "socket.connect 192.0.2.1",
            "socket.getaddrinfo lab.invalid",
            "GET http://192.0.2.2/address HTTP/1.1",
        ]


@pytest.mark.case("22")
def test_a_tour_of_all_pages_of_an_open_server_asks_no_other_host(browser, open_server, watch, record_property):
    url, _ = open_server
    context = browser.new_context(viewport=VIEWPORT)
    elsewhere = []
    context.on("request", lambda each: elsewhere.append(each.url) if not each.url.startswith(url) else None)
    lab = Lab(context, url)
    try:
        lab.open()
        for page in PAGES:
            lab.go(page)
        lab.check()
    finally:
        context.close()
    assert [each for each in elsewhere if urlsplit(each).scheme not in ("data", "blob")] == []
    asked = watch[1]()
    record_property("measured", f"{len(asked)} requests to other hosts")
    assert asked == []


def test_a_page_of_another_site_is_refused_without_asking_anybody(server, open_server, watch):
    for url in (server, open_server[0]):
        host = urlsplit(url).netloc
        assert status(url, Host=host, Origin=f"http://{host}") == 101
        assert status(url, Host=host, Origin="http://elsewhere.example") == 403
        assert status(url, Host=host, Origin="null") == 403
    assert watch[1]() == []


def test_a_name_that_another_site_gave_this_machine_is_refused_on_loopback(server):
    """DNS rebinding: the page's name and origin agree, but the name is not the server's."""
    port = urlsplit(server).port
    assert status(server, Host=f"elsewhere.example:{port}", Origin=f"http://elsewhere.example:{port}") == 403
    for host in ("localhost", "127.0.0.1", "[::1]"):
        assert status(server, Host=f"{host}:{port}", Origin=f"http://{host}:{port}") == 101


def test_a_message_above_the_limit_ends_its_connection_and_nobody_else_s(server):
    stream = f"{server.replace('http', 'ws')}/_stcore/stream"
    with connect(stream, subprotocols=["streamlit"], proxy=None) as visitor:
        with connect(stream, subprotocols=["streamlit"], proxy=None) as attacker:
            attacker.send(bytes(2**16 + 1))
            with pytest.raises(ConnectionClosed) as ended:
                deque(attacker, maxlen=0)  # takes what the server says until it ends the connection
            assert ended.value.rcvd.code == 1009  # message too big
        visitor.ping().wait(20)


@pytest.mark.case("18")
def test_an_open_server_starts_in_a_latin_1_terminal_and_says_who_can_reach_it(open_server):
    url, log = open_server
    port = urlsplit(url).port
    lines = log.read_text("latin-1").splitlines()
    assert lines[0] == "Preparing the solver (the very first start compiles it: up to a minute) ?"
    assert f"Open http://localhost:{port}/apps/neurons/ in a browser; Ctrl+C ends the server." in lines
    assert (
        "Everyone on the network can reach it, by this machine's name or address, such as "
        f"http://{socket.gethostname()}:{port}/apps/neurons/." in lines
    )
