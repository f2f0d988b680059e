"""The best map against the limit: accuracy, coverage of its regions, and detection of out-of-distribution traces."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.estimate import Estimate
from core.experiments.context import Context, records
from core.experiments.estimators import BEST, NOISY_REGIME, NOISY_TRACES, POLISHED, REWEIGHTED
from core.experiments.limit import CURVE, PARAMETERS
from core.experiments.over_limit import over_limit
from core.experiments.records import Key, Measurement, Result, Target, stored
from core.experiments.shipped_maps import shipped
from core.maps.card import freedom
from core.maps.inverse_map import load_inverse_map
from core.maps.out_of_distribution import FALSE_ALARM_RATE, N_REFERENCE, with_novelty
from core.maps.polish import polish
from core.maps.problem_of_task import problem_of
from core.maps.test_sets import N_TEST, published_test_set
from core.metrics import median_ape, r_squared, rmse
from core.models.fitzhugh_nagumo.simulate import simulate_potential
from core.noise import sample_ar1
from core.posterior.importance import reweight
from core.published import (
    GAMMA,
    RHO,
    SAMPLING_INTERVAL,
    SIGMA,
    ZETA,
    published_noise_prior,
    time_grid,
    with_constants,
)  # fmt: skip

CHUNK, N_QUICK = 100, 100  # traces
N_OUT_OF_DISTRIBUTION = 200  # traces of each kind
SEED = 6060
# For each set of traces, the parameters that differ from the training: σ in ms, ρ, ζ or γ.
OUT_OF_DISTRIBUTION = {
    "large-sigma": {"sigma": 0.14},
    "small-sigma": {"sigma": 0.03},
    "small-rho": {"rho": 0.5},
    "white": {"rho": 0.0},
    "other-gamma": {"gamma": 3.3},
    "far-gamma": {"gamma": 4.0},
    "other-zeta": {"zeta": -0.2},
}

Array = NDArray[np.float64]


def _chunk(first: int) -> dict[str, Any]:
    """Return the best map's estimates for some of the test traces, plain and refined in two ways."""
    best = load_inverse_map(BEST)
    traces = published_test_set().noisy[first : first + CHUNK]
    estimate = best.predict(traces)
    prior, problem = published_noise_prior(), problem_of(best.recipe.task)
    found = {
        BEST: estimate,
        POLISHED: polish(problem, traces, estimate.mean, prior),
        REWEIGHTED: reweight(problem, traces, estimate, prior, np.random.default_rng([SEED, first])),
    }
    return {
        **{name: {"mean": each.mean.tolist(), "covariance": _listed(each)} for name, each in found.items()},
        "novelty": _scores(with_novelty(best, traces, estimate)),
    }


def _listed(estimate: Estimate) -> list[Any]:
    assert estimate.covariance is not None
    return estimate.covariance.tolist()


def _scores(estimate: Estimate) -> list[float]:
    assert estimate.novelty is not None
    return estimate.novelty.tolist()


def out_of_distribution(sigma: float = SIGMA, rho: float = RHO, zeta: float = ZETA, gamma: float = GAMMA) -> Array:
    """Return finite traces, (n, n_times), with the test set's θ but another noise, ζ or γ."""
    rng = np.random.default_rng(SEED)
    theta = published_test_set().theta[:N_OUT_OF_DISTRIBUTION]
    potentials = simulate_potential(with_constants(theta, zeta, gamma), time_grid())
    potentials = potentials[np.isfinite(potentials[:, -1])]
    n, n_times = potentials.shape
    return potentials + sample_ar1(np.full(n, rho), np.full(n, sigma / SAMPLING_INTERVAL), n_times, rng)


def _out_of_distribution_scores(name: str) -> dict[str, Any]:
    best, traces = load_inverse_map(BEST), out_of_distribution(**OUT_OF_DISTRIBUTION[name])
    return {"novelty": _scores(with_novelty(best, traces, best.predict(traces)))}


