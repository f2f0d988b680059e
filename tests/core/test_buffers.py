import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from core import buffers
from core.buffers import SMALLEST_BYTES, result_array

LARGE = (SMALLEST_BYTES // 8 + 1000,)


def address(array):
    return array.__array_interface__["data"][0]


def test_memory_is_used_again_once_the_array_is_let_go():
    first = result_array(LARGE, np.float64)
    place = address(first)
    del first
    assert address(result_array(LARGE, np.float64)) == place


VIEWS = {
    "a slice": lambda array: array[3:],
    "a view of a view": lambda array: array.reshape(-1, 1)[10:20][2:],
    "another type": lambda array: array.view(np.int64).view(np.float64)[5:],
    "one element": lambda array: array[7:8].reshape(()),
    "the real part": lambda array: array.view(np.complex128).real,
    "a subclass": lambda array: array.view(np.ma.MaskedArray)[3:],
    "its base": lambda array: np.asarray(array[3:].base),
    "a buffer": lambda array: memoryview(array)[3:],
    "DLPack": lambda array: np.from_dlpack(array)[3:],
    "PyTorch": lambda array: torch.from_numpy(array)[3:],
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_memory_that_a_view_holds_is_not_given_away(view):
    first = result_array(LARGE, np.float64)
    place = address(first)
    held = view(first)
    del first
    second = result_array(LARGE, np.float64)
    assert address(second) != place
    del held, second
    assert place in [address(each) for each in [result_array(LARGE, np.float64) for _ in range(2)]], "it is free again"


def test_memory_in_use_does_not_depend_on_how_python_counts_references(monkeypatch):
    """Python 3.14 counts one fewer: as many for a buffer with one array as were counted for a free one."""
    monkeypatch.setattr(sys, "getrefcount", lambda _: 3)
    arrays = [result_array(LARGE, np.float64) for _ in range(3)]
    assert len({address(array) for array in arrays}) == 3


def test_threads_never_get_the_same_memory():
    def work(mark):
        for _ in range(50):
            view = result_array(LARGE, np.float64)[5:][5:]
            view[::512] = mark
            if not np.all(view[::512] == mark):
                return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))


def test_no_more_than_a_quarter_of_a_gibibyte_is_kept_unused(monkeypatch):
    monkeypatch.setattr(buffers, "_free", [])
    size = 2**26 // 8
    arrays = [result_array((size + i,), np.float64) for i in range(6)]
    places = [address(each) for each in arrays]
    while arrays:
        del arrays[0]
    assert [each.__array_interface__["data"][0] for each in buffers._free] == places[-3:]


def test_results_held_at_once_do_not_overlap():
    arrays = [result_array(LARGE, np.float64) for _ in range(4)]
    for i, array in enumerate(arrays):
        array[:] = i
    assert [float(array.min()) for array in arrays] == [0.0, 1.0, 2.0, 3.0]
    assert [float(array.max()) for array in arrays] == [0.0, 1.0, 2.0, 3.0]
