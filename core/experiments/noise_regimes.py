"""The three regimes of noise: maps trained and tested on clean or noisy traces."""

from core.experiments.compared_maps import REGIMES, best, kinds, measured, scores, seeds, sizes
from core.experiments.context import Context
from core.experiments.records import Result
from core.maps.test_sets import N_TEST

FIGURES = tuple((metric, parameter) for metric in ("r2", "median_ape") for parameter in ("theta0", "theta1", "mean"))


def run(context: Context) -> Result:
    """Compare all kinds of maps at the largest N in each regime."""
    n = sizes(context)[-1]
    maps = {noisy: kinds(context, n, noisy) for noisy in (False, True)}
    measurements = []
    for regime, (trained_noisy, tested_noisy) in REGIMES.items():
        for kind, of_kind in maps[trained_noisy].items():
            measurements += measured(kind, regime, n, scores(of_kind, tested_noisy), FIGURES)
        for kind, of_kind in best().items() if trained_noisy else ():
            measurements += measured(kind, regime, None, scores(of_kind, tested_noisy), FIGURES)
    return Result(
        f"Three regimes of noise at N = {n:,}, and the best map. A map trained without noise takes every wiggle of the "
        "noise for the neuron's; the cure is to train on noisy traces, and to draw the noise anew in each epoch.",
        {"seeds": list(seeds(context)), "n_test": N_TEST, "n_samples": n},
        tuple(measurements),
    )