def _measured(name: str, truth: Array, estimate: Estimate, limit: Result | None) -> list[Measurement]:
    """Return an estimator's accuracy, coverage, and errors over the limit; truth: (n, 2)."""
    mean = estimate.mean

    def of(metric: str, value: float, parameter: str = "", at: float | None = None) -> Measurement:
        return Measurement(Key(name, metric, parameter, NOISY_REGIME, at=at), float(value))

    found = [of("r2", value, each) for each, value in zip(PARAMETERS, r_squared(truth, mean), strict=True)]
    for metric, values in (("rmse", rmse(truth, mean)), ("median_ape", median_ape(truth, mean))):
        found.append(of(metric, values.mean(), "mean"))
    if limit is not None:
        found += over_limit([*found, *limit.measurements], name, [NOISY_REGIME], limit_regime=NOISY_TRACES)
    inside = estimate.credibilities(truth)
    return [*found, *(of("coverage", float(np.mean(inside < mass)), at=mass) for mass in CURVE)]


def run(context: Context) -> Result:
    """Compute missing estimates and scores, and compare them with the stored limit."""
    best = shipped(BEST)
    n = N_QUICK if context.quick else N_TEST
    version = best.fingerprint
    found = records(_chunk, {f"{version}-{i}": (i,) for i in range(0, n, CHUNK)}, context, "calibration")
    chunks = [found[f"{version}-{i}"] for i in range(0, n, CHUNK)]
    tasks = {f"{version}-{name}": (name,) for name in OUT_OF_DISTRIBUTION}
    scored = records(_out_of_distribution_scores, tasks, context, "novelty")
    truth = published_test_set().theta[:n]
    limit = None if context.quick else stored("limit")
    measurements: list[Measurement] = []
    for name in (BEST, POLISHED, REWEIGHTED):
        mean, covariance = (np.concatenate([chunk[name][part] for chunk in chunks]) for part in ("mean", "covariance"))
        tails = freedom(best.card) if name == BEST else math.inf
        measurements += _measured(name, truth, Estimate(mean, covariance, PARAMETERS, freedom=tails), limit)
    novelty = np.concatenate([chunk["novelty"] for chunk in chunks])
    measurements.append(Measurement(_flagged(NOISY_REGIME), float(np.mean(novelty > 1))))
    for name in OUT_OF_DISTRIBUTION:
        scores = np.array(scored[f"{version}-{name}"]["novelty"])
        measurements.append(Measurement(_flagged(name), float(np.mean(scores > 1))))
    return Result(
        f"The best map on {n:,} noisy test traces, alone, polished by Gauss–Newton, and by weighted draws, against the "
        "exact posterior mean with the noise integrated out.",
        {
            "map": version,
            "n_test": n,
            "masses": list(CURVE),
            "n_strange": N_OUT_OF_DISTRIBUTION,
            "strange": OUT_OF_DISTRIBUTION,
            "seed": SEED,
            "false_alarm_rate": FALSE_ALARM_RATE,
        },
        tuple(measurements),
        tuple(_targets(n, limited=limit is not None)),
    )


def _flagged(traces: str) -> Key:
    """Return the key of the share of a set of traces with an out-of-distribution score above 1."""
    return Key(BEST, "flagged", "", traces)


def _targets(n: int, limited: bool) -> list[Target]:
    targets = []
    for name, most in ((BEST, 1.10), (POLISHED, 1.06), (REWEIGHTED, 1.06)) if limited else ():
        for metric in ("rmse_over_limit", "median_ape_over_limit"):
            targets.append(Target(Key(name, metric, "mean", NOISY_REGIME), at_most=most))
    targets.append(Target(Key(BEST, "coverage", "", NOISY_REGIME, at=0.9), 0.88, 0.92))
    # Four standard errors of a share of n traces, for a threshold that N_REFERENCE traces determine.
    width = 4 * float(np.sqrt(FALSE_ALARM_RATE * (1 - FALSE_ALARM_RATE) * (1 / n + 1 / N_REFERENCE)))
    return [*targets, Target(_flagged(NOISY_REGIME), at_most=FALSE_ALARM_RATE + width)]
