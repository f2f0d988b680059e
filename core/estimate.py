"""The result of every estimator, in one form, so that pages, tables and tests can compare estimators."""

import math
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

from core.checks import as_names
from core.metrics import squared_distances
from core.regions import credibilities

FALSE_ALARM_PROBABILITY = 1e-9  # how often pure noise may be judged unexplained
LARGEST_RATIO = 1.25  # residuals up to this many times the noise make the reported sds at most a quarter too small


class Outcome(IntEnum):
    """Whether the noise explains the residuals of the best fit."""

    EXPLAINED = 0
    UNEXPLAINED = 1


@dataclass(frozen=True)
class GoodnessOfFit:
    """The residuals of the best fit, compared with the noise.

    residual_ratio: root mean square of the residuals over the noise's standard deviation. It is computed for plain and
    for whitened residuals, and the larger one counts. About 1 for pure noise; NaN without more samples than unknowns.
    outcome: whether the noise explains the residuals.
    """

    residual_ratio: float
    outcome: Outcome

    @property
    def sentence(self) -> str:
        """A warning where the noise does not explain the residuals, else an empty text."""
        if self.outcome == Outcome.EXPLAINED:
            return ""
        return (
            f"The residuals are {self.residual_ratio:,.1f} times as large as the noise explains, so that no ± "
            "of this fit holds: the unit of u or of the time, a known parameter, the model or the noise may "
            "be wrong, or the minimum a local one."
        )


def goodness_of_fit(whitened: float, plain: float, n_samples: int, n_unknown: int) -> GoodnessOfFit:
    """Judge a fit by the sums of squares of its residuals, in units of the noise's standard deviation.

    whitened: sum of squares of the whitened residuals. For pure noise it has a chi-squared distribution with
    n_samples − n_unknown degrees of freedom.
    plain: sum of squares of the residuals before whitening.
    n_unknown: the number of fitted parameters.
    Raises ValueError for sums that are not finite, as those of a trajectory that diverges.
    """
    if not np.isfinite(whitened + plain):
        raise ValueError("The trajectory diverges here, so that no residuals can be compared: choose other values.")
    freedom = n_samples - n_unknown
    if freedom < 1:
        return GoodnessOfFit(float("nan"), Outcome.EXPLAINED)
    too_large = whitened > LARGEST_RATIO**2 * freedom
    unexplained = too_large and chi2.sf(whitened, freedom) < FALSE_ALARM_PROBABILITY
    ratio = float(np.sqrt(max(whitened, plain) / freedom))
    return GoodnessOfFit(ratio, Outcome.UNEXPLAINED if unexplained else Outcome.EXPLAINED)


class Finding(Enum):
    """What an estimator reports about its own estimate. Each value is the sentence to show."""

    LOWEST_FOUND = "The lowest minimum that was found."
    ON_EDGE_OF_PRIOR = "On the edge of the prior."
    EDGE_HAS_NO_CURVATURE = "On the edge of a prior, where the curvature gives no covariance."
    NO_CURVATURE = "The loss does not curve upwards in every direction here."
    LAPLACE_REFUSED_ON_EDGE = (
        "The Laplace approximation is refused: the lowest loss lies on the edge of the prior, where its gradient is "
        "not zero and half of the normal distribution would lie outside."
    )
    LAPLACE_REFUSED_WITHOUT_CURVATURE = (
        "The Laplace approximation is refused: the loss does not curve upwards in every direction at its lowest point."
    )
    LAPLACE_NEAR_EDGE = (
        "The Laplace approximation may be inaccurate: an edge of the prior lies {distance:.1f} standard deviations "
        "from the lowest loss, and cuts the normal distribution off."
    )
    GRID_TOO_COARSE = "The grid is too coarse for part of the posterior."
    ALL_DIVERGE = "No estimate: all {n} trajectories drawn from the box diverge; choose a narrower one."
    NOT_CONVERGED = "Not converged in {n} steps: try more draws and starts, or a narrower box."
    ON_EDGE_OF_BOX = "On the edge of the box in {symbols}: the covariance does not hold there."
    UNDETERMINED = "The data do not determine all unknowns: observe more, or fix some of them."
    FEW_DRAWS = "For {n} of {of} traces hardly any draw had weight."
    NOT_TRAINED_FOR = "{what}"


