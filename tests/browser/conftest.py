"""One Chromium and two servers for all browser tests; a tab of its own for each."""

import os

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.lab import FLAGS, VIEWPORT, Lab, found_chromium, open_profile, opened, serve
from tests.browser.proxies import course_page, watching


@pytest.fixture(scope="package")
def playwright():
    """What drives Chromium; stopped with this folder's last test: its event loop would disturb others."""
    with sync_playwright() as playwright:
        try:
            found_chromium(playwright)
        except FileNotFoundError as missing:
            if os.environ.get("CI"):
                pytest.fail(str(missing))
            pytest.skip(str(missing))
        yield playwright


@pytest.fixture(scope="package")
def browser(playwright):
    """A Chromium that makes fresh contexts."""
    browser = playwright.chromium.launch(executable_path=found_chromium(playwright), args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture(scope="package")
def watch(tmp_path_factory):
    """The environment of servers that are watched, and a function that tells whom they asked beyond the machine."""
    with watching(tmp_path_factory.mktemp("watch")) as watch:
        yield watch


@pytest.fixture(scope="package")
def server_runs(tmp_path_factory):
    """The folder of runs of the server."""
    return tmp_path_factory.mktemp("server") / "runs"


@pytest.fixture(scope="package")
def server(playwright, watch, server_runs):
    """The address of a real server with a folder of runs of its own."""
    with serve(server_runs, environment=watch[0]) as url:
        yield url


@pytest.fixture(scope="package")
def course():
    """A page of another site, which shows in a frame what its query names."""
    with course_page() as url:
        yield url


@pytest.fixture(scope="package")
def open_server(playwright, watch, course, tmp_path_factory):
    """The address and the log of a server open to the network, with a path of its own, in a terminal in Latin-1."""
    folder = tmp_path_factory.mktemp("open")
    (folder / ".streamlit").mkdir()
    (folder / ".streamlit" / "config.toml").write_text('[server]\nbaseUrlPath = "apps/neurons"\n')
    environment = {**watch[0], "HOME": str(folder), "PYTHONIOENCODING": "latin-1"}
    options = "--host", "0.0.0.0", "--allow-everyone", "--embed-in", course
    with serve(folder / "runs", *options, environment=environment) as url:
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
def context(playwright, tmp_path_factory):
    """A browser context that keeps the files of the page, and what it has compiled of them, after the first test."""
    with open_profile(playwright, tmp_path_factory.mktemp("profile")) as context:
        yield context


@pytest.fixture
def lab(context, server):
    """A tab, and a session of the server of its own."""
    with opened(context, server) as lab:
        yield lab
