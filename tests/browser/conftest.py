"""One server and one Chromium for all browser tests; a tab of its own for each."""

import os

import pytest

from tests.browser.lab import VIEWPORT, Lab, open_browser, serve


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
def server(browser, tmp_path_factory):
    """The address of a real server with a folder of runs of its own."""
    with serve(tmp_path_factory.mktemp("server") / "runs") as url:
        yield url


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
    lab = Lab(context, server)
    yield lab
    try:
        lab.check()
    finally:
        lab.page.close()
