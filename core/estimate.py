"""What every estimator returns, so that a view, a table or a test can put estimators side by side."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

LARGEST_CHANCE = 1e-9  # probability of so large residuals from which on they may be noise
LARGEST_RATIO = 1.25  # of residuals to noise up to which standard deviations are at most a quarter too small


class Outcome(IntEnum):
    """Whether the noise explains what the best fit leaves of the data."""

    EXPLAINED = 0
    UNEXPLAINED = 1


@dataclass(frozen=True)
class GoodnessOfFit:
    """What the best fit leaves of the data, beside the noise.

    residual_ratio: root mean square of the residuals over the noise's standard deviation, as they are or whitened,
    whichever is larger: about 1 where they are noise alone, NaN where there are not more samples than unknowns.
    """

    residual_ratio: float
    outcome: Outcome

    @property
    def sentence(self) -> str:
        """Say that the fit does not explain the data, or nothing where it does."""
        if self.outcome == Outcome.EXPLAINED:
            return ""
        return (
            f"The residuals are {self.residual_ratio:,.1f} times as large as the noise explains, so that no ± "
            "of this fit holds: the unit of u or of the time, a known parameter, the model or the noise may "
            "be wrong, or the minimum a local one."
        )


def goodness_of_fit(whitened: float, plain: float, n_samples: int, n_unknown: int) -> GoodnessOfFit:
    """Judge a fit of n_unknown parameters to n_samples by the sums of squares of its residuals over the noise's sd.

    whitened, plain: of the residuals freed of the noise's correlation, and as they are. Where the noise is all that is
    left, the first follows a chi-squared law of n_samples − n_unknown degrees of freedom.
    """
    freedom = n_samples - n_unknown
    if freedom < 1:
        return GoodnessOfFit(float("nan"), Outcome.EXPLAINED)
    too_large = whitened > LARGEST_RATIO**2 * freedom
    unexplained = too_large and chi2.sf(whitened, freedom) < LARGEST_CHANCE
    ratio = float(np.sqrt(max(whitened, plain) / freedom))
    return GoodnessOfFit(ratio, Outcome.UNEXPLAINED if unexplained else Outcome.EXPLAINED)


@dataclass(frozen=True, eq=False)
class Estimate:
    """Estimates for n traces.

    mean: (n, p); covariance: (n, p, p) or None where the estimator gives none; names: the p parameters; status: how far
    the estimates can be trusted, in sentences, empty where there is nothing to say; novelty: (n,), how unlike the
    traces are to all that the estimator was made for, beyond its threshold above 1, or None where nothing tells; fit:
    whether the noise explains the residuals of one trace's best fit, None where the estimator fits none.
    """

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64] | None
    names: tuple[str, ...]
    status: str = ""
    novelty: NDArray[np.float64] | None = None
    fit: GoodnessOfFit | None = None

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
