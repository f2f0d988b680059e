"""The limit for θ where ζ and γ vary but are known, on the whole of their range and in each of nine regions of it."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.experiments.context import Context
from core.experiments.estimators import EXACT
from core.experiments.limit_traces import conditional_traces
from core.experiments.limits import Limit, accuracy, chunk_of, computed, theta_row
from core.experiments.records import Key, Measurement
from core.metrics import METRICS
from core.published import GAMMA_RANGE, ZETA_RANGE

NAME = "limit-conditional"  # of the folder of intermediate results
REGIME = "conditional"
PARTS = 3  # of the ranges of ζ and of γ each
REGIONS = range(PARTS**2)
ERRORS = ("median_ape", "rmse")  # codes of the metrics in each region, which holds too few traces for R²


def _chunk(first: int) -> dict[str, Any]:
    return chunk_of(theta_row, conditional_traces(), first)


def estimates(context: Context) -> Limit:
    """Return the exact posterior of θ for each of the conditional traces; compute what is not stored yet."""
    return computed(_chunk, conditional_traces(), context, NAME)


def region_of(known: ArrayLike) -> NDArray[np.int64]:
    """Return the region, (n,), of known ζ and γ, (n, 2): 3 i + j for part i of the range of ζ and part j of γ's."""
    low, high = np.transpose([ZETA_RANGE, GAMMA_RANGE])
    shares = (np.asarray(known, dtype=float) - low) / (high - low)
    parts = np.clip((PARTS * shares).astype(np.int64), 0, PARTS - 1)
    return PARTS * parts[:, 0] + parts[:, 1]


def bounds_of(region: int) -> NDArray[np.float64]:
    """Return the lower and the upper bound of ζ, and those of γ, (2, 2), in a region."""
    edges = (np.linspace(*each, PARTS + 1) for each in (ZETA_RANGE, GAMMA_RANGE))
    return np.array([each[part : part + 2] for each, part in zip(edges, divmod(region, PARTS), strict=True)])


def regime_of(region: int) -> str:
    """Return the code of a region in keys."""
    return f"{REGIME}-{region}"


def measured(estimator: str, mean: NDArray[np.float64]) -> list[Measurement]:
    """Return the accuracy of estimates, (n, 2), for the first n conditional traces, and the errors in each region."""
    traces, n = conditional_traces(), len(mean)
    truth, regions = traces.truth[:n], region_of(traces.known[:n])
    found = accuracy(estimator, REGIME, traces.names, truth, mean)
    for region in np.unique(regions):
        inside = regions == region
        for code in ERRORS:
            value = float(np.mean(METRICS[code](truth[inside], mean[inside])))
            found.append(Measurement(Key(estimator, code, "mean", regime_of(region)), value))
    return found


def limit_measured(context: Context) -> list[Measurement]:
    """Return the accuracy of the exact posterior mean: over the whole range of ζ and γ, and in each region of it."""
    return measured(EXACT, estimates(context).mean)
