"""Faults at some calls of the system, for a minute and a half; `python -m tests.benchmarks.survival` tries them all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# In a process of its own, whose forks have no other threads. The first forks compile what only a fork needs, before the
# calls are counted.
RUN = """
import sys
from pathlib import Path
from tests.survival import cuts
from tests.survival.harness import shorten
shorten()
folder = Path(sys.argv[1])
whole = cuts.undisturbed(folder)
wrong = [*cuts.at_the_start(folder), *cuts.with_the_clock_set_back(folder, whole)]
n = cuts.calls_in_all(folder)
wrong += cuts.at_each_call(folder, whole, range(n // 8, n, n // 3))
wrong += cuts.with_errors(folder, whole, (2 * n // 3,))
print(n, *wrong, sep="\\n")
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What the faults have left: how many calls there are, and what is wrong."""
    command = [sys.executable, "-c", RUN, str(tmp_path_factory.mktemp("survival"))]
    alone = {**os.environ, "NUMBA_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=alone, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    n, *wrong = done.stdout.splitlines()
    return int(n), wrong


@pytest.mark.long
def test_trainings_survive_faults_at_some_calls_of_the_system(found):
    n, wrong = found
    assert n >= 100
    assert wrong == []
