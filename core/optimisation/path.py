"""The path that a method has taken: where it went, what it cost, how it ended."""

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Ending(Enum):
    """How a run ended; the value is the sentence that says so, without its full stop."""

    CONVERGED = "Converged"
    BUDGET_SPENT = "Stopped: {evaluations:,} evaluations were spent before a minimum was reached"
    NO_MINIMUM = "Stopped: it went no further, though this is no minimum"
    LOSS_INFINITE = "Stopped: the loss is infinite here, and shows no way down"


@dataclass(frozen=True, eq=False)
class OptimiserPath:
    """Where a method went, what it cost, how it ended.

    positions: (k, p), the start and the position after each step; losses: (k,); gradient_norms: (k,), of the loss in
    the parameters' units, NaN where the loss is infinite; evaluations: (k,), how many had been spent when that position
    was reached, the last one is the total; on_edge: whether the end lies on an edge of the prior. One evaluation is one
    of the loss, alone or with its derivatives.
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
