import json
import logging
import subprocess
import sys
from datetime import datetime

import pytest

from dashboard.serving.log import JsonLines, without_secrets
from tests.dashboard.conftest import ROOT

PROGRAM = """
import logging, threading, warnings
import streamlit.logger
before = streamlit.logger.get_logger("streamlit.before")
from dashboard.serving import log
log.set_up()
before.warning("of Streamlit, %s", "early")
streamlit.logger.get_logger("streamlit.later").warning("of Streamlit, late")
logging.getLogger("uvicorn.error").error("of uvicorn\\nin two lines", extra={"port": 8501})
logging.getLogger("uvicorn.access").info("GET /neuron?theta0=0.31728&hidden=1")
warnings.warn("of Python")
try:
    {}["inverse-lab-visitor=0123456789abcdef"]
except KeyError:
    logging.getLogger("dashboard").exception("failed for cookie: inverse-lab-visitor=0123456789abcdef; x=secret")
thread = threading.Thread(target=lambda: 1 / 0)
thread.start()
thread.join()
"""


@pytest.fixture(scope="module")
def lines():
    """The lines that a process writes to stderr, as objects."""
    ended = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not ended.stdout
    assert "0123456789abcdef" not in ended.stderr
    assert "secret" not in ended.stderr
    assert "0.31728" not in ended.stderr
    return [json.loads(line) for line in ended.stderr.splitlines()]


def test_every_log_is_one_object_a_line(lines):
    assert [(each["level"], each["event"]) for each in lines[:4]] == [
        ("warning", "of Streamlit, early"),
        ("warning", "of Streamlit, late"),
        ("error", "of uvicorn\nin two lines"),
        ("info", "GET /neuron?…"),
    ]
    assert lines[2]["port"] == 8501
    assert "of Python" in lines[4]["event"]
    for each in lines:
        assert datetime.fromisoformat(each["time"]).tzinfo is not None


def test_what_ends_with_an_error_is_logged_with_its_traceback(lines):
    assert "KeyError" in lines[5]["exception"]
    assert lines[6]["event"] == "A thread ended with an error."
    assert "ZeroDivisionError" in lines[6]["exception"]
    assert len(lines) == 7


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("GET /neuron?theta0=0.3&truth=ab%2Fc-_ HTTP/1.1", "GET /neuron?… HTTP/1.1"),
        ("'http://lab/?theta0=1' may not", "'http://lab/?…' may not"),
        ("Cookie: inverse-lab-visitor=ab12; _streamlit_xsrf=2|ab", "Cookie: …"),
        ("[(b'cookie', b'inverse-lab-visitor=ab12')]", "[(b'cookie', …"),
        ("inverse-lab-visitor=ab12; HttpOnly", "inverse-lab-visitor=…; HttpOnly"),
        ("Why? Because a = b.", "Why? Because a = b."),
    ],
)
def test_addresses_and_cookies_are_left_out(text, safe):
    assert without_secrets(text) == safe


def test_fields_that_json_cannot_hold_become_text():
    record = logging.makeLogRecord({"msg": "event", "folder": ROOT, "n": 3, "level_of": None})
    line = json.loads(JsonLines().format(record))
    assert (line["folder"], line["n"], line["level_of"]) == (str(ROOT), 3, None)
