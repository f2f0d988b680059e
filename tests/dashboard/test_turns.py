import threading
import time

import pytest

from dashboard.turns import Turns, give_up_when, glance, uninterrupted


class GoneError(Exception):
    """What a session raises that waits no longer."""


def test_turns_are_taken_in_the_order_in_which_they_were_asked_for():
    turns, order, go, threads = Turns(1), [], threading.Event(), []

    def work(number):
        with turns.taken():
            go.wait()
            order.append(number)

    for number in range(5):
        threads.append(threading.Thread(target=work, args=(number,)))
        threads[-1].start()
        while len(turns._queue) <= number:  # it has not asked yet
            time.sleep(0.001)
    go.set()
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]
    assert not turns._queue


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_no_more_run_at_once_than_may(at_once):
    turns, lock, running, most = Turns(at_once), threading.Lock(), [], []

    def work():
        with turns.taken(), turns.taken():  # a computation within another takes no second turn
            with lock:
                running.append(1)
                most.append(len(running))
            time.sleep(0.005)
            with lock:
                running.pop()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == at_once


def test_who_is_no_longer_wanted_leaves_the_queue():
    turns, raised = Turns(1), []

    def leave():
        raise GoneError

    def wait():
        give_up_when(leave)
        with uninterrupted():
            glance()  # goes on
        try:
            with turns.taken():
                pytest.fail("had its turn")
        except GoneError:
            raised.append(1)

    with turns.taken():
        thread = threading.Thread(target=wait)
        thread.start()
        thread.join()
        assert raised == [1]
        assert len(turns._queue) == 1
    with turns.taken():
        pass
