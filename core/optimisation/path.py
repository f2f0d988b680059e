"""The path that a method has taken: where it went, what it cost, how it ended."""

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Ending(Enum):
    """How a run ended. Each value is the sentence to show, without its full stop."""

    CONVERGED = "Converged"
    BUDGET_SPENT = "Stopped: {evaluations:,} evaluations were spent before a minimum was reached"
    NO_MINIMUM = "Stopped: it went no further, though this is no minimum"
    LOSS_INFINITE = "Stopped: the loss is infinite here, and shows no way down"


@dataclass(frozen=True, eq=False)
class OptimiserPath:
    """The recorded path of a run.

    method: one of METHODS.
    positions: (k, p), the start and the position after each step.
    losses: (k,).
    gradient_norms: (k,), in the parameters' units, NaN where the loss is infinite.
    evaluations: (k,), the number of evaluations up to each position; the last is the total. An evaluation computes the
    loss, alone or with derivatives.
    ending: how the run ended.
    on_edge: whether the end lies on an edge of the prior.
    """

    method: str
    positions: Array
    losses: Array
    gradient_norms: Array
    evaluations: NDArray[np.int64]
    ending: Ending
    on_edge: bool

    @property
    def sentence(self) -> str:
        """Say how the run ended."""
        said = self.ending.value.format(evaluations=int(self.evaluations[-1]))
        return f"{said}, on the edge of the prior." if self.on_edge else f"{said}."
