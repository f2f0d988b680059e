import gc
import threading
import tracemalloc
from dataclasses import dataclass

import numpy as np
import pytest

from dashboard.shared_results import SharedResults, shared, size, sizes
from dashboard.turns import Turns, give_up_when


@pytest.mark.parametrize("turns", [None, Turns(1), Turns(2)])
def test_what_thirty_sessions_ask_for_at_once_is_computed_once(turns):
    results, counts, go = SharedResults("test", 1000, turns), [], threading.Event()

    def compute():
        counts.append(1)
        go.wait()
        return "result"

    found = []
    threads = [threading.Thread(target=lambda: found.append(results.get(7, compute))) for _ in range(30)]
    for thread in threads:
        thread.start()
    go.set()
    for thread in threads:
        thread.join()
    assert len(counts) == 1
    assert found == ["result"] * 30
    assert len({id(each) for each in found}) == 1


def test_a_session_that_gives_up_takes_nothing_from_the_others():
    """Another session's newer change ends its wait, and not the computation that all wait for."""
    results, begun, go, ended = SharedResults("test", 1000, Turns(1)), threading.Event(), threading.Event(), []

    def compute():
        begun.set()
        go.wait()
        return "result"

    def leave():
        raise KeyboardInterrupt

    def first():
        give_up_when(leave)  # it computes, which nothing stops
        ended.append(results.get(7, compute))

    def second():
        give_up_when(leave)
        try:
            results.get(7, compute)
        except KeyboardInterrupt:
            ended.append("gave up")

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    begun.wait()
    threads[1].start()
    threads[1].join()
    assert ended == ["gave up"]
    go.set()
    threads[0].join()
    assert ended == ["gave up", "result"]


def test_no_more_bytes_are_kept_than_the_limit():
    results, one = SharedResults("test", 10_000), 1024
    for key in range(30):
        results.get(key, lambda: np.zeros(one, np.uint8))
        assert results.n_bytes <= 10_000
    assert results.n_bytes > 8 * one
    kept = [key for key in range(30) if results.found(key) is not None]
    assert kept == list(range(30 - len(kept), 30))  # those that were used last
    assert sizes()["test"] == (results.n_bytes, 10_000)


def test_a_result_larger_than_the_limit_is_returned_and_not_kept():
    results = SharedResults("test", 1000)
    assert results.get(1, lambda: bytes(2000)) == bytes(2000)
    assert results.found(1) is None
    assert results.n_bytes == 0


def test_the_bytes_of_a_trace_in_a_key_count():
    results = SharedResults("test", 10_000)
    for key in range(20):
        results.get(("score", bytes([key]) * 2000), lambda: 0.5)
    assert len(results._kept) == 4


def test_a_shared_function_keeps_its_results_apart_by_arguments():
    counts = []

    @shared(megabytes=1)
    def twice(number):
        counts.append(number)
        return 2 * number

    assert [twice(1), twice(2), twice(1)] == [2, 4, 2]
    assert counts == [1, 2]


@dataclass
class Held:
    """Something with attributes."""

    array: np.ndarray
    texts: dict[str, list[str]]


def test_a_size_is_what_the_value_takes_in_memory():
    def made():
        return Held(np.zeros(100_000), {str(i): [f"text {i} {j}" for j in range(20)] for i in range(200)})

    gc.collect()
    tracemalloc.start()
    value = made()
    measured, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert measured / 1.5 < size(value) < 1.5 * measured
    assert size([value, value]) - size(value) < 1000  # what is there twice counts once
