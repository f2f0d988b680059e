"""What every estimator returns, so that a view, a table or a test can put estimators side by side."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Estimate:
    """Estimates for n traces.

    mean: (n, p); covariance: (n, p, p) or None where the estimator gives none; names: the p parameters; status: one
    sentence on how far the estimates can be trusted, empty where there is nothing to say; novelty: (n,), how unlike the
    traces are to all that the estimator was made for, beyond its threshold above 1, or None where nothing tells.
    """

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64] | None
    names: tuple[str, ...]
    status: str = ""
    novelty: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        if self.mean.ndim != 2 or self.mean.shape[1] != len(self.names):
            raise ValueError(f"The mean needs the shape (n, {len(self.names)}); it is {self.mean.shape}.")
        self.mean.setflags(write=False)
        if self.covariance is not None:
            if self.covariance.shape != (*self.mean.shape, len(self.names)):
                raise ValueError(f"A covariance of shape {self.covariance.shape} does not fit the mean.")
            self.covariance.setflags(write=False)
        if self.novelty is not None and self.novelty.shape != self.mean.shape[:1]:
            raise ValueError(f"Novelty of shape {self.novelty.shape} does not fit the mean.")
