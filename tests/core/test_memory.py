import numpy as np

from core.memory import SMALLEST, result_array

LARGE = (SMALLEST // 8 + 1000,)


def address(array):
    return array.__array_interface__["data"][0]


def test_memory_is_used_again_once_the_array_is_let_go():
    first = result_array(LARGE, np.float64)
    place = address(first)
    del first
    assert address(result_array(LARGE, np.float64)) == place


def test_memory_that_a_view_holds_is_not_given_away():
    first = result_array(LARGE, np.float64)
    first[:] = 1.0
    view = first.reshape(-1, 1)[10:20]
    del first
    second = result_array(LARGE, np.float64)
    second[:] = 2.0
    np.testing.assert_array_equal(view, 1.0)


def test_results_held_at_once_do_not_overlap():
    arrays = [result_array(LARGE, np.float64) for _ in range(4)]
    for i, array in enumerate(arrays):
        array[:] = i
    assert [float(array.min()) for array in arrays] == [0.0, 1.0, 2.0, 3.0]
    assert [float(array.max()) for array in arrays] == [0.0, 1.0, 2.0, 3.0]
