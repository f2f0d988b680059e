"""Memory for large results, used again once the caller has let the last ones go.

Where freed memory goes back to the host of a virtual machine, touching 160 MB anew takes 0.35 s: five times as long as
computing the 10,000 trajectories that fill it.
"""

import weakref
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

SMALLEST = 2**24  # bytes; below, the allocator does as well
MOST_KEPT = 2**29  # bytes
# No lock: Python's garbage collector may give a buffer back while the same thread takes one. `append` and `pop` are
# atomic, and only the thread that popped a buffer has it.
_free: list[NDArray[np.uint8]] = []


class _Loan:
    """What the array that a caller gets, and each view of it, keeps alive; its end frees the buffer.

    It is not an array. A view of a view refers to the lowest array alone, and would skip one between it and the buffer.
    """

    def __init__(self, buffer: NDArray[np.uint8]) -> None:
        self.__array_interface__ = buffer.__array_interface__
        weakref.finalize(self, _give_back, buffer).atexit = False


def _give_back(buffer: NDArray[np.uint8]) -> None:
    _free.append(buffer)
    with suppress(IndexError):  # another thread took the last one
        while sum(each.nbytes for each in _free) > MOST_KEPT:
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
    """Return an uninitialised array; a large one may lie where an earlier one lay that nobody holds any more."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    if size < SMALLEST or size > MOST_KEPT:
        return np.empty(shape, dtype)
    return np.asarray(_Loan(_take(size))).view(dtype).reshape(shape)
