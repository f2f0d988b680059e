import subprocess
import sys

import pytest

from tests.dashboard.conftest import ROOT

# In a process of its own: the allocator of this one was used by other tests. It prints the resident memory in MB when
# it is full, once nothing needs 100 MB of it, and after it was given back.
PROGRAM = """
from pathlib import Path
from dashboard.serving import memory

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

memory.bound_arenas()
large, small = [], []  # in turn, so that what is freed lies between what is not
for _ in range(5000):
    large.append(b"x" * 20_000)
    small.append(b"x" * 1000)
print(resident())
large.clear()
print(resident())
memory.give_back()
print(resident())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the allocator of other systems is another one")
def test_memory_that_nothing_needs_goes_back_to_the_system():
    ended = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
    full, freed, given_back = map(float, ended.stdout.split())
    assert full - freed < 20  # the allocator would keep it
    assert full - given_back > 80
