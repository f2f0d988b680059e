"""The errors of an estimator over those of the limit."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from core.experiments.estimators import EXACT
from core.experiments.records import Key, Measurement, find

METRICS_OVER_LIMIT = ("rmse", "median_ape")
COVERAGE_OF_90 = (0.88, 0.92)  # target of the share of truths in 90 % regions
N_RESAMPLES = 1000
RESAMPLING_SEED = 8080

Array = NDArray[np.float64]


def over_limit(
    measurements: Sequence[Measurement],
    estimator: str,
    regimes: Iterable[str],
    limit: str = EXACT,
    limit_regime: str | None = None,
    parameters: Sequence[str] = ("mean",),
) -> list[Measurement]:
    """Return an estimator's RMSE and Median-APE over those of the limit, for each regime and parameter.

    measurements: of both.
    limit_regime: of the limit's measurements; None for that of the estimator's.
    parameters: with "mean", the mean error over the parameters is divided by that of the limit.
    """
    found = []
    for regime in regimes:
        for metric in METRICS_OVER_LIMIT:
            for parameter in parameters:
                ours = find(measurements, Key(estimator, metric, parameter, regime)).value
                least = find(measurements, Key(limit, metric, parameter, limit_regime or regime)).value
                found.append(Measurement(Key(estimator, f"{metric}_over_limit", parameter, regime), ours / least))
    return found


def ratio_and_spread(
    metric: Callable[[Array, Array], Array], truth: Array, estimate: Array, limit: Array
) -> tuple[float, float]:
    """Return a map's error over the limit's, and the standard deviation of that over resamples of the traces.

    truth, estimate, limit: (n, p). Each error is the mean over the parameters. A resample draws n traces with
    replacement, the same ones for both (a paired bootstrap, Efron 1979).
    """

    def ratio(which: NDArray[np.int64]) -> float:
        return float(np.mean(metric(truth[which], estimate[which])) / np.mean(metric(truth[which], limit[which])))

    rng, n = np.random.default_rng(RESAMPLING_SEED), len(truth)
    resampled = [ratio(rng.integers(n, size=n)) for _ in range(N_RESAMPLES)]
    return ratio(np.arange(n)), float(np.std(resampled, ddof=1))
