"""The loss at fixed points of a prior's box, from trajectories that are kept for other data and other noise."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.problem.landscape import misfit, store_key
from core.problem.problem import Problem

MOST_KEPT = 4  # sets of points; those asked for last are kept
MOST_SAMPLES = 5_000_000  # of a set that is kept: 20 MB


@dataclass(frozen=True)
class _Wanted:
    """Which trajectories are wanted; the rest of the problem does not matter."""

    key: Hashable
    positions: bytes
    problem: Problem = field(compare=False)


def loss_from_kept(problem: Problem, positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the loss, (n,), at positions (n, p); the potentials, in single precision, err by less than 1e-6.

    Only a model's own functions are fast enough for this to help; without them, or for long traces, nothing is kept.
    """
    if not problem.fused or len(positions) * problem.times.size > MOST_SAMPLES:
        return problem.loss(positions)
    potentials = _potentials(_Wanted(store_key(problem), positions.tobytes(), problem))
    return misfit(problem.data, potentials, problem.noise[0]) + problem.prior.regularisation(positions)


@lru_cache(maxsize=MOST_KEPT)
def _potentials(wanted: _Wanted) -> NDArray[np.float32]:
    problem = wanted.problem
    assert problem.fused is not None
    positions = np.frombuffer(wanted.positions).reshape(-1, len(problem.unknown))
    return problem.fused.observed(problem.parameters(positions), problem.times)
