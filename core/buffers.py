"""Memory for large results, reused once the caller no longer refers to an earlier result.

A virtual machine may return freed memory to its host. Then the first write to 160 MB of new memory takes 0.35 s, five
times as long as computing the 10,000 trajectories that fill it.
"""

import weakref
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

SMALLEST_BYTES = 2**24  # below this size, NumPy's allocator is as fast
MOST_KEPT_BYTES = 2**28
# There is no lock, because the garbage collector may return a buffer while the same thread takes one. `append` and
# `pop` are atomic, and a popped buffer belongs to the thread that popped it.
_free: list[NDArray[np.uint8]] = []


class _Loan:
    """The owner of a buffer that is on loan. When it is deleted, the buffer is free again.

    The caller's array and each view of it refer to this object. It must not be an array itself: NumPy makes a view of a
    view refer to the lowest array directly, and would skip this object.
    """

    def __init__(self, buffer: NDArray[np.uint8]) -> None:
        self.__array_interface__ = buffer.__array_interface__
        weakref.finalize(self, _give_back, buffer).atexit = False


def _give_back(buffer: NDArray[np.uint8]) -> None:
    _free.append(buffer)
    with suppress(IndexError):  # another thread took the last one
        while sum(each.nbytes for each in _free) > MOST_KEPT_BYTES:
            _free.pop(0)


def _take(size: int) -> NDArray[np.uint8]:
    with suppress(IndexError):  # another thread took the last one
        for _ in range(len(_free)):
            buffer = _free.pop(0)
            if buffer.nbytes == size:
                return buffer
            _free.append(buffer)
    return np.empty(size, np.uint8)


def result_array(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Return an uninitialised array. A large one may reuse the memory of an earlier one that nothing refers to."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    if size < SMALLEST_BYTES or size > MOST_KEPT_BYTES:
        return np.empty(shape, dtype)
    return np.asarray(_Loan(_take(size))).view(dtype).reshape(shape)
