"""The accuracy of shipped maps on the traces of a limit, and over that limit."""

from collections.abc import Iterable, Sequence

from core.experiments.estimators import EXACT
from core.experiments.records import Key, Measurement, find

METRICS_OVER_LIMIT = ("rmse", "median_ape")
COVERAGE_OF_90 = (0.88, 0.92)  # target of the share of truths in 90 % regions


def over_limit(
    measurements: Sequence[Measurement], estimator: str, regimes: Iterable[str], limit: str = EXACT
) -> list[Measurement]:
    """Return an estimator's mean RMSE and Median-APE over those of the limit, for each regime.

    measurements: of both, with the mean over the parameters.
    """
    found = []
    for regime in regimes:
        for metric in METRICS_OVER_LIMIT:
            ours, least = (find(measurements, Key(each, metric, "mean", regime)).value for each in (estimator, limit))
            found.append(Measurement(Key(estimator, f"{metric}_over_limit", "mean", regime), ours / least))
    return found
