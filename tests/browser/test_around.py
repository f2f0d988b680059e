"""What stands around the laboratory: a web server in front that serves it under a path, and pages that embed it."""

import math
from urllib.parse import urlsplit

import pytest

from tests.browser.lab import VIEWPORT, Lab
from tests.browser.proxies import in_front
from tests.dashboard.conftest import trace_csv

pytestmark = pytest.mark.browser


@pytest.mark.case("20")
def test_all_pages_stand_behind_a_web_server_that_serves_them_under_a_path(browser, server, record_property):
    with in_front(urlsplit(server).port, "/apps/neurons") as (url, outside):
        context = browser.new_context(viewport=VIEWPORT, permissions=["clipboard-read", "clipboard-write"])
        lab = Lab(context, url)
        try:
            lab.open()
            assert lab.page.locator(".lab-plot .main-svg").count() == 12
            assert lab.page.locator(".lab-controls").count() == 3
            lab.type("gamma", 4).go("Landscape").go("Your data")
            lab.page.get_by_role("button", name="Copy link").click()
            lab.page.get_by_role("button", name="Copied").wait_for()
            link = lab.evaluate("navigator.clipboard.readText()")
            assert link.startswith(f"{url}/your-data?")
            lab.page.goto(link)
            assert lab.stand("Your data").value("gamma") == 4
            lab.check()
        finally:
            context.close()
        record_property("measured", f"4 plots, {len(outside)} requests outside the path")
        assert outside == []


def framed(browser, course, page):
    """Return a frame with a page of the laboratory within a page of another site, and the frame's context."""
    context = browser.new_context(viewport=VIEWPORT)
    around = context.new_page()
    around.goto(f"{course}/?{page}")
    return context, around.locator("iframe").content_frame


def test_a_page_that_may_embed_the_laboratory_shows_it_and_takes_uploads(browser, open_server, course):
    context, frame = framed(browser, course, f"{open_server[0]}/your-data")
    try:
        frame.locator(".lab-plot .main-svg").first.wait_for()
        times = [0.2 * i for i in range(50)]
        file = {"name": "mine.csv", "mimeType": "text/csv", "buffer": trace_csv(times, [math.sin(t) for t in times])}
        frame.locator("input[type=file]").set_input_files(file)
        frame.get_by_text("On screen now, on every page: mine.csv").wait_for()
    finally:
        context.close()


def test_a_page_that_may_not_embed_the_laboratory_shows_nothing(browser, server, course):
    context = browser.new_context()
    said = []
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text))
    try:
        page.goto(f"{course}/?{server}")
        page.wait_for_function("document.querySelector('iframe').contentDocument === null")
        while not said:
            page.wait_for_event("console")
        assert "frame-ancestors 'self'" in said[0]
    finally:
        context.close()
