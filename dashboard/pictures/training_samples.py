"""Where the training samples and the test samples lie over the plane of θ, for each size of the training set."""

from functools import lru_cache

import numpy as np

from core.experiments.compared_maps import SIZES
from core.maps.dataset import TRAINING_STREAM, dataset
from core.maps.recipes import published_task
from core.maps.test_sets import N_TEST, published_test_set
from core.published import published_prior
from dashboard.figures.test_samples import training_plane
from dashboard.pictures.shown import Plot, Shown
from dashboard.wording.numbers import compact, count


def training_parameters(n: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return θ, (n, 2), of the n training samples of the published set-up, as a training of the first seed draws them.

    Noise is drawn after θ, which it does not change.
    """
    return dataset(published_task(noisy=False), n, TRAINING_STREAM).theta


@lru_cache(maxsize=1)
def picture() -> Shown:
    """Return a plane for each size of the training set."""
    prior, test = published_prior(), published_test_set().theta
    names = (prior.names[0], prior.names[1])
    plots = [
        Plot(f"training-{number}", training_plane(names, training_parameters(n), test, prior.bounds))
        for number, n in enumerate(SIZES, 1)
    ]
    widths = prior.sd
    said = [
        "A map learns from N pairs (θ, d), the black dots (white on a dark page), and is tested on "
        f"{count(N_TEST)} others, the blue dots.",
        f"Both are drawn from the prior: θ₀ from N({compact(prior.mean[0])}, {compact(widths[0])}²) and θ₁ from "
        f"N({compact(prior.mean[1])}, {compact(widths[1])}²), each cut off at 2 sd (dashed box). Between its "
        "training samples the network must interpolate; outside the box it has seen nothing.",
    ]
    return Shown("accuracy-training", plots, said=said)
