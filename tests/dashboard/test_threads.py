import subprocess
import sys
import threading

import numba

from dashboard.threads import CORES, shared_out
from tests.dashboard.conftest import ROOT

PROGRAM = """
import os
from dashboard.threads import bound_threads
import numpy, scipy.linalg
bound_threads()
from threadpoolctl import threadpool_info
blas = {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}
print(os.environ["OMP_WAIT_POLICY"], sorted(blas))
"""


def test_one_computation_has_all_cores_and_several_share_them():
    assert numba.get_num_threads() == CORES
    inner = []

    def second():
        with shared_out():
            inner.append(numba.get_num_threads())
        inner.append(numba.get_num_threads())

    with shared_out():
        assert numba.get_num_threads() == CORES
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert inner == [max(1, CORES // 2), CORES]
    assert numba.get_num_threads() == CORES


def test_a_thread_that_enters_twice_counts_once():
    with shared_out(), shared_out():
        assert numba.get_num_threads() == CORES
    assert numba.get_num_threads() == CORES


def test_blas_has_one_thread_and_openmp_sleeps_while_it_waits():
    ended = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["PASSIVE", "[1]"]
