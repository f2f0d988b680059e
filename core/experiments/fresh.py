"""The best map on traces that no choice has looked at: beside the limit, its regions, and clean traces."""

from typing import Any

import numpy as np

from core.estimate import Estimate
from core.experiments.context import Context, records
from core.experiments.estimators import BEST, EXACT
from core.experiments.limit import MASSES
from core.experiments.limit_fresh import estimates
from core.experiments.limit_traces import fresh_set, fresh_traces
from core.experiments.limits import accuracy
from core.experiments.over_limit import N_RESAMPLES, RESAMPLING_SEED, ratio_and_spread
from core.experiments.records import Key, Measurement, Result, Target
from core.experiments.shipped_maps import shipped
from core.maps.card import freedom
from core.maps.inverse_map import load_inverse_map
from core.metrics import METRICS, r_squared

CHUNK = 100  # traces
N_QUICK = 100  # traces with regions
REGIME, CLEAN = "fresh", "fresh-clean"
MOST_OVER_LIMIT = {"rmse": 1.03, "median_ape": 1.05}
COVERAGE = {0.5: (0.48, 0.52), 0.9: (0.89, 0.91)}
LEAST_CLEAN_R2 = 0.9995


def _chunk(first: int) -> dict[str, Any]:
    """Return the best map's answers to some of the noisy and clean traces, as it gives them to its users."""
    best, data = load_inverse_map(BEST), fresh_set()
    part = slice(first, first + CHUNK)
    noisy = best.predict(data.noisy[part])
    assert noisy.covariance is not None
    return {
        "mean": noisy.mean.tolist(),
        "covariance": noisy.covariance.tolist(),
        "clean": best.predict(data.clean[part]).mean.tolist(),
    }


def run(context: Context) -> Result:
    """Compute missing answers and limits, and compare them."""
    best, traces, limit = shipped(BEST), fresh_traces(), estimates(context)
    n, n_covered = len(limit.mean), N_QUICK if context.quick else len(fresh_set().theta)
    version = best.fingerprint
    keys = {f"{version}-{first}": (first,) for first in range(0, n_covered, CHUNK)}
    found = records(_chunk, keys, context, "fresh")
    mean, covariance, clean = (
        np.concatenate([found[key][part] for key in keys]) for part in ("mean", "covariance", "clean")
    )
    truth, theta = traces.truth[:n], fresh_set().theta[:n_covered]
    inside = Estimate(mean, covariance, traces.names, freedom=freedom(best.card)).credibilities(theta)
    measurements = accuracy(BEST, REGIME, traces.names, truth, mean[:n])
    measurements += accuracy(EXACT, REGIME, traces.names, truth, limit.mean)
    for code in MOST_OVER_LIMIT:
        ratio, spread = ratio_and_spread(METRICS[code], truth, mean[:n], limit.mean)
        measurements.append(Measurement(Key(BEST, f"{code}_over_limit", "mean", REGIME), ratio, spread))
    for name, values in ((BEST, inside), (EXACT, limit.figures["credibility"])):
        measurements += [
            Measurement(Key(name, "coverage", "", REGIME, at=mass), float(np.mean(values < mass))) for mass in MASSES
        ]
    for name, value in zip(traces.names, r_squared(theta, clean), strict=True):
        measurements.append(Measurement(Key(BEST, "r2", name, CLEAN), float(value)))
    return Result(
        f"The best map on {n:,} noisy traces of the published prior and noise that no choice has looked at, against "
        f"the exact posterior mean with the noise integrated out; its regions on {n_covered:,}; and its estimates of "
        "as many clean traces. ± is the sd of a paired bootstrap over the traces.",
        {"map": version, "n_traces": n, "n_covered": n_covered, "resamples": N_RESAMPLES, "seed": RESAMPLING_SEED},
        tuple(measurements),
        () if context.quick else tuple(_targets(traces.names)),
    )


def _targets(names: tuple[str, ...]) -> list[Target]:
    targets = [
        Target(Key(BEST, f"{code}_over_limit", "mean", REGIME), at_most=most) for code, most in MOST_OVER_LIMIT.items()
    ]
    targets += [Target(Key(BEST, "coverage", "", REGIME, at=mass), *bounds) for mass, bounds in COVERAGE.items()]
    return targets + [Target(Key(BEST, "r2", name, CLEAN), at_least=LEAST_CLEAN_R2) for name in names]
