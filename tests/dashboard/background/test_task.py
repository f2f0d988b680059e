import threading
import time

from dashboard.background import task
from dashboard.background.task import Task

LONG = 60.0  # s, more than anything here takes


def until(holds):
    end = time.monotonic() + LONG
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)  # the pause between two looks


def slow(n, closed=None):
    """Return work of n pieces, 5 ms each; closed is set once no more are asked for."""

    def work(_):
        try:
            for i in range(n):
                time.sleep(0.005)
                yield i, i**2
        finally:
            if closed is not None:
                closed.set()

    return work


def test_the_pieces_arrive_one_after_the_other():
    computed = Task(slow(5), 5)
    assert computed.wait(LONG)
    progress = computed.progress()
    assert (progress.state, progress.done, progress.total, progress.active) == ("done", 5, 5, False)
    assert computed.pieces() == {0: 0, 1: 1, 2: 4, 3: 9, 4: 16}


def test_it_is_stopped_and_keeps_what_arrived():
    closed = threading.Event()
    computed = Task(slow(1600, closed), 1600)
    until(lambda: computed.progress().done >= 2)
    running = computed.progress()
    assert running.active
    assert 0 < running.seconds_left < LONG
    computed.stop()
    assert not computed.progress().active
    assert computed.wait(1)
    assert closed.is_set()
    progress = computed.progress()
    assert (progress.state, progress.total) == ("stopped", 1600)
    assert 2 <= progress.done < 1600
    assert len(computed.pieces()) == progress.done


def test_it_ends_when_nobody_asks_any_more(monkeypatch):
    monkeypatch.setattr(task, "PATIENCE", 0.4)
    closed = threading.Event()
    computed = Task(slow(1600, closed), 1600)
    for _ in range(10):
        assert computed.progress().active
        assert not computed.wait(0.1)
    assert computed.wait(2)
    assert closed.is_set()
    assert computed.progress().state == "stopped"


def test_tasks_that_share_a_lock_run_one_at_a_time():
    lock = threading.Lock()
    first, second = Task(slow(1600), 1600, lock), Task(slow(1600), 1600, lock)
    until(lambda: first.progress().state == "running")
    assert second.progress().state == "waiting"
    third = Task(slow(1600), 1600, lock)
    third.stop()  # while it waits
    assert third.wait(LONG)
    assert (third.progress().state, third.progress().done) == ("stopped", 0)
    first.stop()
    until(lambda: second.progress().state == "running")
    assert first.progress().state == "stopped"
    second.stop()
    assert second.wait(LONG)


def test_one_that_fails_says_so_and_lets_the_next_begin():
    lock = threading.Lock()

    def work(_):
        yield 0, 0
        raise RuntimeError("out of memory")

    failed = Task(work, 2, lock)
    assert failed.wait(LONG)
    assert (failed.progress().state, failed.pieces()) == ("failed", {0: 0})
    following = Task(slow(1), 1, lock)
    assert following.wait(LONG)
    assert following.progress().state == "done"


def test_work_can_ask_whether_it_is_still_wanted():
    go_on = threading.Event()

    def work(unwanted):
        go_on.wait(LONG)
        yield from ((i, i) for i in range(3) if not unwanted())

    computed = Task(work, 3)
    computed.stop()
    go_on.set()
    assert computed.wait(LONG)
    assert computed.pieces() == {}