@dataclass(frozen=True)
class Remark:
    """A finding with the values of its sentence's placeholders."""

    finding: Finding
    values: tuple[tuple[str, Any], ...] = ()

    @property
    def sentence(self) -> str:
        """The finding as a sentence."""
        return self.finding.value.format(**dict(self.values))


def remark(finding: Finding, **values: Any) -> Remark:
    """Return a remark on a finding; values fill in the placeholders of its sentence."""
    return Remark(finding, tuple(values.items()))


@dataclass(frozen=True, eq=False)
class Estimate:
    """Estimates for n traces.

    mean: (n, p).
    covariance: (n, p, p), or None where the estimator gives none. Where freedom is finite, it is the matrix scaled so
    that the 90 % region of all p parameters is that of a normal distribution; a part of it is not scaled so.
    names: the p parameters.
    remarks: how far the estimates can be trusted.
    novelty: (n,) out-of-distribution scores, above 1 for traces unlike the training data; None where not computed.
    fit: whether the noise explains the residuals of one trace's best fit; None where the estimator fits none.
    freedom: degrees of freedom of its regions, as in `core.regions`; infinite for those of a normal distribution.
    Raises ValueError for shapes that do not agree, and for names that are not each given once.
    """

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64] | None
    names: tuple[str, ...]
    remarks: tuple[Remark, ...] = ()
    novelty: NDArray[np.float64] | None = None
    fit: GoodnessOfFit | None = None
    freedom: float = math.inf

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", as_names(self.names, "parameter"))
        for field in ("mean", "covariance", "novelty"):
            values = getattr(self, field)
            if values is not None:
                copy = np.array(values, dtype=float)
                copy.setflags(write=False)
                object.__setattr__(self, field, copy)
        if self.mean.ndim != 2 or self.mean.shape[1] != len(self.names):
            raise ValueError(f"The mean needs the shape (n, {len(self.names)}); it is {self.mean.shape}.")
        if self.covariance is not None and self.covariance.shape != (*self.mean.shape, len(self.names)):
            raise ValueError(f"A covariance of shape {self.covariance.shape} does not fit the mean.")
        if self.novelty is not None and self.novelty.shape != self.mean.shape[:1]:
            raise ValueError(f"Novelty of shape {self.novelty.shape} does not fit the mean.")

    def __reduce__(self) -> tuple[Any, ...]:
        """Let copies go through the constructor, which freezes their arrays."""
        return Estimate, (self.mean, self.covariance, self.names, self.remarks, self.novelty, self.fit, self.freedom)

    def check(self, names: tuple[str, ...], n: int) -> None:
        """Raise ValueError unless these are finite estimates of the named parameters, in this order, for n traces."""
        if self.names != names or len(self.mean) != n:
            raise ValueError(
                f"This needs estimates of {', '.join(names)}, in this order, for {n} traces; it was given those of "
                f"{', '.join(self.names)} for {len(self.mean)}."
            )
        if not np.all(np.isfinite(self.mean)):
            raise ValueError("The estimates must be finite numbers: leave out those that are NaN or infinite.")

    def credibilities(self, truth: ArrayLike) -> NDArray[np.float64]:
        """Return the probability, (n,), of the region around each estimate with the truth, (n, p), on its edge.

        Raises ValueError for estimates without a covariance.
        """
        if self.covariance is None:
            raise ValueError("Estimates without a covariance have no regions.")
        distances = squared_distances(np.asarray(truth, dtype=float) - self.mean, self.covariance)
        return credibilities(distances, len(self.names), self.freedom)

    @property
    def status(self) -> str:
        """How far the estimates can be trusted, in sentences; empty where there are none."""
        return " ".join(filter(None, ["" if self.fit is None else self.fit.sentence, *self.sentences]))

    @property
    def sentences(self) -> tuple[str, ...]:
        """The sentences of the remarks."""
        return tuple(each.sentence for each in self.remarks)
