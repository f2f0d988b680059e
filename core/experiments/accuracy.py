"""Accuracy of the published dense network and CNN, of our network and of the best map, on noisy traces."""

from core.experiments.compared_maps import best, kinds, measured, scores, seeds, sizes, trained
from core.experiments.context import Context
from core.experiments.estimators import CNN, NOISY_REGIME
from core.experiments.records import Result
from core.learning.training_settings import Cnn
from core.maps.recipes import REFERENCE_SIZE, published_recipe
from core.maps.test_sets import N_TEST

FIGURES = (
    ("r2", "theta0"), ("r2", "theta1"), ("r2", "mean"), ("median_ape", "mean"), ("rmse", "theta0"), ("rmse", "theta1"),
)  # fmt: skip


def run(context: Context) -> Result:
    """Train missing maps, and compare all maps on the noisy test traces."""
    largest = sizes(context)[-1]
    reference = {
        f"{CNN} {seed}": published_recipe(Cnn(), REFERENCE_SIZE, noisy=True, seed=seed) for seed in seeds(context)
    }
    compared = [(CNN, REFERENCE_SIZE, list(trained(reference, context).values()))]
    compared += [(kind, largest, maps) for kind, maps in kinds(context, largest, noisy=True).items()]
    measurements = []
    for kind, n, maps in compared:
        measurements += measured(kind, NOISY_REGIME, n, scores(maps, noisy=True), FIGURES)
    for name, maps in best().items():
        measurements += measured(name, NOISY_REGIME, None, scores(maps, noisy=True), FIGURES)
    return Result(
        "Accuracy on noisy test traces, trained on noisy ones; the mean over the seeds.",
        {"seeds": list(seeds(context)), "n_test": N_TEST, "n_samples": largest},
        tuple(measurements),
    )
