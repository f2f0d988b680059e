import asyncio
import re
from types import SimpleNamespace

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from dashboard import visitors
from dashboard.scene.observation import Trace

ANNA, BERT = "a" * 32, "b" * 32


def trace(number, name="mine.csv"):
    return Trace(name, np.arange(20.0), np.full(20, float(number)))


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Begin with nothing kept, at a time that the test sets."""
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(visitors, "_kept", type(visitors._kept)())
    monkeypatch.setattr(visitors, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


def test_a_trace_is_kept_for_the_browser_that_sent_it_alone():
    first, second = trace(1), trace(2)  # of one file name
    names = visitors.keep(ANNA, first), visitors.keep(ANNA, second)
    assert [visitors.kept(ANNA, name) for name in names] == [first, second]
    assert [visitors.kept(other, names[0]) for other in (BERT, "", "0" * 32)] == [None] * 3
    visitors.keep("", trace(3))
    assert len(visitors._kept) == 2


def test_a_trace_is_kept_for_twelve_hours_after_it_was_last_on_screen(clock):
    name = visitors.keep(ANNA, trace(1))
    clock.now = 11.9 * 3600
    assert visitors.kept(ANNA, name) is not None
    visitors.keep(ANNA, trace(1))
    clock.now = 23.8 * 3600
    assert visitors.kept(ANNA, name) is not None
    clock.now = 24 * 3600
    assert visitors.kept(ANNA, name) is None
    assert not visitors._kept


def test_the_number_of_kept_traces_is_bounded_for_one_visitor_and_for_all():
    names = [visitors.keep(ANNA, trace(i)) for i in range(60)]
    assert [i for i, name in enumerate(names) if visitors.kept(ANNA, name)] == [55, 56, 57, 58, 59]
    for i in range(300):
        visitors.keep(f"{i:032x}", trace(i))
    assert len(visitors._kept) == visitors.MAX_TRACES
    assert visitors.kept(ANNA, names[-1]) is None


def ask(app, path, method="GET", cookie="", accept="text/html,*/*", scheme="http"):
    """Return the headers of an application's answer to a request."""
    answers = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        answers.append(message)

    headers = [(b"accept", accept.encode()), *([(b"cookie", cookie.encode())] if cookie else [])]
    scope = {"type": "http", "method": method, "path": path, "headers": headers, "query_string": b"", "scheme": scheme}
    asyncio.run(app(scope, receive, send))
    return {name.decode(): value.decode() for name, value in answers[0]["headers"]}


def test_a_browser_gets_one_name_that_scripts_cannot_read_and_a_page_alone_gives():
    routes = [Route("/", lambda _: HTMLResponse("page")), Route("/kept", lambda _: Response(status_code=304))]
    app = visitors.NameVisitors(Starlette(routes=routes))
    assert "set-cookie" not in ask(app, "/", accept="*/*")
    # A browser that was closed has forgotten the cookie, and may have kept the page.
    assert "set-cookie" in ask(app, "/kept")
    assert ask(app, "/", scheme="https")["set-cookie"].endswith("; Secure")
    given = [ask(app, "/")["set-cookie"] for _ in range(2)]
    assert given[0] != given[1]
    assert re.fullmatch(f"{visitors.COOKIE}=[0-9a-f]{{32}}; Max-Age=31536000; HttpOnly; SameSite=Lax", given[0])
    assert "set-cookie" not in ask(app, "/", cookie=given[0].partition(";")[0])
    assert "set-cookie" in ask(app, "/", cookie=f"{visitors.COOKIE}=anna")
    assert visitors.checked("anna") == ""


def takes_files():
    """Return a storage of uploaded files, and an application that takes them."""
    storage = MemoryUploadedFileManager("/upload")

    def take(request):
        session, file = request.path_params["session"], request.path_params["file"]
        storage.add_file(session, UploadedFileRec(file, "a.csv", "text/csv", b"0" * 1000))
        return PlainTextResponse("")

    routes = [Route("/lab/_stcore/upload_file/{session}/{file}", take, methods=["PUT"])]
    return storage, visitors.LimitUnreadFiles(Starlette(routes=routes), lambda: storage)


def test_files_that_no_page_reads_do_not_pile_up():
    storage, app = takes_files()
    for session in ("one", "two"):
        for i in range(20):
            ask(app, f"/lab/_stcore/upload_file/{session}/{i}", "PUT")
    assert {session: list(files) for session, files in storage.file_storage.items()} == {
        "one": ["17", "18", "19"],
        "two": ["17", "18", "19"],
    }


def test_files_that_no_page_reads_do_not_pile_up_in_many_sessions(monkeypatch):
    """Each of 1,000 bytes: what is above the limit goes before the next one comes, the oldest first."""
    monkeypatch.setattr(visitors, "MAX_UNREAD_BYTES", 4000)
    storage, app = takes_files()
    for i in range(20):
        ask(app, f"/lab/_stcore/upload_file/{i}/file", "PUT")
    assert [session for session, files in storage.file_storage.items() if files] == ["15", "16", "17", "18", "19"]
