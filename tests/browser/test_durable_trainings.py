"""A training that survives its page, its tab and its server."""

import pytest

from core.jobs.progress import State, read_progress
from tests.browser.lab import VIEWPORT, opened, serve
from tests.processes import processes_of
from tests.survival.kills import killed_server

pytestmark = pytest.mark.browser


def test_a_training_goes_on_when_its_page_its_tab_and_its_server_are_gone(browser, tmp_path):
    runs = tmp_path / "runs"
    context = browser.new_context(viewport=VIEWPORT)
    with killed_server(runs) as url, opened(context, url) as lab:
        lab.open("Train").choose("train_network", "dense").name_training("mine")
        lab.type("train_samples", 5000).type("train_epochs", 1000).start_training()
        lab.page.reload()
        lab.await_training("Learning")
    (worker,) = processes_of(runs)
    done = len(read_progress(runs / "mine").done)
    assert worker.is_running()
    with serve(runs) as url, opened(context, url) as lab:
        lab.open("Train")
        lab.await_training("Learning")
        now = read_progress(runs / "mine")
        assert (now.state, now.begun) == (State.RUNNING, 1)
        assert len(now.done) > done
        assert processes_of(runs) == [worker]
        lab.page.locator("button[data-field=train_stop]").click()
        lab.await_training("The training was stopped after")
        assert "are kept." in lab.page.locator("[data-field=train_progress]").inner_text()
    context.close()
