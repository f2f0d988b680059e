"""Contenders take turns, so that a busy neighbour slows each of them."""

import time
from collections.abc import Callable

import numpy as np


def seconds(work: Callable[[], object]) -> float:
    """Return how long a call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def taking_turns(contenders: dict[str, Callable[[], object]], n_rounds: int) -> dict[str, float]:
    """Return the median time of each contender in seconds, over rounds in which each has its turn."""
    for work in contenders.values():
        work()
    rounds = [{name: seconds(work) for name, work in contenders.items()} for _ in range(n_rounds)]
    return {name: float(np.median([each[name] for each in rounds])) for name in contenders}
