"""The laboratory as it stands on a server: two processes behind nginx, and a login."""

import math
import shutil
from contextlib import ExitStack, closing
from urllib.parse import urlsplit

import pytest

from tests.browser.lab import VIEWPORT, Lab, free_port, serve
from tests.dashboard.conftest import trace_csv
from tests.dashboard.deployment.proxy import BASE_PATH, in_front_of
from tests.dashboard.deployment.test_nginx import n_sessions
from tests.dashboard.serving.provider import open_provider
from tests.dashboard.serving.test_login import secrets

pytestmark = [pytest.mark.browser, pytest.mark.long]
N_VISITORS = 4


def recording():
    """Return a file as a visitor drops it."""
    times = [0.2 * i for i in range(50)]
    return {"name": "mine.csv", "mimeType": "text/csv", "buffer": trace_csv(times, [math.sin(t) for t in times])}


def on_screen(lab):
    """Wait until the page says that the recording is on screen, and the address names it."""
    lab.page.get_by_text("On screen now, on every page: mine.csv").wait_for()
    lab.until("location.search.includes('trace=')")


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed: apt-get install nginx")
def test_a_class_is_served_by_two_processes_and_outlives_the_end_of_one(browser, tmp_path):
    (tmp_path / "runs").mkdir()
    (tmp_path / "same").symlink_to(tmp_path / "runs")
    with ExitStack() as stack, ExitStack() as first_server:
        options = "--base-path", BASE_PATH
        servers = [
            first_server.enter_context(serve(tmp_path / "runs", *options)),
            stack.enter_context(serve(tmp_path / "same", *options)),
        ]
        url, _ = stack.enter_context(in_front_of([urlsplit(server).port for server in servers], tmp_path))
        labs, on_first = [], []
        for _ in range(N_VISITORS):
            before = n_sessions(servers[0])
            context = stack.enter_context(closing(browser.new_context(viewport=VIEWPORT, ignore_https_errors=True)))
            labs.append(Lab(context, url).open())
            on_first.append(n_sessions(servers[0]) > before)
        assert 0 < sum(on_first) < N_VISITORS
        one, other = labs[on_first.index(True)], labs[on_first.index(False)]

        # Each drags, uploads, reloads, and finds the upload again: it is kept by the process that took it.
        for i, lab in enumerate(labs):
            lab.drag("theta0", 0.3 + i / 100)
            lab.go("Your data").page.locator("input[type=file]").set_input_files(recording())
            on_screen(lab)
            lab.page.reload()
            on_screen(lab.stand("Your data"))
            lab.check()

        # A hidden truth that one process has sealed is opened by the other.
        one.open("Landscape", "theta0=0.321&hidden=1")
        one.until("location.search.includes('truth=')")
        other.open("Landscape", one.page.url.partition("?")[2])
        assert other.notes() == ""
        assert "theta0" not in other.values()

        # Whoever was on the first finds the experiment again on the other.
        one.open(address="theta0=0.123&gamma=4")
        first_server.close()
        one.page.reload()
        assert one.stand("Neuron").value("gamma") == 4
        assert one.value("theta0") == 0.123
        assert n_sessions(servers[1]) >= N_VISITORS - sum(on_first) + 1


def test_a_visitor_logs_in_on_the_way_to_an_address_and_out_again(browser, tmp_path):
    with ExitStack() as stack:
        provider = stack.enter_context(open_provider())
        (tmp_path / ".streamlit").mkdir()
        port, home = free_port(), {"HOME": str(tmp_path)}
        back = f"http://127.0.0.1:{port}/{BASE_PATH}/oauth2callback"
        login = secrets("", provider.url, redirect_uri=back)
        (tmp_path / ".streamlit" / "secrets.toml").write_text(login)
        url = stack.enter_context(serve(tmp_path / "runs", "--base-path", BASE_PATH, port=port, environment=home))
        context = stack.enter_context(closing(browser.new_context(viewport=VIEWPORT)))
        lab = Lab(context, f"{url}/{BASE_PATH}").open(address="gamma=4&theta0=0.25")
        assert len(provider.asked) == 1
        assert lab.value("gamma") == 4
        lab.drag("theta0", 0.5)
        assert lab.value("theta0") != 0.25
        lab.go("Your data").page.locator("input[type=file]").set_input_files(recording())
        on_screen(lab)
        lab.page.get_by_role("button", name="Log out").click()
        lab.until("location.pathname === '/inverse-lab/'")
        while len(provider.asked) < 2:  # on the way back
            lab.page.wait_for_load_state()
        assert [fault for fault in lab.faults if provider.url not in fault] == []
