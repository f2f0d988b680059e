"""The command that runs the cases prints a line for each, and ends with an error where an answer is wrong."""

import re
import subprocess
import sys

from tests.browser.lab import ROOT
from tests.cases.__main__ import CASES

CHECKS = """
import pytest

@pytest.mark.case("01")
def test_right(record_property):
    record_property("measured", "199.8")

@pytest.mark.case("03")
@pytest.mark.parametrize("value", [30, 31])
def test_wrong(value, record_property):
    record_property("measured", value)
    assert value == 30

@pytest.mark.case("13")
def test_not_run():
    pytest.skip("Only root can.")
"""


def test_every_case_has_a_check():
    marks = (re.findall(r'mark\.case\("(\d+)"\)', path.read_text()) for path in (ROOT / "tests").rglob("test_*.py"))
    assert set(CASES) == {number for each in marks for number in each}


def test_a_wrong_answer_stands_beside_the_right_one_and_ends_in_an_error(tmp_path):
    (tmp_path / "test_checks.py").write_text(CHECKS)
    program = f"import sys; from tests.cases.__main__ import main; sys.exit(main({str(tmp_path)!r}))"
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 1, ended.stderr
    lines = ended.stdout.splitlines()
    assert lines[0] == f"01 {CASES['01'][0]}: 199.8 (right: {CASES['01'][1]}) ok"
    assert lines[1] == f"03 {CASES['03'][0]}: 30; 31 (right: {CASES['03'][1]}) WRONG"
    assert "assert 31 == 30" in ended.stdout
    assert f"13 {CASES['13'][0]}: nothing (right: {CASES['13'][1]}) NOT RUN (Skipped: Only root can.)" in lines
    assert f"36 {CASES['36'][0]}: no check has run" in lines
