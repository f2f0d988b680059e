"""Two server processes behind nginx, by the configuration of the repository."""

import shutil
import ssl
import subprocess
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx
import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

from tests.browser.lab import free_port
from tests.dashboard.deployment.proxy import BASE_PATH, command, in_front_of
from tests.dashboard.serving.quick_server import quick_server

pytestmark = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed: apt-get install nginx")
N_VISITORS = 12


@pytest.fixture(scope="module")
def proxied(tmp_path_factory):
    """The address behind nginx, that without TLS, those of the two servers, and what trusts the certificate."""
    folder = tmp_path_factory.mktemp("nginx")
    (folder / "one").mkdir()
    (folder / "other").mkdir()
    ports = free_port(), free_port()
    with ExitStack() as stack:
        options = "--base-path", BASE_PATH, "--allow-host", "lab.example.org", "--allow-everyone"
        servers = [
            stack.enter_context(quick_server(folder / name, *options, port=port))
            for name, port in zip(("one", "other"), ports, strict=True)
        ]
        url, plain = stack.enter_context(in_front_of(ports, folder))
        yield url, plain, servers, ssl.create_default_context(cafile=folder / "certificate.pem")


def visitor(i):
    """Return the cookie of a visitor."""
    return {"Cookie": f"inverse-lab-visitor={i:032x}"}


def page_of(headers, url, trusted):
    """Open the connection of a page."""
    return connect(
        f"{url.replace('https', 'wss')}/_stcore/stream",
        ssl=trusted,
        origin=url.removesuffix(f"/{BASE_PATH}"),
        additional_headers=headers,
        subprotocols=["streamlit"],
        proxy=None,
        max_size=None,
    )


def session_of(connection):
    """Return the id of the session of a connection."""
    message, answer = BackMsg(), ForwardMsg()
    message.rerun_script.query_string = ""
    connection.send(message.SerializeToString())
    answer.ParseFromString(connection.recv(20))
    return answer.new_session.initialize.session_id


def n_sessions(server):
    """Return how many pages a server has open."""
    lines = httpx.get(f"{server}/{BASE_PATH}/_stcore/metrics").text.splitlines()
    (line,) = (line for line in lines if line.startswith("active_sessions"))
    return int(line.split()[-1])


def test_nginx_takes_the_configuration(tmp_path):
    ran = subprocess.run(command(tmp_path, (8501, 8502), 8443, 8080, "-t"), capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "warn" not in ran.stderr


@pytest.mark.long
def test_both_servers_are_used_and_a_visitor_stays_with_one(proxied):
    url, _, servers, trusted = proxied
    origin = url.removesuffix(f"/{BASE_PATH}")
    with ExitStack() as stack:
        client = stack.enter_context(httpx.Client(verify=trusted))
        client.get(f"{url}/_stcore/health")
        token = client.cookies["_streamlit_xsrf"]
        for i in range(N_VISITORS):
            session = session_of(stack.enter_context(page_of(visitor(i), url, trusted)))
            for name in range(3):  # a server takes files for its own sessions alone
                answer = httpx.put(
                    f"{url}/_stcore/upload_file/{session}/{name}",
                    files={"file": ("a.csv", b"0,1", "text/csv")},
                    headers={"Cookie": f"{visitor(i)['Cookie']}; _streamlit_xsrf={token}", "Origin": origin,
                             "X-Xsrftoken": token},
                    verify=trusted,
                )  # fmt: skip
                assert answer.status_code == 204
        open_pages = [n_sessions(server) for server in servers]
    assert sum(open_pages) == N_VISITORS
    assert min(open_pages) > 0


@pytest.mark.long
def test_a_browser_gets_its_cookie_for_tls_alone_and_under_the_path(proxied):
    url, plain, _, trusted = proxied
    answer = httpx.get(f"{url}/", headers={"Accept": "text/html"}, verify=trusted)
    assert answer.headers["set-cookie"].endswith("; HttpOnly; SameSite=Lax; Secure")
    assert answer.headers["strict-transport-security"].startswith("max-age=")
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
    assert httpx.get(f"{url}/lab/live.js", verify=trusted).status_code == 200
    for moved in (plain, url):
        answer = httpx.get(moved, verify=trusted)
        assert answer.status_code == 308
        assert urlsplit(answer.headers["location"]).path in (f"/{BASE_PATH}", f"/{BASE_PATH}/")


@pytest.mark.long
def test_what_the_servers_refuse_is_refused_through_nginx_too(proxied):
    url, _, _, trusted = proxied
    with httpx.Client(verify=trusted) as client:
        assert client.get(f"{url}/", headers={"Host": "elsewhere.example"}).status_code == 403
        assert client.get(f"{url}/", headers={"Host": "lab.example.org"}).status_code == 200
        assert client.post(f"{url}/lab/live", headers={"Origin": "https://elsewhere.example"}).status_code == 403
        for name in ("lab/metrics", "_stcore/metrics"):
            assert client.get(f"{url}/{name}").status_code == 404
        assert client.put(f"{url}/_stcore/upload_file/a/b", content=bytes(14 * 2**20)).status_code == 413
