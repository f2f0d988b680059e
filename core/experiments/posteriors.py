"""The learned posterior of θ beside the exact one: their divergence, regions, ranks and means."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kstest

from core.experiments.context import Context, records
from core.experiments.estimators import BEST, EXACT, FLOW, MIXTURE
from core.experiments.limit import MASSES
from core.experiments.limit_fresh import estimates
from core.experiments.limit_traces import fresh_traces
from core.experiments.limits import theta_posterior
from core.experiments.over_limit import N_RESAMPLES, RESAMPLING_SEED, ratio_and_spread
from core.experiments.records import Key, Measurement, Result, Target
from core.experiments.shipped_maps import shipped
from core.maps.examination.stated_law import StatedLaw
from core.maps.inverse_map import load_inverse_map
from core.maps.learned_posterior.law import LearnedPosterior
from core.maps.learned_posterior.posterior_map import load_posterior_map
from core.metrics import rmse
from core.posterior.divergence import divergence_and_variation

NAME = "theta"  # of the shipped posterior
REGIME = "fresh"
CHUNK, COMPARED_AT_ONCE = 500, 20  # traces
N_COMPARED, N_COVERED = 500, 2000  # traces beside their exact posteriors, and those whose regions are counted
N_QUICK = 20
COVERAGE = {0.5: (0.48, 0.52), 0.9: (0.885, 0.915)}
MOST = {"divergence_median": 0.03, "divergence_mean": 0.10, "best_classifier": 0.55}
MOST_OVER_LIMIT, LEAST_P = 1.02, 0.01

Array = NDArray[np.float64]


def _stated(first: int) -> dict[str, Any]:
    """Return what the mixture states of some traces: means, and where the truths lie."""
    learned, traces = load_posterior_map(NAME), fresh_traces()
    part = slice(first, first + CHUNK)
    return stated(learned.posteriors(traces.noisy[part]), traces.truth[part])


def stated(laws: Sequence[LearnedPosterior], truth: Array) -> dict[str, Any]:
    """Return what posteriors of n traces state, as a JSON object: means, and where the truths, (n, p), lie."""
    return {
        "mean": [law.mean.tolist() for law in laws],
        "credibility": [float(law.credibility(each)) for law, each in zip(laws, truth, strict=True)],
        "ranks": [law.distribution(each).tolist() for law, each in zip(laws, truth, strict=True)],
    }


def _compared(first: int) -> dict[str, Any]:
    """Return KL(exact ‖ learned) in nats, and the total variation, of some traces for each learned posterior."""
    learned, best, traces = load_posterior_map(NAME), load_inverse_map(BEST), fresh_traces()
    part = slice(first, first + COMPARED_AT_ONCE)
    frame, features = learned.frame_and_features(traces.noisy[part])
    laws, flows = learned.laws(frame, features), learned.transports(frame, features)
    gaussian = StatedLaw.of(best.predict(traces.noisy[part]))
    found: dict[str, list[tuple[float, float]]] = {MIXTURE: [], FLOW: [], BEST: []}
    for i in range(len(laws)):
        exact = theta_posterior(traces, first + i)
        centres = exact.cells.centres
        log_densities = {
            MIXTURE: laws[i].log_density(centres),
            FLOW: flows[i].log_density(centres),
            BEST: gaussian.log_density(i, centres),
        }
        for name, logs in log_densities.items():
            found[name].append(divergence_and_variation(exact, logs))
    return found


def of_divergences(name: str, compared: Array) -> list[Measurement]:
    """Return the figures of the divergence and the total variation of n traces, (n, 2)."""
    divergence, variation = compared.T
    figures = {
        "divergence_median": np.median(divergence),
        "divergence_mean": np.mean(divergence),
        "divergence_90": np.quantile(divergence, 0.9),
        "best_classifier": 0.5 + 0.5 * np.mean(variation),
    }
    return [Measurement(Key(name, code, "", REGIME), float(value)) for code, value in figures.items()]


def of_regions(name: str, parameters: tuple[str, ...], credibility: Array, ranks: Array) -> list[Measurement]:
    """Return the coverage of regions from the truths' credibilities, (n,), and the p of their ranks, (n, p)."""
    found = [
        Measurement(Key(name, "coverage", "", REGIME, at=mass), float(np.mean(credibility < mass))) for mass in MASSES
    ]
    for parameter, of_parameter in zip(parameters, ranks.T, strict=True):
        p = float(kstest(of_parameter, "uniform").pvalue)
        found.append(Measurement(Key(name, "rank_p", parameter, REGIME), p))
    return found


def run(context: Context) -> Result:
    """Compute what is missing, and compare."""
    traces, limit = fresh_traces(), estimates(context)
    n = len(limit.mean)
    n_compared, n_covered = (N_QUICK, n) if context.quick else (N_COMPARED, N_COVERED)
    version = load_posterior_map(NAME).fingerprint
    keys = {f"{version}-{first}": (first,) for first in range(0, n, CHUNK)}
    found = records(_stated, keys, context, "posteriors-stated")
    mean, credibility, ranks = (
        np.concatenate([found[key][part] for key in keys])[:n] for part in ("mean", "credibility", "ranks")
    )
    keys = {f"{version}-{shipped(BEST).fingerprint}-{i}": (i,) for i in range(0, n_compared, COMPARED_AT_ONCE)}
    compared = records(_compared, keys, context, "posteriors-compared")
    measurements: list[Measurement] = []
    for name in (MIXTURE, FLOW, BEST):
        measurements += of_divergences(name, np.concatenate([compared[key][name] for key in keys]))
    measurements += of_regions(MIXTURE, traces.names, credibility[:n_covered], ranks[:n_covered])
    for mass in MASSES:
        share = float(np.mean(credibility < mass))
        measurements.append(Measurement(Key(MIXTURE, "coverage_of_all", "", REGIME, at=mass), share))
    ratio, spread = ratio_and_spread(rmse, traces.truth[:n], mean, limit.mean)
    measurements.append(Measurement(Key(MIXTURE, "rmse_over_limit", "mean", REGIME), ratio, spread))
    return Result(
        "The learned posterior of θ, a mixture, and the flow in the same frame, on fresh traces of the published "
        f"prior and noise: beside the exact posterior with the noise integrated out on {n_compared:,}, regions and "
        f"ranks on {n_covered:,}, and regions again and the mean against the exact one on all {n:,}; ± is "
        "the sd of a paired bootstrap. The divergence is KL(exact ‖ learned) in nats. No classifier of single draws "
        "can be right more often than the best one, which knows both densities: ½ + ½ total variation.",
        {
            "posterior": version,
            "n_compared": n_compared,
            "n_covered": n_covered,
            "n_traces": n,
            "resamples": N_RESAMPLES,
            "seed": RESAMPLING_SEED,
            "limit": EXACT,
        },
        tuple(measurements),
        () if context.quick else tuple(_targets(traces.names)),
    )


def _targets(names: tuple[str, ...]) -> list[Target]:
    targets = [Target(Key(MIXTURE, code, "", REGIME), at_most=most) for code, most in MOST.items()]
    targets += [Target(Key(MIXTURE, "coverage", "", REGIME, at=mass), *bounds) for mass, bounds in COVERAGE.items()]
    targets += [Target(Key(MIXTURE, "rank_p", name, REGIME), at_least=LEAST_P) for name in names]
    return [*targets, Target(Key(MIXTURE, "rmse_over_limit", "mean", REGIME), at_most=MOST_OVER_LIMIT)]
