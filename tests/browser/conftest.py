"""One Chromium and two servers for all browser tests; a tab of its own for each."""

import os

import pytest

from tests.browser.lab import VIEWPORT, Lab, open_browser, opened, serve
from tests.browser.proxies import course_page, watching


@pytest.fixture(scope="package")
def browser():
    """A Chromium; closed with this folder's last test, since its event loop would disturb the tests of others."""
    try:
        with open_browser() as browser:
            yield browser
    except FileNotFoundError as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest.fixture(scope="package")
def watch(tmp_path_factory):
    """The environment of servers that are watched, and a function that tells whom they asked beyond the machine."""
    with watching(tmp_path_factory.mktemp("watch")) as watch:
        yield watch


@pytest.fixture(scope="package")
def server(browser, watch, tmp_path_factory):
    """The address of a real server with a folder of runs of its own."""
    with serve(tmp_path_factory.mktemp("server") / "runs", environment=watch[0]) as url:
        yield url


@pytest.fixture(scope="package")
def course():
    """A page of another site, which shows in a frame what its query names."""
    with course_page() as url:
        yield url


@pytest.fixture(scope="package")
def open_server(browser, watch, course, tmp_path_factory):
    """The address and the log of a server open to the network, with a path of its own, in a terminal in Latin-1."""
    folder = tmp_path_factory.mktemp("open")
    (folder / ".streamlit").mkdir()
    (folder / ".streamlit" / "config.toml").write_text('[server]\nbaseUrlPath = "apps/neurons"\n')
    environment = {**watch[0], "HOME": str(folder), "PYTHONIOENCODING": "latin-1"}
    with serve(folder / "runs", "--host", "0.0.0.0", "--embed-in", course, environment=environment) as url:
        yield f"{url}/apps/neurons", folder / "runs.log"


@pytest.fixture
def tab(browser, server):
    """A function that opens a fresh browser context, which shares nothing with another, and a tab in it."""
    opened = []

    def open_tab(**settings):
        opened.append(Lab(browser.new_context(viewport=VIEWPORT, **settings), server))
        return opened[-1]

    yield open_tab
    try:
        for lab in opened:
            lab.check()
    finally:
        for lab in opened:
            lab.context.close()


@pytest.fixture(scope="package")
def context(browser):
    """A browser context whose cache holds Plotly after the first test."""
    return browser.new_context(viewport=VIEWPORT)


@pytest.fixture
def lab(context, server):
    """A tab, and a session of the server of its own."""
    with opened(context, server) as lab:
        yield lab
