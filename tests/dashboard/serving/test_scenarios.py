"""What an audit of a similar laboratory (Gradio 5, Trail of Bits, 2024) tried, on a real server.

In its four scenarios: on one's own machine, deployed on a network, shared by links, and the supply chain, which
`tests/test_supply_chain.py` and `tests/test_no_text_becomes_code.py` hold. Logins are in `test_login.py`, foreign names
and origins in full in `test_foreigners.py`, who asks other hosts in `tests/browser/test_outward.py`.
"""

import http.client
from contextlib import closing
from urllib.parse import urlsplit

import httpx
import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from dashboard.serving.files import FILES
from tests.dashboard.serving.quick_server import quick_server

PATHS = [
    "/", "/neuron", "/your-data", "/nowhere", "/static/index.html",
    *(f"/lab/{name}" for name in (*FILES, "style.css", "live", "nothing")),
    *(f"/_stcore/{name}" for name in ("health", "host-config", "metrics", "stream", "script-health-check",
                                      "upload_file/session/file", "agent/interact", "agent/mcp", "agent/openapi.json")),
    "/media/a.csv", "/component/a/b.js", "/auth/login", "/auth/logout", "/oauth2callback",
]  # fmt: skip
ELSEWHERE = "http://elsewhere.example"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with quick_server(tmp_path_factory.mktemp("scenarios")) as url:
        yield url


@pytest.fixture(scope="module")
def client(server):
    with httpx.Client(base_url=server) as client:
        yield client


@pytest.fixture
def session(server):
    """The connection of a page, and the id of its session."""
    stream = f"{server.replace('http', 'ws')}/_stcore/stream"
    with connect(stream, subprotocols=["streamlit"], origin=server, proxy=None, max_size=None) as connection:
        message = BackMsg()
        message.rerun_script.query_string = ""
        connection.send(message.SerializeToString())
        answer = ForwardMsg()
        answer.ParseFromString(connection.recv(20))
        assert answer.WhichOneof("type") == "new_session"
        yield connection, answer.new_session.initialize.session_id


def raw(server, method, path, headers=(), body=b""):
    """Return status and content of the answer to a request whose path nothing has tidied up."""
    with closing(http.client.HTTPConnection(urlsplit(server).netloc, timeout=20)) as connection:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders()
        connection.send(body)
        answer = connection.getresponse()
        return answer.status, answer.read()


# ------------------------------------------------------------------------------------------------ on one's own machine


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
def test_no_route_answers_under_a_name_that_another_site_gave_this_machine(client, method):
    rebound = {"Host": "elsewhere.example:8501", "Origin": f"{ELSEWHERE}:8501"}
    assert {path: client.request(method, path, headers=rebound).status_code for path in PATHS} == dict.fromkeys(
        PATHS, 403
    )


