"""Joint estimates of θ₀, θ₁, σ and ρ from the time series, its Fourier spectrum or both, beside the paper's table."""

from collections.abc import Sequence
from itertools import permutations, product

import numpy as np

from core.experiments.compared_maps import seeds, trained
from core.experiments.context import Context
from core.experiments.estimators import CNN, JOINT_MAP, OURS, SPECTRUM, TIME_AND_SPECTRUM, TIME_SERIES
from core.experiments.limit_joint import limit_measured
from core.experiments.published_figures import JOINT_PARAMETERS, JOINT_SIZES, PAPER, PUBLISHED
from core.experiments.records import Key, Measurement, Result, Target, find
from core.experiments.shipped_maps import not_shipped, shipped_or_none
from core.learning.training_settings import Inputs, Spectrum, TimeSeries, TimeSeriesAndSpectrum
from core.maps.inverse_map import InverseMap
from core.maps.recipes import joint_task, our_joint_recipe, published_joint_recipe
from core.maps.test_sets import N_TEST, published_test_set
from core.metrics import METRICS

INPUTS: dict[str, Inputs] = {
    TIME_SERIES: TimeSeries(),
    SPECTRUM: Spectrum(),
    TIME_AND_SPECTRUM: TimeSeriesAndSpectrum(),
}
QUICK_SIZES = (1000,)
GAIN = "r2_above_"  # metrics of gains in R²: then comes the input that is left behind
CLEAR_DIFFERENCE = 0.03  # of published R²: beyond it, the order of two inputs is to be the published one
# Smallest R² of the parameters: of our network with the largest N, and of the shipped map.
LEAST_OURS, LEAST_JOINT_MAP = (0.988, 0.985, 0.82, 0.82), (0.992, 0.992, 0.87, 0.88)


def run(context: Context) -> Result:
    """Train missing maps, and test them beside the shipped map and the exact posterior mean."""
    sizes = QUICK_SIZES if context.quick else JOINT_SIZES
    measurements: list[Measurement] = []
    for (estimator, inputs, n), maps in _trained(sizes, context).items():
        measurements += measured(estimator, inputs, n, maps)
    measurements += gains(measurements, sizes)
    shipped = shipped_or_none(JOINT_MAP)
    if shipped is None:
        context.report(f"{not_shipped(JOINT_MAP)} Its figures are left out.")
    else:
        measurements += measured(JOINT_MAP, TIME_AND_SPECTRUM, None, [shipped])
    # The mean over the parameters would add errors of different units.
    measurements += [each for each in limit_measured(context) if each.key.parameter in JOINT_PARAMETERS]
    return Result(
        "Joint estimates of θ₀, θ₁, σ and ρ on noisy test traces: the published CNN from the time series, from its "
        "Fourier spectrum and from both, our network and the shipped map from both, and the exact posterior mean. "
        "The spectrum is the logarithm of the power at 501 frequencies. Figures are means over the seeds.",
        {
            "seeds": list(seeds(context)),
            "n_test": N_TEST,
            "sizes": list(sizes),
            "map": None if shipped is None else shipped.fingerprint,
        },
        tuple(measurements),
        () if context.quick else tuple(_targets(measurements)),
    )


def _trained(sizes: Sequence[int], context: Context) -> dict[tuple[str, str, int], list[InverseMap]]:
    """Return the maps of all seeds by estimator, inputs and N: published CNNs, and our network with the largest N."""
    recipes = {
        (CNN, name, n): [published_joint_recipe(inputs, n, seed) for seed in seeds(context)]
        for n in sizes
        for name, inputs in INPUTS.items()
    }
    recipes[OURS, TIME_AND_SPECTRUM, sizes[-1]] = [our_joint_recipe(sizes[-1], seed) for seed in seeds(context)]
    wanted = {f"{key} {seed}": recipe for key, several in recipes.items() for seed, recipe in enumerate(several)}
    found = trained(wanted, context)
    return {key: [found[f"{key} {seed}"] for seed in range(len(several))] for key, several in recipes.items()}


def measured(estimator: str, inputs: str, n: int | None, maps: Sequence[InverseMap]) -> list[Measurement]:
    """Return the scores of maps of several seeds for each parameter: the mean over the seeds and its spread."""
    data = published_test_set()
    truth = data.truth(joint_task())
    estimates = [each.predict(data.noisy).mean for each in maps]
    found = []
    for code, metric in METRICS.items():
        values = np.array([metric(truth, estimate) for estimate in estimates])
        for parameter, of_seeds in zip(JOINT_PARAMETERS, values.T, strict=True):
            spread = float(of_seeds.std(ddof=1)) if len(of_seeds) > 1 else None
            found.append(Measurement(Key(estimator, code, parameter, inputs, n), float(of_seeds.mean()), spread))
    return found


def gains(measurements: Sequence[Measurement], sizes: Sequence[int]) -> list[Measurement]:
    """Return by how much the CNN's R² from one input is above that from another, where the paper's clearly is.

    measurements: of the CNN, with all inputs and parameters for each N in sizes. A gain is negative where the order of
    the two inputs is not the published one.
    """
    found = []
    for n, parameter, (better, worse) in product(sizes, JOINT_PARAMETERS, permutations(INPUTS, 2)):
        if _gain(PUBLISHED, PAPER, parameter, better, worse, n) > CLEAR_DIFFERENCE:
            gain = _gain(measurements, CNN, parameter, better, worse, n)
            found.append(Measurement(Key(CNN, f"{GAIN}{worse}", parameter, better, n), gain))
    return found


def _gain(
    measurements: Sequence[Measurement], estimator: str, parameter: str, better: str, worse: str, n: int
) -> float:
    first, second = (find(measurements, Key(estimator, "r2", parameter, inputs, n)).value for inputs in (better, worse))
    return first - second


def _targets(measurements: Sequence[Measurement]) -> list[Target]:
    targets = [Target(each.key, at_least=0.0) for each in measurements if each.key.metric.startswith(GAIN)]
    for estimator, n, least in ((OURS, JOINT_SIZES[-1], LEAST_OURS), (JOINT_MAP, None, LEAST_JOINT_MAP)):
        for parameter, bound in zip(JOINT_PARAMETERS, least, strict=True):
            targets.append(Target(Key(estimator, "r2", parameter, TIME_AND_SPECTRUM, n), at_least=bound))
    found = {each.key for each in measurements}
    return [target for target in targets if target.key in found]
