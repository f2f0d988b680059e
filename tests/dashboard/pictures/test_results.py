import threading

import pytest

from dashboard.pictures import results


def test_two_who_ask_at_once_compute_it_once():
    begun, go, counts = threading.Event(), threading.Event(), []

    def compute():
        counts.append(1)
        begun.set()
        go.wait()
        return "result"

    found = []
    threads = [
        threading.Thread(target=lambda: found.append(results.kept("shared", 7, compute))) for _ in range(5)
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    begun.wait()
    assert not results.is_kept("shared", 7)  # under way
    go.set()
    for thread in threads:
        thread.join()
    assert found == ["result"] * 5
    assert len(counts) == 1
    assert results.is_kept("shared", 7)


def test_what_is_there_is_there_for_all_threads_at_any_time():
    results.kept("shared", 7, lambda: (1, 2, 3))
    wrong = []

    def read():
        for _ in range(2000):
            if results.kept("shared", 7, tuple) != (1, 2, 3) or not results.is_kept("shared", 7):
                wrong.append(1)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_what_could_not_be_computed_is_tried_anew():
    def fail():
        raise ValueError("nothing there")

    with pytest.raises(ValueError, match="nothing there"):
        results.kept("shared", 7, fail)
    assert results.kept("shared", 7, lambda: 3) == 3


def test_the_results_of_one_kind_do_not_drive_out_those_of_another():
    results.kept("first", 0, lambda: "old")
    one, most = 2**20, int(results.OTHERS_MEGABYTES)
    for key in range(2 * most):
        results.kept("second", key, lambda: bytes(one))
    assert results.is_kept("first", 0)
    assert [results.is_kept("second", key) for key in (0, most, 2 * most - 1)] == [False, False, True]
