"""The files of our own that the server sends."""

from pathlib import Path

import plotly
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles

LIVE = Path(__file__).resolve().parents[1] / "live"
FILES = {
    **{path.name: path for kind in ("*.js", "glossary*.json", "fonts/*.woff2") for path in LIVE.glob(kind)},
    "plotly.min.js": Path(plotly.__file__).parent / "package_data" / "plotly.min.js",
}


async def serve_file(request: Request) -> Response:
    """Serve one of FILES; a browser that has kept it asks only whether it has changed."""
    path = FILES[Path(request.url.path).name]
    response = FileResponse(path, headers={"Cache-Control": "no-cache"}, stat_result=path.stat())
    if StaticFiles().is_not_modified(response.headers, request.headers):
        return NotModifiedResponse(response.headers)
    return response
