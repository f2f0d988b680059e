"""The style sheet of all pages, which the live component brings into the document once.

With a style sheet of Streamlit's for the component, the page would lose it where all of its instances leave at once.
"""

from functools import cache
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles

from dashboard.figures.palette import style_sheet

FOLDER = Path(__file__).parent / "live"
STYLES = ("live.css", "forms.css", "lesson.css")


@cache
def content() -> bytes:
    """Return the style sheet: the colours, and the rules of all parts."""
    return (style_sheet() + "".join((FOLDER / name).read_text(encoding="utf-8") for name in STYLES)).encode()


async def serve_style(request: Request) -> Response:
    """Serve the style sheet; a browser that has kept it asks only whether it has changed."""
    headers = {"Cache-Control": "no-cache", "ETag": f'"{sha256(content()).hexdigest()[:16]}"'}
    response = Response(content(), media_type="text/css", headers=headers)
    if StaticFiles().is_not_modified(response.headers, request.headers):
        return NotModifiedResponse(response.headers)
    return response