@pytest.mark.parametrize("origin", [ELSEWHERE, "null", "http://localhost:1", "file://"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_no_route_takes_what_a_page_of_another_site_sends(client, method, origin):
    sent = {"Origin": origin, "Cookie": "_streamlit_xsrf=1; inverse-lab-visitor=1", "X-Xsrftoken": "1"}
    assert {path: client.request(method, path, headers=sent).status_code for path in PATHS} == dict.fromkeys(PATHS, 403)


@pytest.mark.parametrize("origin", [ELSEWHERE, "null"])
def test_no_page_of_another_site_reads_an_answer(client, origin):
    for path in PATHS:
        answer = client.get(path, headers={"Origin": origin})
        assert answer.headers.get("access-control-allow-origin") not in ("*", origin), path


def test_every_answer_carries_what_tells_browsers_to_be_careful(client):
    for path in PATHS:
        headers = client.get(path).headers
        assert "object-src 'none'" in headers["content-security-policy"], path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["cross-origin-resource-policy"] == "same-origin", path


def test_an_upload_needs_a_token_that_only_our_page_can_read(client, server, session):
    _, own = session
    path, file = f"/_stcore/upload_file/{own}/1", {"file": ("a.csv", b"0,1", "text/csv")}
    assert client.put(path, files=file).status_code == 403
    assert client.put(path, files=file, headers={"Origin": server, "X-Xsrftoken": "guessed"}).status_code == 403
    with httpx.Client(base_url=server) as browser:
        browser.get("/_stcore/health")
        token = browser.cookies["_streamlit_xsrf"]
        headers = {"Origin": server, "X-Xsrftoken": token}
        assert browser.put(path, files=file, headers=headers).status_code == 204
        assert browser.delete(path).status_code == 403
        another = "00000000-0000-0000-0000-000000000000"
        assert browser.put(path.replace(own, another), files=file, headers=headers).status_code == 400
        # What is too large is refused by its announced length, before any of it is read, and where it has none, as
        # soon as it is too long.
        announced = [*headers.items(), ("Cookie", f"_streamlit_xsrf={token}"), ("Content-Length", str(13 * 2**20))]
        assert raw(server, "PUT", path, announced)[0] == 413
        head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        pieces = iter([head, *[bytes(2**20)] * 13])
        form = {**headers, "Content-Type": "multipart/form-data; boundary=x"}
        assert browser.put(path, content=pieces, headers=form).status_code == 413


# ------------------------------------------------------------------------------------------------ deployed on a network


@pytest.mark.parametrize("up", ["../", "..%2f", "%2e%2e/", "..%5c", "....//", "..;/", "%252e%252e%252f"])
@pytest.mark.parametrize("start", ["/", "/lab/", "/static/", "/media/", "/component/a/", "/app/static/", "//"])
def test_no_path_leads_out_of_what_is_served(server, start, up):
    for depth, target in ((9, "etc/passwd"), (1, "app.py"), (2, "app.py"), (3, "dashboard/app.py")):
        status, content = raw(server, "GET", f"{start}{up * depth}{target}", [("Accept", "*/*")])
        # A path that nothing stands at shows the page, which finds nothing there either.
        assert status >= 300 or b"<title>Streamlit</title>" in content
        assert b"root:" not in content
        assert b"import streamlit" not in content


def test_what_was_uploaded_is_served_to_nobody(client, session):
    _, own = session
    path, markup = f"/_stcore/upload_file/{own}/1.html", b"<script>alert(1)</script>"
    client.get("/_stcore/health")
    headers = {"X-Xsrftoken": client.cookies["_streamlit_xsrf"]}
    assert client.put(path, files={"file": ("1.html", markup, "text/html")}, headers=headers).status_code == 204
    for asked in (path, "/media/1.html", f"/media/{own}/1.html"):
        answer = client.get(asked)
        assert markup not in answer.content
        assert answer.status_code == 404 or "<title>Streamlit</title>" in answer.text


def test_no_program_drives_the_pages_through_the_routes_for_agents(client):
    for path in ("/_stcore/agent/interact", "/_stcore/agent/mcp"):
        answer = client.post(path, json={})
        assert 400 <= answer.status_code < 500
        assert "does not serve the agent API" in answer.text


@pytest.mark.parametrize(
    "content", [b"", b"[", b"[" * 5000, b'{"page": "../app"}', b'{"page": "neuron", "key": "guessed", "address": "", '
                b'"drawn": {}, "changes": {}}', b"\xff\xfe", b"0" * 100_000]
)  # fmt: skip
def test_what_the_live_route_cannot_read_is_a_sentence_without_an_inside(client, content):
    answer = client.post("/lab/live", content=content)
    assert answer.status_code in (400, 413)
    assert 10 < len(answer.text) < 200
    assert not any(inside in answer.text for inside in ("Traceback", "File ", ".py", "/"))


def test_a_message_that_is_none_ends_its_connection_and_tells_nothing(session):
    connection, _ = session
    connection.send(b"\xff" * 100)
    received = []
    with pytest.raises(ConnectionClosed) as ended:
        received.extend(iter(lambda: connection.recv(20), None))
    assert ended.value.rcvd.code == 1002  # protocol error
    assert not any(inside in message for message in received for inside in (b"Traceback", b".py"))


# ------------------------------------------------------------------------------------------------------ shared by links


def test_what_tells_visitors_apart_cannot_be_guessed(server):
    cookies = set()
    for _ in range(3):
        with httpx.Client(base_url=server) as browser:
            browser.get("/", headers={"Accept": "text/html"})
            cookies.add(browser.cookies["inverse-lab-visitor"])
    assert len(cookies) == 3
    assert all(len(bytes.fromhex(cookie)) == 16 for cookie in cookies)
