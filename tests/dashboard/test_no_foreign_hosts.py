import re

import pytest

from tests.dashboard.conftest import ROOT

SOURCES = sorted(path for ending in ("js", "css", "py") for path in (ROOT / "dashboard").rglob(f"*.{ending}"))
# An address with a scheme, or one that takes the page's own scheme, in quotes or within url( ).
FOREIGN = re.compile(r"""(?:https?|wss?|ftp):/*[\w\[]|["'`(]//[\w\[]|@import""", re.IGNORECASE)
LOOPBACK = re.compile(r"https?://(?:localhost|127\.0\.0\.1|\[::1\])(?=[:/\"'`]|$)")


@pytest.mark.parametrize(
    "text",
    [
        'fetch("https://example.org")',
        "src='//cdn.example.org/a.js'",
        "url(http://example.org/a.woff)",
        "@import 'a.css'",
    ],
)
def test_the_search_finds_foreign_hosts(text):
    assert FOREIGN.search(text)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_names_a_foreign_host(path):
    assert not FOREIGN.search(LOOPBACK.sub("", path.read_text()))


def test_the_component_s_files_are_among_the_sources():
    assert {"live.js", "live.css"} <= {path.name for path in SOURCES}
