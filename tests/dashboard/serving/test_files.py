import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from dashboard.serving.files import FILES, serve_file
from dashboard.style_route import serve_style
from tests.dashboard.serving.asking import asked


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


def test_the_page_serves_its_own_plotly():
    assert "plotly.min.js" in FILES
    assert all(path.is_file() for path in FILES.values())
