"""How the allocator of the C library is kept from holding memory that nothing needs; on Linux alone."""

import ctypes
import gc
import sys
from contextlib import suppress

M_ARENA_MAX = -8  # of mallopt(3)
ARENAS = 2


def bound_arenas() -> None:
    """Let all threads share a few arenas; call it before threads start.

    Each thread of a session would otherwise have one of its own, and leave it full of holes: ten sessions at once cost
    300 MB, and keep them.
    """
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):  # another C library has no such function
            ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)


def give_back() -> None:
    """Free what nothing refers to, and give it back to the system."""
    gc.collect()
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).malloc_trim(0)
