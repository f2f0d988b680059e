"""How the threads of numerical libraries are bounded, so that sessions that compute at once share the cores."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numba
from threadpoolctl import threadpool_limits

CORES = int(numba.config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]

_lock = threading.Lock()
_at_work = 0
_this_thread = threading.local()


def bound_threads() -> None:
    """Bound the threads of this process, once, before anything is computed.

    BLAS has one thread, as our matrices are small. OpenMP's threads sleep while they wait: they would spin otherwise,
    and each Python thread that enters a parallel kernel has some of its own. PyTorch is bounded when it is imported.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when the first parallel kernel loads OpenMP
    threadpool_limits(limits=1, user_api="blas")


@contextmanager
def shared_out() -> Iterator[None]:
    """Let this thread's kernels use its share of the cores: all of them for one that computes alone.

    A thread counts once, however often it enters.
    """
    global _at_work
    if getattr(_this_thread, "is_counted", False):
        yield
        return
    with _lock:
        _at_work += 1
        share = max(1, CORES // _at_work)
    before = numba.get_num_threads()
    numba.set_num_threads(min(share, before))
    _this_thread.is_counted = True
    try:
        yield
    finally:
        _this_thread.is_counted = False
        numba.set_num_threads(before)
        with _lock:
            _at_work -= 1
