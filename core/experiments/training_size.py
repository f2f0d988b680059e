"""Accuracy against the size N of the training set, in the three regimes of noise, as in the paper's table."""

from core.experiments.compared_maps import REGIMES, SIZES, kinds, measured, scores, seeds, sizes
from core.experiments.context import Context
from core.experiments.estimators import CNN, OURS
from core.experiments.published_figures import PAPER, PUBLISHED
from core.experiments.records import Key, Measurement, Result, Target, find
from core.maps.test_sets import N_TEST

FIGURES = (("median_ape", "mean"), ("r2", "mean"))
R2_TOLERANCE = 0.012  # largest difference from the published R²
MOST_APE, LEAST_R2 = 0.020, 0.994  # targets at N = 8,000 with noise
_FALL = Key(CNN, "fall_of_r2", "mean", "clean-noisy")  # from the smallest N to the largest


def _published(metric: str, regime: str, n: int) -> float:
    return find(PUBLISHED, Key(PAPER, metric, "mean", regime, n)).value


def _fall(measurements: list[Measurement]) -> Measurement:
    """Return the decrease of the CNN's R² from the smallest N to the largest."""
    first, last = (find(measurements, Key(CNN, "r2", "mean", "clean-noisy", n)).value for n in (SIZES[0], SIZES[-1]))
    return Measurement(_FALL, first - last)


def _targets() -> list[Target]:
    targets = []
    for n in (1000, SIZES[-1]):
        r2 = _published("r2", "noisy-noisy", n)
        targets.append(Target(Key(CNN, "r2", "mean", "noisy-noisy", n), r2 - R2_TOLERANCE, r2 + R2_TOLERANCE))
    targets.append(Target(_FALL, at_least=0.0))
    for n in SIZES:
        most = MOST_APE if n == SIZES[-1] else _published("median_ape", "noisy-noisy", n) / 2
        targets.append(Target(Key(OURS, "median_ape", "mean", "noisy-noisy", n), at_most=most))
    targets.append(Target(Key(OURS, "r2", "mean", "noisy-noisy", SIZES[-1]), at_least=LEAST_R2))
    for n in SIZES:
        most = _published("median_ape", "clean-clean", n) / 2
        targets.append(Target(Key(OURS, "median_ape", "mean", "clean-clean", n), at_most=most))
    return targets


def run(context: Context) -> Result:
    """Train missing maps, and test every kind of map at every N in every regime."""
    measurements: list[Measurement] = []
    for n in sizes(context):
        for trained_noisy in (False, True):
            maps = kinds(context, n, trained_noisy)
            for regime, (noisy, tested_noisy) in REGIMES.items():
                for kind, of_kind in maps.items() if noisy == trained_noisy else ():
                    measurements += measured(kind, regime, n, scores(of_kind, tested_noisy), FIGURES)
    if not context.quick:
        measurements.append(_fall(measurements))
    return Result(
        "Accuracy against the number N of simulations in the training set; the mean of both parameters and all seeds.",
        {"seeds": list(seeds(context)), "n_test": N_TEST, "sizes": list(sizes(context))},
        tuple(measurements),
        () if context.quick else tuple(_targets()),
    )
