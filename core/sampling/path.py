"""The path that a sampler has taken: where its particles were, and what it cost."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.optimisation.objective_protocol import Array


@dataclass(frozen=True, eq=False)
class SamplerPath:
    """The recorded path of a run.

    method: one of SAMPLERS.
    temperature: at which it draws from exp(−loss / temperature).
    start: (p,), around which the particles began.
    positions: (k, n, p), of the n particles at k times.
    losses: (k, n).
    evaluations: (k,), the number of evaluations up to each time, as in the path of an optimiser.
    acceptance: the share of the proposals that were accepted; NaN for a sampler that accepts everything.
    """

    method: str
    temperature: float
    start: Array
    positions: Array
    losses: Array
    evaluations: NDArray[np.int64]
    acceptance: float
